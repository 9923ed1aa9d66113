package soastore_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/internal/tier"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// stamped returns a value all of whose elements are n.
func stamped(n, rows int) *soa.Dict {
	d := soa.NewDict()
	d.Set("a", soa.Of(slices.Repeat([]int64{int64(n)}, rows)))
	d.Set("b", soa.Of(slices.Repeat([]float64{float64(n)}, rows)))
	return d
}

// checkStamped reports a value that is not whole, of fields of stamped in any order.
func checkStamped(d *soa.Dict, rows int) error {
	want := -1.0
	same := func(n float64, elements int) error {
		if want < 0 {
			want = n
		}
		if n != want || elements != rows {
			return fmt.Errorf("%v has %d rows of %v instead of %d of %v", d, elements, n, rows, want)
		}
		return nil
	}
	var failures []error
	if a, err := soa.Column[int64](d, "a"); err == nil {
		for _, n := range a {
			failures = append(failures, same(float64(n), len(a)))
		}
	}
	if b, err := soa.Column[float64](d, "b"); err == nil {
		for _, n := range b {
			failures = append(failures, same(n, len(b)))
		}
	}
	if want < 0 {
		return fmt.Errorf("%v has no elements", d)
	}
	return errors.Join(failures...)
}

// All calls at once, the collective ones of a rank in one goroutine: every read gives
// a whole value, and never an older one than was read before.
func TestTieredRace(t *testing.T) {
	for _, b := range budgets[:5] {
		t.Run(b.name, func(t *testing.T) {
			onRanks(t, 2, func(e *storetest.Env) {
				opts := b.opts
				if b.file {
					opts = inFolder(e, opts)
					opts.Async, opts.Writers = true, 2
				}
				s := openTiered(e, opts)
				const keys, size = 4, 120 // 7680 bytes in all
				for i := range keys {
					require.NoError(e, s.Set(fmt.Sprint(i), stamped(0, size)))
				}
				done := make(chan struct{})
				var readers errgroup.Group
				for reader := range 3 {
					readers.Go(func() error { return raceReads(s, reader, size, done) })
				}
				rounds := 120
				if testing.Short() {
					rounds = 40
				}
				err := raceSets(s, rounds, keys, size)
				close(done)
				require.NoError(e, errors.Join(err, readers.Wait()))
				for i := range keys {
					holds(e, s, fmt.Sprint(i), stamped(rounds/keys*keys-keys+i+1, size))
				}
				require.NoError(e, s.Close())
				require.Empty(e, e.Left())
			})
		})
	}
}

// raceSets replaces the keys in turn, and makes the other collective calls between.
func raceSets(s *soastore.Tiered, rounds, keys, size int) error {
	for i := range rounds {
		if err := s.Set(fmt.Sprint(i%keys), stamped(i+1, size)); err != nil {
			return err
		}
		if i%10 == 3 {
			if err := s.Flush(); err != nil {
				return err
			}
		}
		if i%10 == 7 { // one that comes and goes
			if err := errors.Join(s.Set("guest", stamped(i, size)), s.Remove("guest")); err != nil {
				return err
			}
		}
	}
	return nil
}

// raceReads makes random local calls until done.
func raceReads(s *soastore.Tiered, seed, size int, done chan struct{}) error {
	rng := rand.New(rand.NewPCG(uint64(seed), 8))
	latest := map[string]int64{}
	look := func(key string) func(d *soa.Dict) error {
		return func(d *soa.Dict) error {
			a, err := soa.Column[int64](d, "a")
			if err == nil && key != "guest" && a[0] < latest[key] {
				return fmt.Errorf("%q is %d after it was %d", key, a[0], latest[key])
			}
			if err == nil {
				latest[key] = a[0]
			}
			return checkStamped(d, size)
		}
	}
	for {
		select {
		case <-done:
			return nil
		default:
		}
		key := []string{"0", "1", "2", "3", "guest"}[rng.IntN(5)]
		err := raceRead(s, rng.IntN(11), key, look(key))
		switch {
		case err == nil || errors.Is(err, soastore.ErrNoSpace) || errors.Is(err, tier.ErrPinned): // of Promote, Pin and Evict
		case key == "guest" && errors.Is(err, soastore.ErrNotFound):
		default:
			return err
		}
	}
}

// raceRead makes one local call, and looks at what it gives.
func raceRead(s *soastore.Tiered, which int, key string, look func(*soa.Dict) error) error {
	given := func(d *soa.Dict, err error) error {
		if err != nil {
			return err
		}
		return look(d)
	}
	switch which {
	case 0:
		return given(s.Get(key))
	case 1:
		return given(s.GetField(key, "b"))
	case 2:
		return given(s.GetField(key, "b", "a"))
	case 3:
		d := soa.NewDict()
		return given(d, s.GetInto(key, d))
	case 4, 5:
		return s.View(key, nil, look)
	case 6:
		return s.Evict(key)
	case 7:
		return s.Promote(key)
	case 8:
		return errors.Join(s.Pin(key), s.Unpin(key))
	case 9:
		return s.Plan([]soastore.Access{{Key: key}, {Key: "0"}, {Key: "1"}}, soastore.PlanOptions{})
	}
	_ = s.Stats()
	return s.Prefetch(key, "0")
}
