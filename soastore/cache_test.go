package soastore_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// cached is a Cache under test with the stores that it stands before.
type cached struct {
	*soastore.Cache
	source, store soastore.Store
}

// newCache returns a Cache over memory, in memory.
func newCache(t testing.TB, opts soastore.CacheOptions) cached {
	return cacheOver(t, inMemory(t), inMemory(t), opts)
}

func cacheOver(t testing.TB, source, store *soastore.Spill, opts soastore.CacheOptions) cached {
	t.Helper()
	c, err := soastore.NewCache(source, store, opts)
	require.NoError(t, err)
	return cached{c, source, store}
}

func inMemory(t testing.TB) *soastore.Spill { return openNPZ(t, soastore.Options{}) }

// openNPZ opens a store of this process alone.
func openNPZ(t testing.TB, opts soastore.Options) *soastore.Spill {
	t.Helper()
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	opts.Independent = true
	s, err := soastore.NewNPZ(p, opts)
	require.NoError(t, err)
	return s
}

// bytesDict returns a value of so many bytes, in two fields if there are several,
// which are all b.
func bytesDict(b byte, size int) *soa.Dict {
	all := make([]uint8, size)
	for i := range all {
		all[i] = b
	}
	d := soa.NewDict()
	d.Set("first", soa.Of(all[:size/2]))
	d.Set("second", soa.Of(all[size/2:]))
	return d
}

// setPast puts a value into the source, past the cache.
func (c cached) setPast(t testing.TB, key string, b byte, size int) {
	t.Helper()
	require.NoError(t, c.source.Set(key, bytesDict(b, size)))
}

// gets checks that every kind of read of key gives a value of so many bytes b.
func (c cached) gets(t testing.TB, key string, b byte, size int) {
	t.Helper()
	hasBytes(t, c.Cache, key, bytesDict(b, size))
}

func hasBytes(t testing.TB, c *soastore.Cache, key string, want *soa.Dict) {
	t.Helper()
	got, err := c.Get(key)
	require.NoError(t, err)
	require.True(t, want.Equal(got), "Get: want %v, have %v, or other bytes", want, got)
	part, err := c.GetField(key, "second")
	require.NoError(t, err)
	second, err := want.Select("second")
	require.NoError(t, err)
	require.True(t, second.Equal(part), "GetField")
	into := bytesDict(99, 40)
	require.NoError(t, c.GetInto(key, into))
	require.True(t, want.Equal(into), "GetInto")
	for _, names := range [][]string{nil, {"second"}} {
		require.NoError(t, c.View(key, names, func(d *soa.Dict) error {
			if names == nil {
				require.True(t, want.Equal(d), "View")
			} else {
				require.True(t, second.Equal(d), "View of a field")
			}
			return nil
		}))
	}
}

// keys returns the keys of cached values, the least recently used first.
func (c cached) keys() []string {
	keys := []string{}
	for _, v := range c.Info().Values {
		keys = append(keys, v.Key)
	}
	return keys
}

// consistent checks that the index is what the cache store holds, within MaxSize.
func (c cached) consistent(t require.TestingT) {
	info := c.Info()
	var held int64
	for _, key := range c.store.Keys() {
		d, err := c.store.Get(key)
		require.NoError(t, err)
		held += int64(d.NBytes())
	}
	require.Equal(t, held, info.Size)
	if limit := info.Options.MaxSize; limit > 0 {
		require.LessOrEqual(t, held, limit)
	}
	require.Equal(t, info.Cached, info.Tracked)
	require.ElementsMatch(t, c.store.Keys(), c.keys())
}

// sourceReads returns how often the source was read.
func (c cached) sourceReads() int64 { return c.source.Stats().Gets }

func TestCacheBasic(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{})
	require.NoError(t, c.Set("k", bytesDict(1, 10)))
	c.gets(t, "k", 1, 10)
	require.True(t, c.Has("k"))
	require.Equal(t, []string{"k"}, c.Keys())
	require.Equal(t, 1, c.Len())
	require.Equal(t, c.source.Stats(), c.Stats())
	c.consistent(t)
	require.NoError(t, c.Close())
}

// TestCacheMissPopulates reads with each call that keeps values, and with those
// that do not.
func TestCacheMissPopulates(t *testing.T) {
	reads := map[string]func(c cached) error{
		"get":     func(c cached) error { _, err := c.Get("k"); return err },
		"getInto": func(c cached) error { return c.GetInto("k", soa.NewDict()) },
		"view":    func(c cached) error { return c.View("k", nil, func(*soa.Dict) error { return nil }) },
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, soastore.CacheOptions{})
			c.setPast(t, "k", 1, 10)
			require.NoError(t, read(c))
			require.Equal(t, []string{"k"}, c.store.Keys())
			require.EqualValues(t, 1, c.sourceReads())
			c.gets(t, "k", 1, 10)
			require.EqualValues(t, 1, c.sourceReads(), "a cached whole value serves every read")
			c.consistent(t)
		})
	}
}

// TestCacheFieldsKeepNothing reads fields that are not cached: later reads of the
// whole value, and of other fields, are not mixed up with them.
func TestCacheFieldsKeepNothing(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{})
	c.setPast(t, "k", 1, 10)
	for _, names := range [][]string{{"first"}, {"second"}, {"second", "first"}} {
		got, err := c.GetField("k", names...)
		require.NoError(t, err)
		require.Equal(t, names, got.Names())
		require.NoError(t, c.View("k", names, func(d *soa.Dict) error {
			require.Equal(t, names, d.Names())
			return nil
		}))
		require.Zero(t, c.store.Len())
	}
	c.gets(t, "k", 1, 10)
	none, err := c.GetField("k")
	require.NoError(t, err)
	require.Zero(t, none.Len())
	_, err = c.GetField("k", "first", "third")
	require.ErrorIs(t, err, soastore.ErrNoField)
	require.Equal(t, []string{"k"}, c.keys(), "asking for a field that is not there is no failure")
	require.Zero(t, c.CacheStats().Failures)
}

// TestCacheOnSet writes with and without keeping what is written.
func TestCacheOnSet(t *testing.T) {
	for _, on := range []bool{false, true} {
		c := newCache(t, soastore.CacheOptions{CacheOnSet: on})
		for i := range byte(3) {
			require.NoError(t, c.Set("k", bytesDict(i, 10)))
			require.Equal(t, on, c.store.Has("k"))
			c.gets(t, "k", i, 10)
			require.True(t, c.store.Has("k"))
			c.consistent(t)
		}
		reads := int64(3)
		if on {
			reads = 0
		}
		require.Equal(t, reads, c.sourceReads())
	}
}

func TestCacheDeleteRemovesFromBoth(t *testing.T) {
	remove := map[string]func(c cached) error{
		"remove": func(c cached) error { return c.Remove("k") },
		"pop": func(c cached) error {
			d, err := c.Pop("k")
			if err == nil && !bytesDict(1, 10).Equal(d) {
				return errors.New("another value")
			}
			return err
		},
		"clear": func(c cached) error { return c.Clear() },
	}
	for name, remove := range remove {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, soastore.CacheOptions{CacheOnSet: true, MaxSize: 100})
			for range 30 { // the size must not creep up
				require.NoError(t, c.Set("k", bytesDict(1, 10)))
				require.EqualValues(t, 10, c.Info().Size)
				require.NoError(t, remove(c))
				require.Zero(t, c.Info().Size)
				require.False(t, c.source.Has("k"))
				require.False(t, c.store.Has("k"))
				_, err := c.Get("k")
				require.ErrorIs(t, err, soastore.ErrNotFound)
			}
			require.Zero(t, c.CacheStats().Evictions)
		})
	}
}

// TestCacheExistsOnSource changes the source past the cache: what keys there are is
// the source's to say.
func TestCacheExistsOnSource(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true})
	require.NoError(t, c.Set("k", bytesDict(1, 10)))
	require.NoError(t, c.source.Remove("k"))
	c.setPast(t, "other", 2, 10)
	require.False(t, c.Has("k"))
	require.True(t, c.Has("other"))
	require.Equal(t, []string{"other"}, c.Keys())
	require.Equal(t, 1, c.Len())
	c.gets(t, "k", 1, 10) // served without asking the source
	require.NoError(t, c.ClearCache())
	_, err := c.Get("k")
	require.ErrorIs(t, err, soastore.ErrNotFound)
}

// TestCacheCoherency changes a value in the source past the cache.
func TestCacheCoherency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{MaxAge: time.Minute})
		c.setPast(t, "k", 1, 10)
		c.gets(t, "k", 1, 10)
		c.setPast(t, "k", 2, 10)
		c.gets(t, "k", 1, 10)
		wait(time.Minute)
		c.gets(t, "k", 2, 10)
		c.setPast(t, "k", 3, 10)
		require.NoError(t, c.ClearCache())
		c.gets(t, "k", 3, 10)
	})
}

func TestCacheNonexistentKey(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{})
	for range 2 {
		_, err := c.Get("k")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		require.ErrorContains(t, err, `"k"`)
		_, err = c.GetField("k", "first")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		require.ErrorIs(t, c.GetInto("k", soa.NewDict()), soastore.ErrNotFound)
		require.ErrorIs(t, c.View("k", nil, func(*soa.Dict) error { return nil }), soastore.ErrNotFound)
		_, err = c.Pop("k")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		require.ErrorIs(t, c.Remove("k"), soastore.ErrNotFound)
	}
	require.EqualValues(t, 8, c.CacheStats().Misses)
	require.Zero(t, c.Info().Cached)
	require.Zero(t, c.Info().Absent)
}

func TestCacheInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{MaxSize: 100, MaxAge: time.Minute, CacheOnSet: true, NegativeAge: time.Second})
		require.NoError(t, c.Set("a", bytesDict(1, 30)))
		wait(59 * time.Second)
		require.NoError(t, c.Set("b", bytesDict(1, 20)))
		c.gets(t, "a", 1, 30)
		wait(time.Second)
		_, err := c.Get("c")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		info := c.Info()
		require.EqualValues(t, 20, info.Size, "a miss takes out what is too old")
		require.Equal(t, []soastore.CachedValue{{Key: "b", Size: 20, Age: time.Second}}, info.Values)
		require.Equal(t, [3]int{1, 1, 1}, [3]int{info.Tracked, info.Cached, info.Absent})
		require.EqualValues(t, 100, info.Options.MaxSize)
		wait(59 * time.Second)
		info = c.Info()
		require.Equal(t, []soastore.CachedValue{{Key: "b", Size: 20, Age: time.Minute, Expired: true}}, info.Values)
		require.Zero(t, info.Absent)
	})
}

func TestCacheStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(string, *soa.Dict, time.Duration) bool { wait(time.Second); return true }
		c := newCache(t, soastore.CacheOptions{MaxSize: 10, Admit: slow})
		st := c.CacheStats()
		require.Zero(t, st)
		require.Zero(t, st.HitRate())
		require.Zero(t, st.MeanHit())
		require.Zero(t, st.MeanMiss())
		c.setPast(t, "a", 1, 10)
		c.setPast(t, "b", 2, 10)
		for _, key := range []string{"a", "a", "a", "b"} {
			_, err := c.Get(key)
			require.NoError(t, err)
		}
		st = c.CacheStats()
		require.Equal(t, soastore.CacheStats{Hits: 2, Misses: 2, Evictions: 1, MissTime: 2 * time.Second}, st)
		require.EqualValues(t, 4, st.Requests())
		require.Equal(t, 0.5, st.HitRate())
		require.Equal(t, time.Second, st.MeanMiss())
		require.NoError(t, c.ClearCache())
		require.Equal(t, st, c.CacheStats(), "counts go on")
		// A view counts until its function is called.
		view := func(*soa.Dict) error { wait(time.Hour); return nil }
		require.NoError(t, c.View("a", nil, view))
		require.NoError(t, c.View("a", nil, view))
		st = c.CacheStats()
		require.Equal(t, 3*time.Second, st.MissTime)
		require.Zero(t, st.HitTime)
	})
}

func TestCacheClear(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true, MaxSize: 100, NegativeAge: time.Hour})
	for i := range byte(5) {
		require.NoError(t, c.Set(fmt.Sprint(i), bytesDict(i, 20)))
	}
	_, err := c.Get("late")
	require.ErrorIs(t, err, soastore.ErrNotFound)
	c.setPast(t, "late", 1, 10)
	require.NoError(t, c.ClearCache())
	info := c.Info()
	require.Equal(t, [4]int64{}, [4]int64{info.Size, int64(info.Tracked), int64(info.Cached), int64(info.Absent)})
	require.Equal(t, 6, c.Len(), "the source stays as it is")
	c.gets(t, "late", 1, 10)
	c.gets(t, "3", 3, 20)
}

// TestCacheOwnership changes what Get and GetInto gave, and what Set was given.
func TestCacheOwnership(t *testing.T) {
	for name, opts := range map[string]soastore.Options{
		"views":  {},
		"copies": {CopyOnSet: true},
		"packed": {MemoryCodec: "lz4"},
		"files":  {Path: filepath.Join(t.TempDir(), "cache")},
	} {
		t.Run(name, func(t *testing.T) {
			source := openNPZ(t, soastore.Options{Path: filepath.Join(t.TempDir(), "source")})
			c := cacheOver(t, source, openNPZ(t, opts), soastore.CacheOptions{CacheOnSet: true})
			spoil := func(d *soa.Dict) {
				for _, a := range d.All() {
					clear(a.Bytes())
				}
			}
			for range 2 { // a miss, then a hit
				got, err := c.Get("k")
				if errors.Is(err, soastore.ErrNotFound) {
					d := bytesDict(1, 100)
					require.NoError(t, c.Set("k", d))
					spoil(d)
					got, err = c.Get("k")
				}
				require.NoError(t, err)
				spoil(got)
				c.gets(t, "k", 1, 100)
				into := bytesDict(2, 100)
				require.NoError(t, c.GetInto("k", into))
				spoil(into)
				c.gets(t, "k", 1, 100)
				require.NoError(t, c.ClearCache())
			}
			require.NoError(t, c.Close())
		})
	}
}

// TestCacheGetInto reuses the caller's memory, whoever serves the read.
func TestCacheGetInto(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{})
	c.setPast(t, "k", 1, 20)
	into := bytesDict(0, 30)
	into.Set("other", soa.Of([]int8{1}))
	first, _ := into.Get("first")
	for range 2 {
		require.NoError(t, c.GetInto("k", into))
		require.True(t, bytesDict(1, 20).Equal(into))
		again, _ := into.Get("first")
		require.Same(t, unsafe.SliceData(first.Bytes()), unsafe.SliceData(again.Bytes()))
		clear(again.Bytes())
	}
	require.EqualValues(t, 1, c.CacheStats().Hits)
}

// TestCacheViewError returns the function's own error, whoever serves the view, and
// takes it for no failure of a store.
func TestCacheViewError(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{NegativeAge: time.Hour})
	c.setPast(t, "k", 1, 20)
	for range 2 {
		require.Equal(t, soastore.ErrNotFound, c.View("k", nil, func(*soa.Dict) error { return soastore.ErrNotFound }))
	}
	c.gets(t, "k", 1, 20)
	require.Zero(t, c.CacheStats().Failures)
	require.Zero(t, c.Info().Absent)
	require.EqualValues(t, 1, c.CacheStats().Misses)
}

// wait lets time pass, in the bubble of a synctest.
func wait(d time.Duration) { <-time.After(d) }
