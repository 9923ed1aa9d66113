package tier

import (
	"testing"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// TestVictimsArePacked: columns that packing makes smaller are packed, others go below.
func TestVictimsArePacked(t *testing.T) {
	tt := newTiers(t, Options{Memory: 2000, Compressed: 1000})
	d := smooth(1, 1000)
	d.Set("noise", soa.Of(noise(1, 1000)))
	tt.put(t, "x", d)
	tt.put(t, "y", smooth(2, 2000))
	p, _ := tt.Where("x")
	require.Equal(t, Place{Packed: []string{"a"}, Absent: []string{"noise"}, Below: true, Disk: p.Disk}, p)
	s := tt.Stats()
	require.Less(t, s.Compressed.Stored, s.Compressed.Raw/2)
	require.EqualValues(t, 2, s.Memory.Evictions)
	tt.check(t, true)
	tt.whole(t)
	tt.get(t, "x", "a") // which packs y
	require.EqualValues(t, 1, tt.Stats().Compressed.Hits)
	require.EqualValues(t, 1, tt.Stats().Memory.Promotions)
	p, _ = tt.Where("x")
	require.Equal(t, []string{"a"}, p.Raw)
	tt.get(t, "y")
	tt.check(t, true)
	tt.whole(t)
}

// TestSmallStaysRaw: what is smaller than a codec's header is never encoded.
func TestSmallStaysRaw(t *testing.T) {
	tt := inMemory(t, Options{Compressed: 36})
	d := soa.NewDict()
	d.Set("scalar", soa.Shaped([]float64{3}))
	d.Set("none", soa.Of([]int32{}))
	d.Set("pair", soa.Of([]int64{1, 2}))
	tt.put(t, "x", d)
	require.EqualValues(t, 24, tt.Stats().Compressed.Stored)
	tt.get(t, "x")
	require.ErrorIs(t, tt.tryPut(t, background, "y", d), ErrNoSpace)
	tt.check(t, true)
	tt.whole(t)
}

// TestShapesSurvivePacking: any type and shape comes back.
func TestShapesSurvivePacking(t *testing.T) {
	tt := inMemory(t, Options{Compressed: -1})
	d := soa.NewDict()
	d.Set("matrix", soa.Shaped(make([]complex64, 600), 20, 30))
	d.Set("bools", soa.Of(make([]bool, 1000)))
	d.Set("empty", soa.Shaped([]float32{}, 0, 3))
	d.Set("noise", soa.Of(noise(1, 500)))
	tt.put(t, "x", d)
	tt.get(t, "x")
	into := soa.NewDict()
	into.Set("bools", soa.Of(make([]bool, 1000)))
	memory, _ := into.Get("bools")
	require.NoError(t, tt.Read(background, "x", into, []string{"noise", "bools", "matrix", "empty"}))
	tt.equal(t, "x", []string{"noise", "bools", "matrix", "empty"}, into)
	bools, _ := into.Get("bools")
	require.Same(t, &memory.Bytes()[0], &bools.Bytes()[0])
	got, _ := into.Get("noise") // the caller's own
	clear(got.Bytes())
	tt.whole(t)
}

// TestNothingBelow: noise too stays in compressed memory if there is nowhere else for
// it, and what is packed and what is raw use both budgets.
func TestNothingBelow(t *testing.T) {
	tt := inMemory(t, Options{Memory: 1000, Compressed: 500})
	tt.put(t, "x", noisy(1, 500))
	tt.put(t, "y", noisy(2, 500))
	tt.put(t, "z", noisy(3, 500))
	p, _ := tt.Where("x")
	require.Equal(t, Place{Packed: []string{"a"}}, p)
	err := tt.tryPut(t, background, "w", noisy(4, 500))
	var full *NoSpaceError
	require.ErrorAs(t, err, &full)
	require.EqualValues(t, 500, full.Bytes)
	require.Error(t, full.Memory)
	require.Error(t, full.Compressed)
	require.NoError(t, full.Below)
	require.NoError(t, tt.Flush(background))
	tt.check(t, true)
	tt.whole(t)
	tt.remove(t, "x")
	tt.put(t, "w", noisy(4, 500))
	tt.check(t, true)
	tt.whole(t)
}

// TestCompressedMakesRoomInOrder: what is packed goes below in the same order.
func TestCompressedMakesRoomInOrder(t *testing.T) {
	b, err := lz4(soa.Uint8).Encode(nil, make([]byte, 1000), 1)
	require.NoError(t, err)
	tt := newTiers(t, Options{Memory: 1000, Compressed: int64(2*len(b)) + 1})
	for i, id := range []string{"x", "y", "z", "w", "v"} {
		tt.put(t, id, smooth(byte(i), 1000))
	}
	require.Equal(t, []string{"w", "z"}, tt.where(t, func(p Place) bool { return p.Packed != nil }))
	require.Equal(t, []string{"x", "y"}, tt.files.recorded(&tt.files.puts))
	tt.check(t, true)
	tt.whole(t)
}

// TestHeavyIsPacked: a value heavier than raw memory is packed if that is small enough,
// and else goes below.
func TestHeavyIsPacked(t *testing.T) {
	tt := newTiers(t, Options{Memory: 1000, Compressed: 1000})
	tt.put(t, "x", smooth(1, 5000, 5000))
	tt.put(t, "y", noisy(1, 1000, 5000))
	p, _ := tt.Where("x")
	require.Equal(t, Place{Packed: []string{"a", "b"}}, p)
	require.Equal(t, []string{"y"}, tt.below(t))
	tt.get(t, "x")
	tt.get(t, "x", "a") // heavier than raw memory on its own: it stays packed
	require.Zero(t, tt.Stats().Memory.Promotions)
	tt.check(t, true)
	tt.whole(t)
}

// TestPartlyPackedIsPutBelowWhole: what is below has all columns, wherever they were.
func TestPartlyPackedIsPutBelowWhole(t *testing.T) {
	tt := newTiers(t, Options{Memory: 1500, Compressed: 1000})
	tt.put(t, "x", smooth(1, 500, 500, 500))
	tt.get(t, "x", "c")
	tt.put(t, "y", smooth(9, 1000))
	p, _ := tt.Where("x")
	require.Equal(t, Place{Raw: []string{"c"}, Packed: []string{"a", "b"}}, p)
	require.NoError(t, tt.Flush(background))
	require.Equal(t, []string{"x", "y"}, tt.files.has(t))
	tt.check(t, true)
	tt.whole(t)
}
