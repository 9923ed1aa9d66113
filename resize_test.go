package soa_test

import (
	"bytes"
	"runtime"
	"testing"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestResizeReusesMemory(t *testing.T) {
	a := must(soa.New(soa.Float64, 100))
	small := must(a.Resize(soa.Float32, 7, 3))
	require.Equal(t, "float32[7 3]", small.String())
	require.True(t, sharesMemory(a, small))
	back := must(small.Resize(soa.Int64, 100))
	require.True(t, sharesMemory(a, back), "it can grow back")
	require.Equal(t, 100, back.Len())
	larger := must(back.Resize(soa.Float64, 101))
	require.False(t, sharesMemory(a, larger))
	require.Equal(t, make([]float64, 101), values[float64](t, larger))
	require.True(t, sharesMemory(a, must(must(a.Resize(soa.Int8, 0)).Resize(soa.Float64, 100))), "from nothing too")
}

func TestResizeToTheSameIsTheSame(t *testing.T) {
	a := soa.Shaped([]int8{1, 2, 3, 4}, 2, 2)
	require.Zero(t, testing.AllocsPerRun(10, func() { a = must(a.Resize(soa.Int8, 2, 2)) }))
	require.Equal(t, []int8{1, 2, 3, 4}, values[int8](t, a))
}

// What lies behind the caller's slice is not the array's.
func TestResizeStaysWithinWhatItWasGiven(t *testing.T) {
	whole := make([]int32, 8)
	for name, part := range map[string]soa.Array{
		"Of":        soa.Of(whole[:4]),
		"Shaped":    soa.Shaped(whole[:4], 2, 2),
		"FromBytes": must(soa.FromBytes(soa.Int32, soa.Of(whole).Bytes()[:16], 4)),
		"Slice":     soa.Of(whole).Slice(0, 4),
		"Marshal":   column(must(soa.Marshal(struct{ X []int32 }{whole[:4]})), "X"),
	} {
		require.True(t, sharesMemory(part, must(part.Resize(soa.Int32, 3))), name)
		grown := must(part.Resize(soa.Int32, 5))
		require.False(t, sharesMemory(part, grown), name)
	}
}

func TestResizeLooksAtTheAlignment(t *testing.T) {
	words := soa.Of(make([]uint64, 4)).Bytes()
	odd := must(soa.FromBytes(soa.Int8, words[1:17], 16))
	require.True(t, sharesMemory(odd, must(odd.Resize(soa.Uint8, 4, 4))))
	floats := must(odd.Resize(soa.Float64, 2))
	require.False(t, sharesMemory(odd, floats))
	require.Equal(t, []float64{0, 0}, values[float64](t, floats))

	even := must(soa.FromBytes(soa.Int8, words[8:24], 16))
	require.True(t, sharesMemory(even, must(even.Resize(soa.Float64, 2))), "aligned, though its type needs it not")
}

func TestResizeToBoolGivesBools(t *testing.T) {
	a := soa.Of([]uint8{7, 8, 9, 10, 11})
	b := must(a.Resize(soa.Bool, 2))
	b = must(b.Resize(soa.Bool, 5))
	_, err := soa.FromBytes(soa.Bool, b.Bytes(), 5)
	require.NoError(t, err)
}

// Whatever an array was, Resize gives the type and shape asked for, every element
// of which can be written and read back.
func TestResizeModel(t *testing.T) {
	dtypes := rapid.Custom(func(t *rapid.T) soa.DType {
		return soa.DType(rapid.IntRange(int(soa.Bool), int(soa.Complex128)).Draw(t, "dtype"))
	})
	shapes := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		var a soa.Array
		room := 0 // bytes of a's memory
		t.Repeat(map[string]func(*rapid.T){
			"resize": func(t *rapid.T) {
				dtype, dims := dtypes.Draw(t, "to"), shapes.Draw(t, "dims")
				want := 1
				for _, d := range dims {
					want *= d
				}
				b, err := a.Resize(dtype, dims...)
				require.NoError(t, err)
				require.Equal(t, dtype, b.DType())
				require.Equal(t, len(dims), b.NDim())
				require.Equal(t, want, b.Len())
				require.Equal(t, want*dtype.Size(), b.NBytes())
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(b.Bytes())))%uintptr(dtype.Align()))
				reused := b.NBytes() <= room && (a.DType() != soa.Bool || dtype == soa.Bool)
				if b.NBytes() > 0 && a.NBytes() > 0 {
					require.Equal(t, reused, sharesMemory(a, b), "arrays of New are aligned for all")
				}
				require.Equal(t, b.NBytes(), cap(b.Bytes()), "an append must not write to what another array has")
				if !reused {
					room = b.NBytes()
				}
				for i := range b.Bytes() {
					b.Bytes()[i] = 1
				}
				a = b
			},
		})
	})
}

// Large arrays that Resize makes are aligned for every type, owned by nobody else,
// and survive the garbage collector.
func TestResizeLarge(t *testing.T) {
	for _, rows := range []int{8191, 8192, 8193, 100_001, 3_000_000} {
		arrays := make([]soa.Array, 6)
		for i := range arrays {
			arrays[i] = must(soa.Array{}.Resize(soa.Complex128, rows))
			require.Equal(t, 16*rows, len(arrays[i].Bytes()))
			require.Equal(t, 16*rows, cap(arrays[i].Bytes()))
			for k := range arrays[i].Bytes() {
				arrays[i].Bytes()[k] = byte(i)
			}
			runtime.GC()
		}
		for i, a := range arrays {
			require.Equal(t, bytes.Repeat([]byte{byte(i)}, 16*rows), a.Bytes())
		}
	}
	ones := must(must(soa.Array{}.Resize(soa.Uint8, 1<<20)).Resize(soa.Bool, 1<<20))
	require.Equal(t, make([]byte, 1<<20), ones.Bytes(), "bools are cleared")
}
