package soastore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

func TestCacheLRUEviction(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 100, CacheOnSet: true})
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, c.Set(key, bytesDict(1, 30)))
	}
	c.gets(t, "a", 1, 30)
	require.Equal(t, []string{"b", "c", "a"}, c.keys())
	require.NoError(t, c.Set("d", bytesDict(1, 40)))
	require.Equal(t, []string{"c", "a", "d"}, c.keys(), "what does fit stays")
	c.consistent(t)
	require.NoError(t, c.Set("e", bytesDict(1, 70)))
	require.Equal(t, []string{"e"}, c.keys())
	require.EqualValues(t, 4, c.CacheStats().Evictions)
	c.consistent(t)
	c.gets(t, "a", 1, 30)
	require.Equal(t, []string{"e", "a"}, c.keys())
}

func TestCacheEvictionDeletesFromCacheStore(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 50, CacheOnSet: true})
	for i := range 20 {
		require.NoError(t, c.Set(fmt.Sprint(i), bytesDict(1, 20)))
		require.LessOrEqual(t, c.store.Len(), 2)
		c.consistent(t) // all tracked keys exist, and no others
	}
	require.Equal(t, []string{"18", "19"}, c.store.Keys())
	require.Equal(t, 20, c.Len(), "eviction does not touch the source")
}

// TestCacheOversize gives values that never fit: they push out nothing and leave
// nothing, also not the value that they replace.
func TestCacheOversize(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 100, CacheOnSet: true})
	require.NoError(t, c.Set("other", bytesDict(1, 60)))
	require.NoError(t, c.Set("k", bytesDict(1, 40)))
	require.NoError(t, c.Set("k", bytesDict(2, 101)))
	require.Equal(t, []string{"other"}, c.store.Keys())
	c.gets(t, "k", 2, 101)
	require.Equal(t, []string{"other"}, c.store.Keys())
	require.EqualValues(t, 60, c.Info().Size)
	require.Zero(t, c.CacheStats().Evictions)

	alone := newCache(t, soastore.CacheOptions{MaxSize: 100, CacheOnSet: true})
	require.NoError(t, alone.Set("k", bytesDict(2, 200)))
	require.Zero(t, alone.Info().Cached)
	require.Zero(t, alone.Info().Size)
	require.NoError(t, alone.Set("k", bytesDict(2, 100)))
	require.EqualValues(t, 100, alone.Info().Size, "exactly full")
}

// TestCacheViewOversize views a value too large for the cache: it is not copied.
func TestCacheViewOversize(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 10})
	d := bytesDict(1, 100)
	require.NoError(t, c.source.Set("k", d))
	require.NoError(t, c.View("k", nil, func(v *soa.Dict) error {
		have, _ := v.Get("first")
		want, _ := d.Get("first")
		require.Same(t, &want.Bytes()[0], &have.Bytes()[0])
		return nil
	}))
}

func TestCacheUpdateReplacesSize(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 500, CacheOnSet: true})
	for _, size := range []int{100, 200, 200, 50, 500, 0} {
		require.NoError(t, c.Set("k", bytesDict(1, size)))
		require.EqualValues(t, size, c.Info().Size)
		c.consistent(t)
	}
	require.Zero(t, c.CacheStats().Evictions)
}

// TestCacheRewriteOldest replaces the least recently used value by a larger one: it
// must not evict itself.
func TestCacheRewriteOldest(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 100, CacheOnSet: true})
	require.NoError(t, c.Set("a", bytesDict(1, 40)))
	require.NoError(t, c.Set("b", bytesDict(1, 40)))
	require.NoError(t, c.Set("a", bytesDict(2, 80)))
	require.Equal(t, []string{"a"}, c.store.Keys())
	c.gets(t, "a", 2, 80)
	require.Zero(t, c.sourceReads())
	c.consistent(t)
}

// TestCacheRewriteRefreshesOrder replaces the least recently used value: the other
// is now.
func TestCacheRewriteRefreshesOrder(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{MaxSize: 100, CacheOnSet: true})
	require.NoError(t, c.Set("a", bytesDict(1, 40)))
	require.NoError(t, c.Set("b", bytesDict(1, 40)))
	require.NoError(t, c.Set("a", bytesDict(2, 40)))
	require.Equal(t, []string{"b", "a"}, c.keys())
	require.NoError(t, c.Set("c", bytesDict(1, 40)))
	require.Equal(t, []string{"a", "c"}, c.keys())
}

// TestCacheNoDoubleRead reads a missed value once from the source, with an
// admission filter or without, and whatever it decides.
func TestCacheNoDoubleRead(t *testing.T) {
	yes := func(string, *soa.Dict, time.Duration) bool { return true }
	no := func(string, *soa.Dict, time.Duration) bool { return false }
	for name, admit := range map[string]func(string, *soa.Dict, time.Duration) bool{"none": nil, "yes": yes, "no": no} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, soastore.CacheOptions{Admit: admit, CacheOnSet: true})
			c.setPast(t, "k", 1, 10)
			_, err := c.Get("k")
			require.NoError(t, err)
			require.EqualValues(t, 1, c.sourceReads())
			_, err = c.GetField("k", "first")
			require.NoError(t, err)
			require.Equal(t, name == "no", c.sourceReads() == 2)
			require.NoError(t, c.Set("other", bytesDict(1, 10)))
			require.Equal(t, name != "no", c.store.Has("other"))
			c.consistent(t)
		})
	}
}

// TestCacheAdmit lets a filter choose by key, by value and by time.
func TestCacheAdmit(t *testing.T) {
	type call struct {
		key  string
		size int
	}
	var calls []call
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true, Admit: func(key string, d *soa.Dict, took time.Duration) bool {
		require.GreaterOrEqual(t, took, time.Duration(0))
		calls = append(calls, call{key, d.NBytes()})
		return key == "a" && d.NBytes() < 50
	}})
	require.NoError(t, c.Set("a", bytesDict(1, 10)))
	require.NoError(t, c.Set("b", bytesDict(1, 10)))
	require.Equal(t, []string{"a"}, c.store.Keys())
	require.NoError(t, c.Set("a", bytesDict(2, 60)))
	require.Empty(t, c.store.Keys(), "nor does the old value stay")
	_, err := c.Get("a")
	require.NoError(t, err)
	require.Empty(t, c.store.Keys())
	require.Equal(t, []call{{"a", 10}, {"b", 10}, {"a", 60}, {"a", 60}}, calls)
}
