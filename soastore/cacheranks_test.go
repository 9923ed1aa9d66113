package soastore_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// TestCacheOnRanks makes the same random operations on every rank, each of which
// caches in its own way.
func TestCacheOnRanks(t *testing.T) {
	testkit.NoLeaks(t)
	for _, kind := range storetest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, comm.Run(3, func(c comm.Comm) error {
				return storetest.OneRank(c, kind, dir, func(e *storetest.Env) { randomOnRank(e) })
			}))
		})
	}
}

func randomOnRank(e *storetest.Env) {
	rank := e.C.Rank()
	c := openOnRank(e)
	model := map[string]*soa.Dict{}
	rng := rand.New(rand.NewPCG(1, 2)) // the same on all ranks
	for range 60 {
		key := fmt.Sprint(rng.IntN(4))
		switch value := rng.IntN(100); rng.IntN(8) {
		case 0, 1, 2:
			model[key] = rows(value, rank, 10+value%30)
			require.NoError(e, c.Set(key, model[key]))
		case 3:
			bad := rows(value, rank, 10)
			if rank == 1 {
				bad.Clear()
			}
			e.Fails(c.Set(key, bad), soastore.ErrNoField)
		case 4:
			got, err := c.Pop(key)
			if want, ok := model[key]; ok {
				require.NoError(e, err)
				require.True(e, want.Equal(got))
			} else {
				e.Fails(err, soastore.ErrNotFound)
			}
			delete(model, key)
		default:
			if rank != 2 { // a read is each rank's own
				_, err := c.Get(key)
				require.Equal(e, model[key] == nil, errors.Is(err, soastore.ErrNotFound))
			}
		}
		for key, want := range model {
			got, err := c.Get(key)
			require.NoError(e, err)
			require.True(e, want.Equal(got))
		}
		require.Equal(e, len(model), c.Len())
		c.consistent(e)
	}
	require.Zero(e, c.CacheStats().Failures)
	require.Positive(e, c.CacheStats().Hits)
	require.NoError(e, c.Close())
	require.Empty(e, e.Left())
}

// openOnRank opens a store of the kind under test, and a cache before it with
// options of this rank's own.
func openOnRank(e *storetest.Env) cached {
	rank := e.C.Rank()
	opts := soastore.Options{Independent: true}
	if rank == 1 {
		opts.Path = filepath.Join(e.Dir, "cache")
	}
	p, err := partition.New(e.C, partition.Options{})
	require.NoError(e, err)
	store, err := soastore.NewNPZ(p, opts)
	require.NoError(e, err)
	source := e.Open(soastore.Options{CopyOnSet: true})
	c, err := soastore.NewCache(source, store, soastore.CacheOptions{MaxSize: int64(500 + 400*rank), CacheOnSet: rank == 0})
	require.NoError(e, err)
	return cached{c, source, store}
}

func rows(seed, rank, n int) *soa.Dict {
	x, id := make([]float32, n), make([]int64, n)
	for i := range n {
		x[i], id[i] = float32(seed)+float32(i)/16, int64(seed)<<32+int64(rank)<<16+int64(i)
	}
	d := soa.NewDict()
	d.Set("x", soa.Of(x))
	d.Set("id", soa.Of(id))
	return d
}
