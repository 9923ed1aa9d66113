package npz

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

func at(a soa.Array) *byte { return unsafe.SliceData(a.Bytes()) }

func TestReadSelection(t *testing.T) {
	ctx, r := context.Background(), reader(t, written(t, small(), Options{}))
	into := dict("stale", soa.Of([]int8{1}), "x", soa.Of([]float32{9}))
	require.NoError(t, r.Read(ctx, into, "ok", "x"))
	want, err := small().Select("ok", "x")
	require.NoError(t, err)
	requireDict(t, want, into) // in this order, and nothing stale

	require.ErrorIs(t, r.Read(ctx, into, "x", "absent"), soa.ErrField)
	require.ErrorIs(t, r.Read(ctx, into, "x", "x"), soa.ErrField)
	_, err = r.View(ctx, nil, "x")
	require.ErrorIs(t, err, ErrFormat)
	_, err = r.Field("absent")
	require.ErrorIs(t, err, soa.ErrField)
	requireDict(t, want, into)
	require.True(t, r.Has("x"))
	require.False(t, r.Has("absent"))
}

// Reading again into the same Dict reuses its arrays.
func TestReadReusesMemory(t *testing.T) {
	limit := uint64(256 << 10)
	if raceEnabled {
		limit = 1 << 20 // it makes pools forget
	}
	for _, level := range []int{0, 1} {
		d := large()
		r := reader(t, written(t, d, Options{Level: level}))
		into := d.Clone()
		for _, a := range into.All() {
			clear(a.Bytes())
		}
		before := into.Share()
		cost := allocated(func() { require.NoError(t, r.Read(context.Background(), into)) })
		requireDict(t, d, into)
		require.Less(t, cost, limit, "bytes allocated: large() has 1.5 MB")
		for name, a := range into.All() {
			b, _ := before.Get(name)
			require.Same(t, at(b), at(a), name)
		}
	}
}

// What a small value costs depends on neither its bytes nor, but for the shapes that
// are read, the number of its fields.
func TestFewAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	ctx, d := context.Background(), columns()
	file := written(t, d, Options{})
	src := bytes.NewReader(file)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		_, err := Write(ctx, inPlace(file), d, Options{})
		require.NoError(t, err)
	}), 4.0)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		r, err := NewReader(src, int64(len(file)))
		require.NoError(t, err)
		require.NoError(t, r.Read(ctx, d))
	}), 10.0+float64(d.Len()))
}

// View aliases what it can, and never with a CRC-32 or a bool unchecked unless
// asked to.
func TestView(t *testing.T) {
	ctx, d := context.Background(), large()
	file := written(t, d, Options{})
	mem, err := soa.New(soa.Uint64, (len(file)+7)/8+1) // aligned, as a mapping is
	require.NoError(t, err)
	copied := mem.Bytes()[:len(file)]
	copy(copied, file)
	r := reader(t, copied)
	viewed, err := r.View(ctx, copied)
	require.NoError(t, err)
	requireDict(t, d, viewed)
	for name, a := range viewed.All() {
		f, err := r.Field(name)
		require.NoError(t, err)
		require.Same(t, &copied[f.Offset], at(a))
		require.Equal(t, a.NBytes(), cap(a.Bytes()), "a view must not grow into what follows")
	}

	shifted := mem.Bytes()[1:][:len(file)] // not aligned: copies
	copy(shifted, file)
	viewed, err = r.View(ctx, shifted)
	require.NoError(t, err)
	requireDict(t, d, viewed)
	x, _ := viewed.Get("x")
	inside := uintptr(unsafe.Pointer(at(x)))-uintptr(unsafe.Pointer(&shifted[0])) < uintptr(len(file))
	require.False(t, inside)
}

func TestViewChecks(t *testing.T) {
	ctx, file := context.Background(), slices.Clone(written(t, large(), Options{}))
	r := reader(t, file)
	f, err := r.Field("z")
	require.NoError(t, err)
	file[f.Offset+blockLen] ^= 1
	_, err = r.View(ctx, file)
	require.ErrorIs(t, err, ErrChecksum)
	require.ErrorContains(t, err, `"z"`)
	_, err = r.View(ctx, file, "x", "y")
	require.NoError(t, err)
	_, err = r.ViewUnchecked(ctx, file)
	require.NoError(t, err)
	require.ErrorIs(t, r.Verify(ctx), ErrChecksum)
}

// An array that deflate has made very small is read, but before memory is taken
// for it its bytes are found to be there.
func TestLargeRatio(t *testing.T) {
	a, err := soa.New(soa.Float64, 1<<20)
	require.NoError(t, err)
	file := written(t, dict("x", a), Options{Level: 9})
	require.Less(t, len(file), a.NBytes()/500)
	have, err := readAll(file)
	require.NoError(t, err)
	requireDict(t, dict("x", a), have)

	file[len(file)/2] ^= 0x55
	cost := allocated(func() { _, err = readAll(file) })
	require.Error(t, err)
	require.Less(t, cost, uint64(2*blockLen), "bytes allocated")
}
