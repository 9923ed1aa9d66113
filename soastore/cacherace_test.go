package soastore_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

func TestCacheConcurrentSet(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true, MaxSize: 500})
	var g sync.WaitGroup
	for i := range 10 {
		g.Go(func() { require.NoError(t, c.Set(fmt.Sprint(i), bytesDict(byte(i), 50))) })
	}
	g.Wait()
	require.EqualValues(t, 500, c.Info().Size)
	require.Zero(t, c.CacheStats().Evictions)
	c.consistent(t)
}

func TestCacheConcurrentEvict(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true, MaxSize: 200})
	var g sync.WaitGroup
	for i := range 20 {
		g.Go(func() {
			require.NoError(t, c.Set(fmt.Sprint(i), bytesDict(byte(i), 50)))
			require.LessOrEqual(t, c.Info().Size, int64(200))
		})
	}
	g.Wait()
	require.EqualValues(t, 200, c.Info().Size)
	require.EqualValues(t, 16, c.CacheStats().Evictions)
	c.consistent(t)
}

// gate is an admission filter that stops those who have read a value from the
// source, or written it there, before the cache looks at it.
type gate struct{ open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{})} }

func (g *gate) admit(string, *soa.Dict, time.Duration) bool {
	<-g.open
	return true
}

// TestCacheSingleFlight misses one value in many goroutines, which then change what
// they got: the source is read once.
func TestCacheSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCache(t, soastore.CacheOptions{Admit: g.admit})
		c.setPast(t, "k", 1, 100)
		want := bytesDict(1, 100)
		check := func(d *soa.Dict, err error) {
			require.NoError(t, err)
			require.True(t, want.Equal(d))
		}
		var readers sync.WaitGroup
		for range 5 {
			readers.Go(func() {
				require.NoError(t, c.View("k", nil, func(d *soa.Dict) error { check(d, nil); return nil }))
			})
		}
		synctest.Wait() // a view is the leader
		for range 5 {
			readers.Go(func() {
				d, err := c.Get("k")
				check(d, err)
				a, _ := d.Get("first")
				clear(a.Bytes())
			})
			readers.Go(func() {
				d := bytesDict(0, 200)
				check(d, c.GetInto("k", d))
				a, _ := d.Get("first")
				clear(a.Bytes())
			})
		}
		synctest.Wait() // all are at the gate, or wait for the one that is
		close(g.open)
		readers.Wait()
		require.EqualValues(t, 1, c.sourceReads())
		st := c.CacheStats()
		require.Equal(t, [2]int64{15, 14}, [2]int64{st.Misses, st.Joined})
		c.gets(t, "k", 1, 100)
		require.EqualValues(t, 1, c.sourceReads())
		c.consistent(t)
	})
}

// TestCacheFlightNotShared lets a goroutine change what it read, while another that
// waited for it still looks at the value.
func TestCacheFlightNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		source := openNPZ(t, soastore.Options{MemoryCodec: "lz4"}) // which gives fresh memory
		c := cacheOver(t, source, inMemory(t), soastore.CacheOptions{Admit: g.admit})
		c.setPast(t, "k", 1, 100)
		changed := make(chan struct{})
		var readers sync.WaitGroup
		readers.Go(func() {
			d, err := c.Get("k")
			require.NoError(t, err)
			for _, a := range d.All() {
				clear(a.Bytes())
			}
			close(changed)
		})
		synctest.Wait()
		readers.Go(func() {
			require.NoError(t, c.View("k", nil, func(d *soa.Dict) error {
				<-changed
				require.True(t, bytesDict(1, 100).Equal(d))
				return nil
			}))
		})
		synctest.Wait()
		close(g.open)
		readers.Wait()
		require.EqualValues(t, 1, c.sourceReads())
	})
}

// TestCacheSingleFlightPanics lets the leader of a flight panic: who waits gets an
// error and is not left waiting.
func TestCacheSingleFlightPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		var calls atomic.Int32
		c := newCache(t, soastore.CacheOptions{Admit: func(string, *soa.Dict, time.Duration) bool {
			if calls.Add(1) > 1 {
				return true
			}
			<-open
			panic("a filter's mistake")
		}})
		c.setPast(t, "k", 1, 10)
		var readers sync.WaitGroup
		readers.Go(func() { require.Panics(t, func() { c.Get("k") }) })
		synctest.Wait()
		readers.Go(func() {
			_, err := c.Get("k")
			require.ErrorContains(t, err, "panicked")
		})
		synctest.Wait()
		close(open)
		readers.Wait()
		c.gets(t, "k", 1, 10)
		c.consistent(t)
	})
}

// TestCacheMissDuringChange changes a value between the moment when a miss read the
// old one and the moment when it would keep it.
func TestCacheMissDuringChange(t *testing.T) {
	change := map[string]func(c cached) error{
		"set":    func(c cached) error { return c.Set("k", bytesDict(2, 10)) },
		"remove": func(c cached) error { return c.Remove("k") },
		"pop":    func(c cached) error { _, err := c.Pop("k"); return err },
		"clear":  func(c cached) error { return c.Clear() },
		"clear cache": func(c cached) error {
			return errors.Join(c.source.Set("k", bytesDict(2, 10)), c.ClearCache())
		},
	}
	for name, change := range change {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				c := newCache(t, soastore.CacheOptions{Admit: g.admit})
				c.setPast(t, "k", 1, 10)
				var reader sync.WaitGroup
				reader.Go(func() {
					d, err := c.Get("k")
					require.NoError(t, err)
					require.True(t, bytesDict(1, 10).Equal(d), "it began before")
				})
				synctest.Wait()
				require.NoError(t, change(c))
				later := make(chan error, 1)
				go func() { // it must not join the reader that has the old value
					d, err := c.Get("k")
					if err == nil && !bytesDict(2, 10).Equal(d) {
						err = errors.New("an old value")
					}
					later <- err
				}()
				synctest.Wait()
				close(g.open)
				reader.Wait()
				if err := <-later; name == "set" || name == "clear cache" {
					require.NoError(t, err)
					c.gets(t, "k", 2, 10)
				} else {
					require.ErrorIs(t, err, soastore.ErrNotFound)
					require.Zero(t, c.store.Len())
				}
				c.consistent(t)
			})
		})
	}
}

// TestCacheSetsAtOnce makes two Sets of one key at once, in an order that the cache
// cannot know: it keeps neither value.
func TestCacheSetsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCache(t, soastore.CacheOptions{Admit: g.admit, CacheOnSet: true})
		var writers sync.WaitGroup
		for i := range byte(2) {
			writers.Go(func() { require.NoError(t, c.Set("k", bytesDict(i, 10))) })
			synctest.Wait() // it is in the source
		}
		during, err := c.Get("k")
		require.NoError(t, err)
		require.True(t, bytesDict(1, 10).Equal(during))
		close(g.open)
		writers.Wait()
		require.Zero(t, c.store.Len())
		c.gets(t, "k", 1, 10)
		c.consistent(t)
	})
}

// slowToClear is a store whose Clear waits until it may.
type slowToClear struct {
	*soastore.Spill
	open chan struct{}
}

func (s slowToClear) Clear() error {
	<-s.open
	return s.Spill.Clear()
}

// TestCacheSetDuringClear makes a Set while a Clear is in progress, which then
// removes the value: the cache does not keep it.
func TestCacheSetDuringClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := slowToClear{inMemory(t), make(chan struct{})}
		store := inMemory(t)
		c, err := soastore.NewCache(source, store, soastore.CacheOptions{CacheOnSet: true})
		require.NoError(t, err)
		var clearing sync.WaitGroup
		clearing.Go(func() { require.NoError(t, c.Clear()) })
		synctest.Wait()
		require.NoError(t, c.Set("k", bytesDict(1, 10)))
		hasBytes(t, c, "k", bytesDict(1, 10))
		close(source.open)
		clearing.Wait()
		_, err = c.Get("k")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		require.Zero(t, store.Len())
	})
}

// TestCacheViewEvicted evicts a value while it is viewed, by reads within the view.
func TestCacheViewEvicted(t *testing.T) {
	testkit.NoLeaks(t)
	for name, opts := range map[string]soastore.Options{"memory": {}, "files": {Path: filepath.Join(t.TempDir(), "cache")}} {
		t.Run(name, func(t *testing.T) {
			c := cacheOver(t, inMemory(t), openNPZ(t, opts), soastore.CacheOptions{MaxSize: 100})
			c.setPast(t, "a", 1, 80)
			c.setPast(t, "b", 2, 80)
			for range 2 {
				require.NoError(t, c.View("a", nil, func(d *soa.Dict) error {
					c.gets(t, "b", 2, 80)
					require.Equal(t, []string{"b"}, c.store.Keys())
					c.gets(t, "a", 1, 80)
					require.True(t, bytesDict(1, 80).Equal(d))
					return nil
				}))
			}
			require.NoError(t, c.Close())
		})
	}
}

// history is what was done to one key: its version n is the value of byte n, or
// none if n is a multiple of 5.
type history struct{ begun, done atomic.Int64 }

// TestCacheRace reads values while they are replaced, removed and evicted. Each
// read gives a whole value, which is not older than the last change that had ended
// when the read began.
func TestCacheRace(t *testing.T) {
	testkit.NoLeaks(t)
	for name, opts := range map[string]soastore.Options{"memory": {}, "files": {Path: filepath.Join(t.TempDir(), "cache")}} {
		for _, onSet := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cache on set %t", name, onSet), func(t *testing.T) {
				c := cacheOver(t, inMemory(t), openNPZ(t, opts), soastore.CacheOptions{MaxSize: 250, CacheOnSet: onSet, NegativeAge: time.Hour})
				race(t, c)
				c.consistent(t)
				require.Zero(t, c.CacheStats().Failures)
				require.NoError(t, c.Close())
			})
		}
	}
}

func race(t *testing.T, c cached) {
	keys := []string{"a", "b", "c", "d"}
	histories := map[string]*history{}
	var writers, readers sync.WaitGroup
	for _, key := range keys {
		histories[key] = &history{}
	}
	for key, h := range histories {
		writers.Go(func() { require.NoError(t, h.write(c, key, 150)) })
	}
	var stop atomic.Bool
	for i := range 4 {
		readers.Go(func() {
			for n := i; !stop.Load(); n++ {
				key := keys[n%len(keys)]
				require.NoError(t, histories[key].read(c, key, n))
				if n%97 == 0 {
					require.NoError(t, c.ClearCache())
				}
				if size := c.Info().Size; size > 250 {
					t.Errorf("%d bytes are cached", size)
				}
			}
		})
	}
	writers.Wait()
	stop.Store(true)
	readers.Wait()
}

// write makes versions of key, up to n.
func (h *history) write(c cached, key string, n int64) error {
	for i := int64(1); i <= n; i++ {
		h.begun.Store(i)
		var err error
		switch {
		case i%10 == 0:
			_, err = c.Pop(key)
		case i%5 == 0:
			err = c.Remove(key)
		default:
			err = c.Set(key, bytesDict(byte(i), 60+int(i)%60))
		}
		if err != nil {
			return err
		}
		h.done.Store(i)
	}
	return nil
}

// read reads key in some way and checks that it gives one of the versions that
// there were meanwhile.
func (h *history) read(c cached, key string, how int) (err error) {
	first := h.done.Load()
	d := soa.NewDict()
	switch how % 4 {
	case 0:
		d, err = c.Get(key)
	case 1:
		d, err = c.GetField(key, "first", "second")
	case 2:
		err = c.GetInto(key, d)
	case 3:
		err = c.View(key, nil, func(v *soa.Dict) error { d = v.Clone(); return nil })
	}
	last := h.begun.Load()
	for i := first; i <= last; i++ {
		if i%5 == 0 && errors.Is(err, soastore.ErrNotFound) || i%5 != 0 && bytesDict(byte(i), 60+int(i)%60).Equal(d) {
			return nil
		}
	}
	return fmt.Errorf("versions %d to %d of %q were there, but a read gave %v, %w", first, last, key, d, err)
}
