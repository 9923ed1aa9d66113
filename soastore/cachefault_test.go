package soastore_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/npz"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// newFileCache returns a Cache over memory in NPZ files, at path in a file system.
func newFileCache(t testing.TB, fs fsys.FS, path string, opts soastore.CacheOptions) cached {
	store := openNPZ(t, soastore.WithFS(soastore.Options{Path: path, Reopen: true, Keep: true}, fs))
	return cacheOver(t, inMemory(t), store, opts)
}

// TestCacheReopen opens a cache that an earlier run left, over a source that has
// some of its keys.
func TestCacheReopen(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "cache")
	c := newFileCache(t, fsys.OS, path, soastore.CacheOptions{CacheOnSet: true})
	for _, key := range []string{"a", "b", "c", "gone", "torn"} {
		require.NoError(t, c.Set(key, bytesDict(1, 30)))
	}
	require.NoError(t, c.Close())
	require.NoError(t, os.Truncate(path+"_torn.tmp.rank-0.npz", 100))

	reopen := func(opts soastore.CacheOptions) cached {
		source := inMemory(t)
		for _, key := range []string{"a", "b", "c", "torn"} {
			require.NoError(t, source.Set(key, bytesDict(1, 30)))
		}
		return cacheOver(t, source, openNPZ(t, soastore.Options{Path: path, Reopen: true, Keep: true}), opts)
	}
	c = reopen(soastore.CacheOptions{MaxSize: 100})
	require.Equal(t, []string{"a", "b", "c"}, c.keys(), "not what the source lacks, or what is torn")
	require.EqualValues(t, 90, c.Info().Size)
	require.EqualValues(t, 1, c.CacheStats().Failures)
	c.consistent(t)
	c.gets(t, "a", 1, 30)
	require.Zero(t, c.sourceReads())
	c.gets(t, "torn", 1, 30)
	require.Equal(t, []string{"c", "a", "torn"}, c.keys(), "old bytes count")
	c.consistent(t)
	require.NoError(t, c.Close())

	c = reopen(soastore.CacheOptions{MaxSize: 70}) // smaller than what is there
	require.Equal(t, []string{"c", "torn"}, c.keys())
	require.EqualValues(t, 1, c.CacheStats().Evictions)
	c.consistent(t)
	require.NoError(t, c.Close())

	c = reopen(soastore.CacheOptions{MaxAge: time.Hour}) // nobody knows how old they are
	require.EqualValues(t, 60, c.Info().Size)
	require.True(t, c.Info().Values[0].Expired)
	c.gets(t, "c", 1, 30)
	require.EqualValues(t, 1, c.sourceReads())
	require.Equal(t, []string{"c"}, c.keys())
	require.NoError(t, c.Close())
}

// TestCacheDamaged cuts the file of a cached value: the source serves the read, and
// the value is cached anew.
func TestCacheDamaged(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "cache")
	c := newFileCache(t, fsys.OS, path, soastore.CacheOptions{CacheOnSet: true})
	require.NoError(t, c.Set("k", bytesDict(1, 1000)))
	require.NoError(t, os.Truncate(path+"_k.tmp.rank-0.npz", 100))
	_, err := c.Get("k")
	require.NoError(t, err)
	require.Zero(t, c.store.Len(), "what finds the damage takes it out")
	c.gets(t, "k", 1, 1000)
	st := c.CacheStats()
	require.Equal(t, [3]int64{4, 2, 1}, [3]int64{st.Hits, st.Misses, st.Failures})
	require.ErrorIs(t, st.Failure, npz.ErrFormat)
	c.consistent(t)
	require.NoError(t, c.Close())
}

// TestCacheFileRemoved removes the file of a cached value.
func TestCacheFileRemoved(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "cache")
	c := newFileCache(t, fsys.OS, path, soastore.CacheOptions{CacheOnSet: true})
	require.NoError(t, c.Set("k", bytesDict(1, 1000)))
	require.NoError(t, os.Remove(path+"_k.tmp.rank-0.npz"))
	_, err := c.Get("k")
	require.NoError(t, err)
	require.Zero(t, c.Info().Size)
	require.ErrorIs(t, c.CacheStats().Failure, os.ErrNotExist)
	c.gets(t, "k", 1, 1000)
	require.NoError(t, c.Set("k", bytesDict(2, 1000)))
	c.gets(t, "k", 2, 1000)
	require.NoError(t, c.Close())
}

// TestCacheFull fails all writes of the cache store: reads and writes go on.
func TestCacheFull(t *testing.T) {
	testkit.NoLeaks(t)
	f := faultfs.New(fsys.OS)
	path := filepath.Join(t.TempDir(), "cache")
	c := newFileCache(t, f, path, soastore.CacheOptions{CacheOnSet: true, MaxSize: 1000})
	f.Inject(faultfs.Fault{Op: faultfs.WriteAt, Err: syscall.ENOSPC, Span: faultfs.Always, Short: true})
	for i := range byte(3) {
		require.NoError(t, c.Set("k", bytesDict(i, 100)))
		c.gets(t, "k", i, 100)
		c.consistent(t)
	}
	st := c.CacheStats()
	require.Zero(t, st.Hits)
	require.EqualValues(t, 12, st.Failures) // of each 3 Set and 3 whole reads that keep...
	require.ErrorIs(t, st.Failure, soastore.ErrNoSpace)
	left, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Empty(t, left)
	f.Heal()
	c.gets(t, "k", 2, 100)
	require.True(t, c.store.Has("k"))
	require.NoError(t, c.Close())
}

// TestCacheEvictionFails lets the cache store fail to remove what is evicted: the
// read succeeds, the limit holds, and the cache recovers.
func TestCacheEvictionFails(t *testing.T) {
	testkit.NoLeaks(t)
	f := faultfs.New(fsys.OS)
	c := newFileCache(t, f, filepath.Join(t.TempDir(), "cache"), soastore.CacheOptions{CacheOnSet: true, MaxSize: 100})
	for _, key := range []string{"a", "b"} {
		require.NoError(t, c.Set(key, bytesDict(1, 50)))
	}
	c.setPast(t, "c", 3, 50)
	failRemoval(f)
	_, err := c.Get("c")
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, c.keys())
	require.Equal(t, []string{"a", "b"}, c.store.Keys())
	require.EqualValues(t, 100, c.Info().Size, "a is there still, and counts")
	require.Equal(t, 2, c.Info().Cached)
	_, err = c.Get("a")
	require.NoError(t, err)
	require.NotContains(t, c.keys(), "a", "and its removal failed again")
	f.Heal()
	f.Inject(faultfs.Fault{Op: faultfs.Rename, Name: "cache_a*", Span: faultfs.Always})
	_, err = c.Get("c")
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, c.keys(), "what cannot be removed does not block what can")
	require.Equal(t, []string{"a", "c"}, c.store.Keys())
	f.Heal()
	c.gets(t, "c", 3, 50)
	require.Contains(t, c.keys(), "c")
	c.gets(t, "a", 1, 50)
	require.NoError(t, c.ClearCache())
	require.Zero(t, c.Info().Size)
	c.consistent(t)
	require.NoError(t, c.Close())
}

// failRemoval makes removals fail in a store of one rank, whose only file operation
// in it is to move the file out of the way, or to remove it.
func failRemoval(f *faultfs.FS) {
	for _, op := range []faultfs.Op{faultfs.Rename, faultfs.Remove} {
		f.Inject(faultfs.Fault{Op: op, Span: faultfs.Always})
	}
}

// TestCacheInvalidationFails lets the cache store fail to remove the old value when
// a new one is set: the old one is never served, not by a later run either.
func TestCacheInvalidationFails(t *testing.T) {
	testkit.NoLeaks(t)
	change := map[string]func(c cached) error{
		"set":    func(c cached) error { return c.Set("k", bytesDict(2, 10)) },
		"remove": func(c cached) error { return c.Remove("k") },
		"pop":    func(c cached) error { _, err := c.Pop("k"); return err },
		"clear":  func(c cached) error { return c.Clear() },
	}
	for name, change := range change {
		t.Run(name, func(t *testing.T) {
			f := faultfs.New(fsys.OS)
			path := filepath.Join(t.TempDir(), "cache")
			c := newFileCache(t, f, path, soastore.CacheOptions{CacheOnSet: true})
			require.NoError(t, c.Set("k", bytesDict(1, 10)))
			failRemoval(f)
			require.NoError(t, change(c))
			require.True(t, c.store.Has("k"), "the outdated value is there still")
			require.Zero(t, c.Info().Tracked)
			require.EqualValues(t, 10, c.Info().Size)
			if name == "set" {
				c.gets(t, "k", 2, 10)
			} else {
				_, err := c.Get("k")
				require.ErrorIs(t, err, soastore.ErrNotFound)
			}
			f.Heal()
			require.NoError(t, c.Close())
			left, err := filepath.Glob(path + "*")
			require.NoError(t, err)
			require.Empty(t, left, "Close tried again")
		})
	}
	t.Run("for good", func(t *testing.T) {
		f := faultfs.New(fsys.OS)
		c := newFileCache(t, f, filepath.Join(t.TempDir(), "cache"), soastore.CacheOptions{CacheOnSet: true})
		require.NoError(t, c.Set("k", bytesDict(1, 10)))
		failRemoval(f)
		require.NoError(t, c.Remove("k"))
		require.ErrorIs(t, c.Close(), syscall.EIO)
	})
}

// TestCacheFaults makes the n-th file operation of the cache store fail, for every
// n, while values are set, read, replaced and removed: no call fails, none gives
// another value than the source's, and the index stays true.
func TestCacheFaults(t *testing.T) {
	testkit.NoLeaks(t)
	for name, fault := range map[string]faultfs.Fault{
		"once":  {Err: syscall.ENOSPC, Short: true},
		"crash": {Span: faultfs.Crash},
	} {
		t.Run(name, func(t *testing.T) {
			hits := faultfs.Sweep(t, fault, func(t *testing.T, f *faultfs.FS) {
				source := inMemory(t)
				store, err := openFaulty(t, f)
				if err != nil {
					return
				}
				c := cacheOver(t, source, store, soastore.CacheOptions{CacheOnSet: true, MaxSize: 100})
				for i, key := range strings.Split("abac", "") {
					b := byte(i)
					require.NoError(t, c.Set(key, bytesDict(b, 40)))
					c.gets(t, key, b, 40)
					require.LessOrEqual(t, c.Info().Size, int64(100))
				}
				require.NoError(t, c.Remove("a"))
				_, err = c.Get("a")
				require.ErrorIs(t, err, soastore.ErrNotFound)
				c.gets(t, "b", 1, 40)
				f.Heal()
				require.NoError(t, c.ClearCache())
				c.consistent(t)
				require.Zero(t, c.store.Len())
				c.gets(t, "c", 3, 40)
				require.True(t, c.store.Has("c"))
				require.NoError(t, c.Close())
			})
			require.Greater(t, hits, 10)
		})
	}
}

// openFaulty opens the store of a cache in f.
func openFaulty(t *testing.T, f *faultfs.FS) (*soastore.Spill, error) {
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	opts := soastore.Options{Path: filepath.Join(t.TempDir(), "cache"), Independent: true}
	return soastore.NewNPZ(p, soastore.WithFS(opts, f))
}
