package arena

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
)

// TestLayoutsAreShared stages values that differ in all that a layout depends on from
// the one before, or in nothing: each has the layout that it has alone.
func TestLayoutsAreShared(t *testing.T) {
	key := rapid.Custom(func(t *rapid.T) string { return strings.Repeat("k", rapid.IntRange(1, 200).Draw(t, "key")) })
	array := rapid.Custom(func(t *rapid.T) soa.Array {
		dtype := rapid.SampledFrom([]soa.DType{soa.Int8, soa.Uint8, soa.Float64}).Draw(t, "dtype")
		shape := rapid.SampledFrom([][]int{{}, {0}, {8}, {2, 4}, {4, 2}, {block/8 - 60}, {block}}).Draw(t, "shape")
		arr, err := soa.New(dtype, shape...)
		require.NoError(t, err)
		return arr
	})
	rapid.Check(t, func(t *rapid.T) {
		a := new(Arena)
		d := soa.NewDict()
		for range rapid.IntRange(1, 20).Draw(t, "values") {
			if rapid.Bool().Draw(t, "changed") {
				d.Set(rapid.SampledFrom([]string{"", "x", "longer"}).Draw(t, "name"), array.Draw(t, "array"))
			}
			k := key.Draw(t, "k")
			v, err := a.newVersion(k, "stamp", d)
			require.NoError(t, err)
			alone, err := new(Arena).newVersion(k, "stamp", d)
			require.NoError(t, err)
			require.Equal(t, alone, v)
			for i := range v.fields {
				arr, _ := d.Get(v.fields[i].name)
				require.Equal(t, arr.Shape(), v.fields[i].shape)
				require.Equal(t, arr.DType(), v.fields[i].dtype)
			}
		}
	})
}

// TestLayoutIsOne is for values of the same fields, which do not hold copies of them.
func TestLayoutIsOne(t *testing.T) {
	a := new(Arena)
	v, err := a.newVersion("first", "stamp", numbers(1, 10))
	require.NoError(t, err)
	w, err := a.newVersion("other", "stamp", numbers(2, 10))
	require.NoError(t, err)
	require.Same(t, &v.fields[0], &w.fields[0])
	require.NotSame(t, &v.sums[0], &w.sums[0])
}
