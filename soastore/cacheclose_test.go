package soastore_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

func TestCacheReadOnly(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true})
	require.NoError(t, c.Set("k", bytesDict(1, 10)))
	v := c.ReadOnly()
	require.ErrorIs(t, v.Set("k", bytesDict(2, 10)), soastore.ErrReadOnly)
	_, err := v.Pop("k")
	require.ErrorIs(t, err, soastore.ErrReadOnly)
	require.ErrorIs(t, v.Remove("k"), soastore.ErrReadOnly)
	require.ErrorIs(t, v.Clear(), soastore.ErrReadOnly)
	require.ErrorIs(t, v.Close(), soastore.ErrReadOnly)
	hasBytes(t, v, "k", bytesDict(1, 10))
	require.Zero(t, c.sourceReads(), "what one caches the other reads")
	require.Equal(t, c.CacheStats(), v.CacheStats())
	require.Equal(t, c.Info().Values[0].Key, v.Info().Values[0].Key)
	require.NoError(t, c.Set("k", bytesDict(3, 10)))
	hasBytes(t, v, "k", bytesDict(3, 10))
	require.NoError(t, v.ClearCache())
	require.Zero(t, c.Info().Tracked)
	require.NoError(t, c.Close())
	_, err = v.Get("k")
	require.ErrorIs(t, err, soastore.ErrClosed)
}

func TestCacheClosed(t *testing.T) {
	c := newCache(t, soastore.CacheOptions{CacheOnSet: true, NegativeAge: time.Hour})
	require.NoError(t, c.Set("k", bytesDict(1, 10)))
	_, err := c.Get("absent")
	require.ErrorIs(t, err, soastore.ErrNotFound)
	require.NoError(t, c.Close())
	for _, key := range []string{"k", "absent"} {
		_, err := c.Get(key)
		require.ErrorIs(t, err, soastore.ErrClosed)
		_, err = c.GetField(key)
		require.ErrorIs(t, err, soastore.ErrClosed)
		require.ErrorIs(t, c.View(key, nil, func(*soa.Dict) error { return nil }), soastore.ErrClosed)
		require.ErrorIs(t, c.GetInto(key, soa.NewDict()), soastore.ErrClosed)
		require.ErrorIs(t, c.Set(key, bytesDict(1, 10)), soastore.ErrClosed)
		_, err = c.Pop(key)
		require.ErrorIs(t, err, soastore.ErrClosed)
		require.ErrorIs(t, c.Remove(key), soastore.ErrClosed)
	}
	require.ErrorIs(t, c.Clear(), soastore.ErrClosed)
	require.ErrorIs(t, c.Close(), soastore.ErrClosed)
	require.ErrorIs(t, c.store.Close(), soastore.ErrClosed, "Close closes the cache store too")
	require.False(t, c.Has("k"))
	require.Zero(t, c.Len())
}

func TestCacheBadOptions(t *testing.T) {
	source, store := inMemory(t), inMemory(t)
	for _, opts := range []soastore.CacheOptions{{MaxSize: -1}, {MaxAge: -1}, {NegativeAge: -1}} {
		_, err := soastore.NewCache(source, store, opts)
		require.ErrorIs(t, err, soastore.ErrOptions)
	}
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	writable, err := soastore.NewMemmap(p, soastore.Options{Path: filepath.Join(t.TempDir(), "w"), Writable: true})
	require.NoError(t, err)
	for _, pair := range [][2]soastore.Store{{source, source}, {source, nil}, {nil, store}, {writable, store}, {source, writable}} {
		_, err := soastore.NewCache(pair[0], pair[1], soastore.CacheOptions{})
		require.ErrorIs(t, err, soastore.ErrOptions)
	}
	require.NoError(t, comm.Run(2, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		shared, err := soastore.NewNPZ(p, soastore.Options{})
		if err != nil {
			return err
		}
		if _, err = soastore.NewCache(source, shared, soastore.CacheOptions{}); !errors.Is(err, soastore.ErrOptions) {
			return fmt.Errorf("a cache store of several ranks: %v", err)
		}
		return shared.Close()
	}))
	require.NoError(t, writable.Close())
}
