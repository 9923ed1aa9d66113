package soa_test

import (
	"fmt"
	"math"
	"testing"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// values returns the elements of an array that is known to be of type T.
func values[T soa.Element](t require.TestingT, a soa.Array) []T {
	v, err := soa.Values[T](a)
	require.NoError(t, err)
	return v
}

// sharesMemory reports whether two arrays, neither empty, begin at one address.
func sharesMemory(a, b soa.Array) bool {
	return unsafe.SliceData(a.Bytes()) == unsafe.SliceData(b.Bytes())
}

// viewLaws checks on one slice that Values undoes Of without copying.
func viewLaws[T soa.Element](gen *rapid.Generator[T]) func(*rapid.T) {
	return func(t *rapid.T) {
		s := rapid.SliceOf(gen).Draw(t, "s")
		a := soa.Of(s)
		require.Equal(t, soa.DTypeOf[T](), a.DType())
		require.Equal(t, []int{len(s)}, a.Shape())
		require.Equal(t, len(s), a.Len())
		require.Equal(t, len(s)*size[T](), a.NBytes())

		v := values[T](t, a)
		require.NotNil(t, v)
		require.Len(t, v, len(s))
		require.Equal(t, len(v), cap(v), "an append to v must not write behind s")
		if len(s) == 0 {
			return
		}
		require.Same(t, unsafe.SliceData(s), unsafe.SliceData(v))
		i := rapid.IntRange(0, len(s)-1).Draw(t, "i")
		clone := a.Clone()
		v[i] = gen.Draw(t, "new")
		require.Equal(t, bits(s[i]), bits(v[i]))
		require.Equal(t, bits(s[i]), a.Bytes()[i*size[T]():(i+1)*size[T]()])
		require.False(t, sharesMemory(a, clone))
		values[T](t, clone)[i] = s[i]
		require.True(t, a.Equal(clone))
	}
}

// bits returns a copy of an element's bytes: NaNs compare by them.
func bits[T soa.Element](v T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))...)
}

func TestValuesUndoesOf(t *testing.T) {
	complex64s := rapid.Custom(func(t *rapid.T) complex64 {
		return complex(rapid.Float32().Draw(t, "re"), rapid.Float32().Draw(t, "im"))
	})
	complex128s := rapid.Custom(func(t *rapid.T) complex128 {
		return complex(rapid.Float64().Draw(t, "re"), rapid.Float64().Draw(t, "im"))
	})
	for name, law := range map[string]func(*rapid.T){
		"bool": viewLaws(rapid.Bool()), "int8": viewLaws(rapid.Int8()), "int16": viewLaws(rapid.Int16()),
		"int32": viewLaws(rapid.Int32()), "int64": viewLaws(rapid.Int64()), "uint8": viewLaws(rapid.Uint8()),
		"uint16": viewLaws(rapid.Uint16()), "uint32": viewLaws(rapid.Uint32()), "uint64": viewLaws(rapid.Uint64()),
		"float32": viewLaws(rapid.Float32()), "float64": viewLaws(rapid.Float64()),
		"complex64": viewLaws(complex64s), "complex128": viewLaws(complex128s),
		"F16":   viewLaws(rapid.Map(rapid.Uint16(), func(v uint16) soa.F16 { return soa.F16(v) })),
		"ID":    viewLaws(rapid.Map(rapid.Int64(), func(v int64) ID { return ID(v) })),
		"Alive": viewLaws(rapid.Map(rapid.Bool(), func(v bool) Alive { return Alive(v) })),
	} {
		t.Run(name, rapid.MakeCheck(law))
	}
}

func TestValuesOfAnotherType(t *testing.T) {
	var wrong *soa.DTypeError
	_, err := soa.Values[uint16](soa.Of([]soa.F16{1}))
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, soa.DTypeError{Have: soa.Float16, Want: soa.Uint16}, *wrong)
	require.ErrorIs(t, err, soa.ErrDType)
	require.EqualError(t, err, "soa: array has element type float16, not uint16")

	_, err = soa.Values[float64](soa.Array{})
	require.ErrorIs(t, err, soa.ErrDType)

	// A named type and its underlying type are one element type.
	require.Equal(t, []int64{7}, values[int64](t, soa.Of([]ID{7})))
	require.Equal(t, []ID{7}, values[ID](t, soa.Of([]int64{7})))
}

func TestOfUsesTheLengthOnly(t *testing.T) {
	s := make([]int32, 2, 10)
	a := soa.Of(s)
	require.Len(t, a.Bytes(), 8)
	require.Equal(t, 8, cap(a.Bytes()))
}

func TestTheZeroArray(t *testing.T) {
	var a soa.Array
	require.Equal(t, soa.Invalid, a.DType())
	require.Zero(t, a.Len())
	require.Zero(t, a.Rows())
	require.Zero(t, a.NDim())
	require.Zero(t, a.NBytes())
	require.Empty(t, a.Bytes())
	require.Equal(t, "invalid[]", a.String())
	require.True(t, a.Equal(a.Clone()))
	require.Zero(t, a.Slice(0, 0).Len())
	_, err := a.Reshape()
	require.ErrorIs(t, err, soa.ErrShape)
	b, err := a.Resize(soa.Int16, 3)
	require.NoError(t, err)
	require.Equal(t, "int16[3]", b.String())
}

func TestShapes(t *testing.T) {
	tests := []struct {
		dims            []int
		len, rows, ndim int
	}{
		{nil, 1, 1, 0},
		{[]int{}, 1, 1, 0},
		{[]int{0}, 0, 0, 1},
		{[]int{5}, 5, 5, 1},
		{[]int{2, 3}, 6, 2, 2},
		{[]int{0, 3}, 0, 0, 2},
		{[]int{3, 0}, 0, 3, 2},
		{[]int{2, 0, 4}, 0, 2, 3},
		{[]int{0, math.MaxInt, math.MaxInt}, 0, 0, 3},
		{[]int{math.MaxInt, math.MaxInt, 0}, 0, math.MaxInt, 3},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.dims), func(t *testing.T) {
			a, err := soa.New(soa.Int32, test.dims...)
			require.NoError(t, err)
			require.Equal(t, test.len, a.Len())
			require.Equal(t, test.rows, a.Rows())
			require.Equal(t, test.ndim, a.NDim())
			require.Equal(t, 4*test.len, a.NBytes())
			require.Equal(t, make([]int32, test.len), values[int32](t, a))

			b := soa.Shaped(make([]int32, test.len), test.dims...)
			require.True(t, a.Equal(b))
			c, err := soa.FromBytes(soa.Int32, a.Bytes(), test.dims...)
			require.NoError(t, err)
			require.True(t, a.Equal(c))
			require.True(t, a.Equal(a.Clone()))
			require.True(t, a.Equal(must(a.Resize(soa.Int32, test.dims...))))
			require.True(t, a.Equal(a.Slice(0, a.Rows())) || a.NDim() == 0)
		})
	}
}

func TestShapesThatCannotBe(t *testing.T) {
	some := soa.Of([]int64{1, 2})
	for _, dims := range [][]int{
		{-1}, {0, -1}, {-1, 0}, {-2, -3}, {math.MinInt},
		{math.MaxInt, 2}, {1 << 32, 1 << 32}, {math.MaxInt, math.MaxInt, 3},
		{1 << 60}, {1 << 45}, {math.MaxInt},
	} {
		_, newErr := soa.New(soa.Int64, dims...)
		_, bytesErr := soa.FromBytes(soa.Int64, make([]byte, 16), dims...)
		_, reshapeErr := some.Reshape(dims...)
		_, resizeErr := some.Resize(soa.Int64, dims...)
		for i, err := range []error{newErr, bytesErr, reshapeErr, resizeErr} {
			require.ErrorIs(t, err, soa.ErrShape, "%v, function %d", dims, i)
		}
		require.Panics(t, func() { soa.Shaped([]int64{1, 2}, dims...) })
	}
}

func TestTypesThatCannotBe(t *testing.T) {
	for _, d := range []soa.DType{soa.Invalid, 200} {
		_, err := soa.New(d, 2)
		require.ErrorIs(t, err, soa.ErrDType)
		_, err = soa.FromBytes(d, nil, 0)
		require.ErrorIs(t, err, soa.ErrDType)
		_, err = soa.Of([]int8{1}).Resize(d, 1)
		require.ErrorIs(t, err, soa.ErrDType)
		_, err = soa.Array{}.Resize(d)
		require.ErrorIs(t, err, soa.ErrDType)
	}
}

func TestFromBytes(t *testing.T) {
	words := soa.Of([]uint64{1, 2, 3}).Bytes()
	a, err := soa.FromBytes(soa.Complex128, words[8:], 1)
	require.NoError(t, err, "complex128 needs the alignment of float64")
	require.Equal(t, 1, a.Len())

	for _, n := range []int{0, 15, 17, 24} {
		_, err = soa.FromBytes(soa.Int64, words[:n], 2)
		require.ErrorIs(t, err, soa.ErrShape, n)
	}
	_, err = soa.FromBytes(soa.Float64, words[4:20], 2)
	require.ErrorIs(t, err, soa.ErrDType, "alignment")
	_, err = soa.FromBytes(soa.Int8, words[1:4], 3)
	require.NoError(t, err)
	_, err = soa.FromBytes(soa.Float64, words[1:1], 0)
	require.NoError(t, err, "no element is out of place")

	a, err = soa.FromBytes(soa.Bool, []byte{0, 1, 1}, 3)
	require.NoError(t, err)
	require.Equal(t, []bool{false, true, true}, values[bool](t, a))
	_, err = soa.FromBytes(soa.Bool, []byte{0, 1, 2}, 3)
	require.ErrorIs(t, err, soa.ErrDType)
	require.ErrorContains(t, err, "element 2 is the byte 2")
}

func TestReshapeSharesMemory(t *testing.T) {
	s := []int16{1, 2, 3, 4, 5, 6}
	a := soa.Shaped(s, 2, 3)
	b, err := a.Reshape(3, 1, 2)
	require.NoError(t, err)
	values[int16](t, b)[5] = 60
	require.EqualValues(t, 60, s[5])
	require.Equal(t, []int{2, 3}, a.Shape())

	_, err = a.Reshape(7)
	require.ErrorIs(t, err, soa.ErrShape)
	scalar, err := soa.Of([]int16{1}).Reshape()
	require.NoError(t, err)
	require.Zero(t, scalar.NDim())
}

func TestDimsStayTheCallers(t *testing.T) {
	dims := []int{2, 3}
	a := soa.Shaped(make([]int8, 6), dims...)
	b := must(soa.New(soa.Int8, dims...))
	c := must(soa.FromBytes(soa.Int8, make([]byte, 6), dims...))
	d := must(soa.Of(make([]int8, 9)).Resize(soa.Int8, dims...))
	e := a.Clone()
	dims[0] = 99
	a.Shape()[0] = 98 // forbidden, and still no other array's business
	for _, x := range []soa.Array{b, c, d, e} {
		require.Equal(t, []int{2, 3}, x.Shape())
	}
}

func TestSlice(t *testing.T) {
	s := []int16{1, 2, 3, 4, 5, 6, 7, 8}
	a := soa.Shaped(s, 4, 2)
	b := a.Slice(1, 3)
	require.Equal(t, []int{2, 2}, b.Shape())
	require.Equal(t, []int16{3, 4, 5, 6}, values[int16](t, b))
	values[int16](t, b)[0] = 30
	require.EqualValues(t, 30, s[2])
	require.Equal(t, []int16{5, 6}, values[int16](t, b.Slice(1, 2)))
	require.Zero(t, a.Slice(4, 4).Len())

	scalar := soa.Shaped(s[:1])
	require.Equal(t, "int16[1]", scalar.Slice(0, 1).String())
	require.Equal(t, "int16[0]", scalar.Slice(0, 0).String())
	require.Equal(t, "int16[2 0]", soa.Shaped([]int16{}, 5, 0).Slice(2, 4).String())
	for _, r := range [][2]int{{-1, 1}, {2, 1}, {0, 5}, {5, 5}} {
		require.Panics(t, func() { a.Slice(r[0], r[1]) }, r)
	}
	require.Panics(t, func() { scalar.Slice(0, 2) })
}

func TestEqual(t *testing.T) {
	nan := math.Float64frombits(0x7ff8000000000001)
	other := math.Float64frombits(0x7ff8000000000002)
	a := soa.Of([]float64{1, nan})
	require.True(t, a.Equal(soa.Of([]float64{1, nan})))
	require.False(t, a.Equal(soa.Of([]float64{1, other})))
	require.False(t, soa.Of([]float64{0}).Equal(soa.Of([]float64{math.Copysign(0, -1)})))
	require.False(t, a.Equal(soa.Shaped([]float64{1, nan}, 2, 1)))
	require.False(t, soa.Of([]int32{1}).Equal(soa.Of([]uint32{1})))
	require.False(t, soa.Of([]int32{}).Equal(soa.Of([]int64{})))
	require.True(t, soa.Of([]int32(nil)).Equal(soa.Of([]int32{})))
}

func TestViewsAllocateNoElements(t *testing.T) {
	s := make([]float32, 1<<16)
	a := soa.Of(s)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = soa.Values[float32](a) }))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { a = soa.Of(s) }), 1.0, "the shape")
	named := make([]ID, 100)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { a = soa.Of(named) }), 1.0)
}
