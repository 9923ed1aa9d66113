package testkit_test

import (
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDictGenColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := testkit.DictGen(testkit.DictOptions{MaxRows: 9, MaxFields: 3}).Draw(t, "dict")
		rows, agree := d.Rows()
		require.True(t, agree)
		require.LessOrEqual(t, rows, 9)
		require.LessOrEqual(t, d.Len(), 3)
		for name, a := range d.All() {
			require.NotEmpty(t, name)
			require.Equal(t, 1, a.NDim())
			require.True(t, a.DType().IsSigned() || a.DType().IsUnsigned() || a.DType().IsFloat())
			require.NotEqual(t, soa.Float16, a.DType())
		}
	})
}

func TestDictGenRagged(t *testing.T) {
	dtypes, dims := make(map[soa.DType]bool), make(map[int]bool)
	ragged := false
	all := func() bool { return ragged && len(dtypes) == 14 && len(dims) == 4 }
	for range 100 { // rapid draws seldom with -short
		if all() {
			break
		}
		rapid.Check(t, func(t *rapid.T) {
			d := testkit.DictGen(testkit.DictOptions{Ragged: true}).Draw(t, "dict")
			if _, agree := d.Rows(); !agree {
				ragged = true
			}
			for _, a := range d.All() {
				dtypes[a.DType()] = true
				dims[a.NDim()] = true
				_, err := soa.FromBytes(a.DType(), a.Bytes(), a.Shape()...)
				require.NoError(t, err, "valid, bools too")
			}
		})
	}
	require.True(t, all(), "drawn are %v and %v dimensions", dtypes, dims)
}

func TestDictGenGivenTypes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := testkit.DictGen(testkit.DictOptions{DTypes: []soa.DType{soa.Float16}}).Draw(t, "dict")
		for _, a := range d.All() {
			require.Equal(t, soa.Float16, a.DType())
		}
	})
}

func TestRandomDictIsDeterministic(t *testing.T) {
	d := testkit.RandomDict(7, 1000)
	require.True(t, d.Equal(testkit.RandomDict(7, 1000)))
	require.False(t, d.Equal(testkit.RandomDict(8, 1000)))
	rows, agree := d.Rows()
	require.True(t, agree)
	require.Equal(t, 1000, rows)

	x, err := soa.Column[float32](d, "x")
	require.NoError(t, err)
	for _, v := range x {
		require.True(t, v >= 0 && v < 256)
	}
	ids := make(map[int64]bool)
	for _, seed := range []uint64{7, 8} {
		id, err := soa.Column[int64](testkit.RandomDict(seed, 1000), "id")
		require.NoError(t, err)
		for _, v := range id {
			ids[v] = true
		}
	}
	require.Len(t, ids, 2000)
}

func TestRandomDictOfNoRows(t *testing.T) {
	rows, agree := testkit.RandomDict(1, 0).Rows()
	require.True(t, agree)
	require.Zero(t, rows)
}
