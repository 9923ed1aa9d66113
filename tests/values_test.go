package tests

import (
	"fmt"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// kindNamed returns a kind of store.
func kindNamed(name string) (storetest.Kind, error) {
	for _, k := range storetest.Kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return storetest.Kind{}, fmt.Errorf("no kind of store %q", name)
}

// fileKinds are the kinds of store that keep files, each in its own way.
func fileKinds() []storetest.Kind {
	var out []storetest.Kind
	for _, k := range storetest.Kinds {
		if k.Files && !k.Varied && !k.Tiered {
			out = append(out, k)
		}
	}
	return out
}

// block returns rows that tell whose they are: of a rank, in the value of a seed.
// A row has 16 bytes.
func block(rank, seed, rows int) *soa.Dict {
	id := make([]int64, rows)
	x := make([]float64, rows)
	for i := range rows {
		id[i] = int64(seed)<<40 | int64(rank)<<32 | int64(i)
		x[i] = float64(seed) + float64(i)/float64(rows)
	}
	d := soa.NewDict()
	d.Set("id", soa.Of(id))
	d.Set("x", soa.Of(x))
	return d
}

// seedOf returns the seed of a block, if d is one of the given rank, whole.
func seedOf(d *soa.Dict, rank, rows int) (int, error) {
	id, err := soa.Column[int64](d, "id")
	if err != nil {
		return 0, err
	}
	if len(id) != rows {
		return 0, fmt.Errorf("%v has not the %d rows of rank %d", d, rows, rank)
	}
	seed := int(id[0] >> 40)
	if !d.Equal(block(rank, seed, rows)) {
		return 0, fmt.Errorf("%v is not a value of rank %d as a whole", d, rank)
	}
	return seed, nil
}

// holds checks that key has the block of a seed.
func holds(e *storetest.Env, s storetest.Store, key string, seed, rows int) {
	d, err := s.Get(key)
	require.NoError(e, err)
	have, err := seedOf(d, e.C.Rank(), rows)
	require.NoError(e, err)
	require.Equal(e, seed, have, "key %q", key)
}
