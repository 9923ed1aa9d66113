package soastore

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

// drawDict returns up to some columns of every kind: empty, of few bytes, of two
// dimensions, and at times one that makes the value a large one.
func drawDict(t *rapid.T) *soa.Dict {
	d := soa.NewDict()
	for i := range rapid.IntRange(0, 12).Draw(t, "columns") {
		n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(4, 2000), rapid.Just(manyBytes/8)).Draw(t, "rows")
		step := rapid.SampledFrom([]int{0, 1, 977}).Draw(t, "step")
		x, y := make([]int64, n), make([]float32, 2*n)
		for k := range n {
			x[k], y[k], y[n+k] = int64(k*step), float32(k*step), 1
		}
		a := soa.Of(x)
		if rapid.Bool().Draw(t, "float") {
			var err error
			a, err = soa.Of(y).Reshape(n, 2)
			require.NoError(t, err)
		}
		d.Set(fmt.Sprint("column", i), a)
	}
	return d
}

// TestPacked: what is read is what was packed, whatever becomes of that, in any order
// of the columns, of values that are small and of others.
func TestPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDict(t)
		want := d.Clone()
		codecOf, err := memoryCodec(rapid.SampledFrom([]string{"auto", "lz4", "zstd", "blosc"}).Draw(t, "codec"))
		require.NoError(t, err)
		p, err := pack(d, codecOf)
		require.NoError(t, err)
		size := 0
		for i, a := range p.arrays {
			size += len(a.bytes)
			before, _ := d.Get(p.names[i])
			clear(before.Bytes())
			require.LessOrEqual(t, len(a.bytes), a.plain+rawBytes)
		}
		require.EqualValues(t, size, p.size)
		names := rapid.Permutation(d.Names()).Draw(t, "order")
		names = names[:rapid.IntRange(0, len(names)).Draw(t, "fields")]
		got := soa.NewDict()
		require.NoError(t, packedReader{p}.read(context.Background(), got, names))
		require.Equal(t, len(names), got.Len())
		for _, name := range names {
			a, _ := got.Get(name)
			b, _ := want.Get(name)
			require.True(t, a.Equal(b), name)
		}
	})
}

// TestPackedDamaged: an array that does not decode is an error that names it, in a
// small value and in another, and what was to be read into is as it was.
func TestPackedDamaged(t *testing.T) {
	codecOf, err := memoryCodec("lz4")
	require.NoError(t, err)
	for _, rows := range []int{100, manyBytes} {
		d := soa.NewDict()
		d.Set("first", soa.Of(make([]int64, rows)))
		d.Set("second", soa.Of(make([]int64, rows)))
		p, err := pack(d, codecOf)
		require.NoError(t, err)
		p.arrays[1].bytes = slices.Clone(p.arrays[1].bytes)
		p.arrays[1].bytes[0] ^= 1
		into := soa.NewDict()
		err = packedReader{p}.read(context.Background(), into, d.Names())
		require.ErrorIs(t, err, codec.ErrFormat)
		require.ErrorContains(t, err, `"second"`)
		require.Zero(t, into.Len())

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorIs(t, packedReader{p}.read(ctx, into, d.Names()), context.Canceled)
	}
}
