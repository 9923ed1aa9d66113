package arena_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/stretchr/testify/require"
)

// TestReadersDuringChanges reads values while others replace and remove them: what is
// read is always one value, whole, and never an older one than was read before.
func TestReadersDuringChanges(t *testing.T) {
	const readers, writers, keys = 3, 2, 4
	each(t, arena.Options{Recycle: 64 << 10}, func(t *testing.T, a *arena.Arena, _ arena.Options) {
		rounds := 25
		if testing.Short() {
			rounds = 8
		}
		var writing, reading sync.WaitGroup
		done := make(chan struct{})
		for w := range writers {
			writing.Go(func() {
				rng := rand.New(rand.NewPCG(1, uint64(w)))
				for i := range rounds * keys {
					key := keyName(w*keys + i%keys)
					c, err := a.Stage(t.Context(), key, strconv.Itoa(i), of(int64(i), 1+rng.IntN(60_000)))
					if err == nil {
						err = c.Commit()
					}
					if err == nil && i%5 == 4 {
						err = c.Undo()
					} else if err == nil {
						err = c.Finish()
					}
					if err == nil && i%7 == 6 {
						if c, err = a.StageRemove(key); err == nil {
							err = errors.Join(c.Commit(), c.Finish())
						} else if errors.Is(err, arena.ErrNotFound) { // it was undone
							err = nil
						}
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range readers {
			reading.Go(func() {
				into := soa.NewDict()
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
					}
					if err := readOne(t, a, keyName(i%(writers*keys)), into); err != nil && !errors.Is(err, arena.ErrNotFound) {
						t.Error(err)
						return
					}
				}
			})
		}
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := a.Verify(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
		writing.Wait()
		close(done)
		reading.Wait()
		require.NoError(t, a.Sweep())
		require.NoError(t, a.Verify(t.Context()))
		checkSpace(t, a)
	})
}

func readOne(t *testing.T, a *arena.Arena, key string, into *soa.Dict) error {
	v, err := a.Get(key)
	if err != nil {
		return err
	}
	first, err := strconv.ParseInt(v.Stamp(), 10, 64)
	if err != nil {
		return err
	}
	check := func(d *soa.Dict) error {
		s, err := soa.Column[int64](d, "x")
		for i, n := range s {
			if n != first+int64(i) {
				t.Errorf("element %d is %d in the value %d", i, n, first)
				break
			}
		}
		return err
	}
	err = v.Read(t.Context(), into, nil, arena.ReadOptions{})
	if err == nil {
		err = check(into)
	}
	if err == nil {
		err = v.View(t.Context(), nil, arena.ReadOptions{}, check)
	}
	return errors.Join(err, v.Close())
}
