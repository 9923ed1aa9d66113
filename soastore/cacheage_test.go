package soastore_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// TestCacheExpiration lets values grow old. A hit does not make them younger.
func TestCacheExpiration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{MaxAge: time.Second, CacheOnSet: true})
		require.NoError(t, c.Set("k", bytesDict(1, 10)))
		wait(time.Second - 1)
		c.gets(t, "k", 1, 10)
		require.Zero(t, c.sourceReads())
		wait(1)
		got, err := c.Get("k")
		require.NoError(t, err)
		require.True(t, bytesDict(1, 10).Equal(got))
		require.EqualValues(t, 1, c.sourceReads(), "too old is a miss")
		c.gets(t, "k", 1, 10)
		require.EqualValues(t, 1, c.sourceReads(), "and young again")
		require.EqualValues(t, 1, c.CacheStats().Expirations)
		require.Zero(t, c.CacheStats().Evictions)
		c.consistent(t)
	})
}

func TestCacheMaxAgeInfinity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{})
		c.setPast(t, "k", 1, 10)
		c.gets(t, "k", 1, 10)
		wait(100 * 365 * 24 * time.Hour)
		c.gets(t, "k", 1, 10)
		require.EqualValues(t, 1, c.sourceReads())
	})
}

// TestCacheStaleRefresh finds a key too old that the source has changed, or has no
// more.
func TestCacheStaleRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{MaxAge: time.Second})
		c.setPast(t, "k", 1, 100)
		c.gets(t, "k", 1, 100)
		c.setPast(t, "k", 2, 30)
		wait(time.Second)
		c.gets(t, "k", 2, 30)
		require.EqualValues(t, 30, c.Info().Size)
		require.NoError(t, c.source.Remove("k"))
		wait(time.Second)
		_, err := c.Get("k")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		require.False(t, c.store.Has("k"))
		require.Zero(t, c.Info().Size)
	})
}

// TestCacheProactiveExpiry frees the room of values that are too old, also if
// nobody asks for them again and there is no limit.
func TestCacheProactiveExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{MaxAge: time.Second, CacheOnSet: true})
		for i := range 10 {
			require.NoError(t, c.Set(fmt.Sprint(i), bytesDict(1, 10)))
			wait(300 * time.Millisecond)
			require.LessOrEqual(t, c.store.Len(), 4)
			c.consistent(t)
		}
		require.Equal(t, []string{"6", "7", "8", "9"}, c.keys())
		require.EqualValues(t, 6, c.CacheStats().Expirations)
	})
}

// TestCacheAgeOfKey gives keys ages of their own.
func TestCacheAgeOfKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ages := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour}
		c := newCache(t, soastore.CacheOptions{
			MaxAge: time.Second, // not for any key: AgeOf decides
			AgeOf:  func(key string) time.Duration { return ages[key] },
		})
		expect := func(reads int64) {
			t.Helper()
			for _, key := range []string{"minute", "hour", "ever"} {
				c.gets(t, key, 1, 10)
			}
			require.Equal(t, reads, c.sourceReads())
		}
		for _, key := range []string{"minute", "hour", "ever"} {
			c.setPast(t, key, 1, 10)
		}
		expect(3)
		wait(59 * time.Second)
		expect(3)
		wait(time.Second)
		expect(4)
		wait(time.Hour)
		expect(6)
		wait(1000 * time.Hour)
		expect(8)
	})
}

// TestCacheNegative remembers for a while which keys there are not.
func TestCacheNegative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{NegativeAge: time.Second})
		absent := func() {
			t.Helper()
			_, err := c.Get("k")
			require.ErrorIs(t, err, soastore.ErrNotFound)
			require.ErrorContains(t, err, `get "k"`)
		}
		absent()
		c.setPast(t, "k", 1, 10)
		absent()
		_, err := c.GetField("k", "first")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		st := c.CacheStats()
		require.Equal(t, [3]int64{2, 2, 1}, [3]int64{st.Hits, st.Negative, st.Misses})
		require.Equal(t, 1, c.Info().Absent)
		require.True(t, c.Has("k"), "Has asks the source")
		wait(time.Second)
		c.gets(t, "k", 1, 10)

		require.NoError(t, c.Remove("k"))
		absent()
		require.NoError(t, c.Set("k", bytesDict(2, 10)))
		c.gets(t, "k", 2, 10) // Set through the cache is seen at once
		require.NoError(t, c.Clear())
		absent()
	})
}

// TestCacheNegativeBounded asks for more absent keys than are remembered.
func TestCacheNegativeBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, soastore.CacheOptions{NegativeAge: time.Second})
		for i := range 10_500 {
			_, err := c.Get(fmt.Sprint(i))
			require.ErrorIs(t, err, soastore.ErrNotFound)
		}
		require.Equal(t, 10_000, c.Info().Absent)
		wait(time.Second)
		_, err := c.Get("one more")
		require.ErrorIs(t, err, soastore.ErrNotFound)
		require.Equal(t, 1, c.Info().Absent)
	})
}
