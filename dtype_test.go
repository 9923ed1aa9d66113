package soa_test

import (
	"testing"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// Element types of the tests' own, as users have them.
type (
	ID    int64
	Flags uint16
	Alive bool
	Half  soa.F16 // its underlying type is uint16, and so it counts as one
)

func size[T soa.Element]() int { var zero T; return int(unsafe.Sizeof(zero)) }

func align[T soa.Element]() int { var zero T; return int(unsafe.Alignof(zero)) }

func TestDTypes(t *testing.T) {
	tests := []struct {
		dtype       soa.DType
		name        string
		have        soa.DType
		size, align int
		class       string
	}{
		{soa.Bool, "bool", soa.DTypeOf[bool](), size[bool](), align[bool](), "bool"},
		{soa.Int8, "int8", soa.DTypeOf[int8](), size[int8](), align[int8](), "signed"},
		{soa.Int16, "int16", soa.DTypeOf[int16](), size[int16](), align[int16](), "signed"},
		{soa.Int32, "int32", soa.DTypeOf[int32](), size[int32](), align[int32](), "signed"},
		{soa.Int64, "int64", soa.DTypeOf[int64](), size[int64](), align[int64](), "signed"},
		{soa.Uint8, "uint8", soa.DTypeOf[uint8](), size[uint8](), align[uint8](), "unsigned"},
		{soa.Uint16, "uint16", soa.DTypeOf[uint16](), size[uint16](), align[uint16](), "unsigned"},
		{soa.Uint32, "uint32", soa.DTypeOf[uint32](), size[uint32](), align[uint32](), "unsigned"},
		{soa.Uint64, "uint64", soa.DTypeOf[uint64](), size[uint64](), align[uint64](), "unsigned"},
		{soa.Float16, "float16", soa.DTypeOf[soa.F16](), size[soa.F16](), align[soa.F16](), "float"},
		{soa.Float32, "float32", soa.DTypeOf[float32](), size[float32](), align[float32](), "float"},
		{soa.Float64, "float64", soa.DTypeOf[float64](), size[float64](), align[float64](), "float"},
		{soa.Complex64, "complex64", soa.DTypeOf[complex64](), size[complex64](), align[complex64](), "complex"},
		{soa.Complex128, "complex128", soa.DTypeOf[complex128](), size[complex128](), align[complex128](), "complex"},
	}
	for _, test := range tests {
		d := test.dtype
		require.Equal(t, d, test.have, test.name)
		require.Equal(t, test.name, d.String())
		require.Equal(t, test.size, d.Size(), test.name)
		require.Equal(t, test.align, d.Align(), test.name)
		require.True(t, d.Valid(), test.name)
		require.Equal(t, test.class == "signed", d.IsSigned(), test.name)
		require.Equal(t, test.class == "unsigned", d.IsUnsigned(), test.name)
		require.Equal(t, test.class == "float", d.IsFloat(), test.name)
		require.Equal(t, test.class == "complex", d.IsComplex(), test.name)
		parsed, ok := soa.ParseDType(test.name)
		require.True(t, ok)
		require.Equal(t, d, parsed)
	}
}

func TestNamedElementTypes(t *testing.T) {
	require.Equal(t, soa.Int64, soa.DTypeOf[ID]())
	require.Equal(t, soa.Uint16, soa.DTypeOf[Flags]())
	require.Equal(t, soa.Bool, soa.DTypeOf[Alive]())
	require.Equal(t, soa.Uint16, soa.DTypeOf[Half]())
}

func TestInvalidDTypes(t *testing.T) {
	for _, d := range []soa.DType{soa.Invalid, soa.Complex128 + 1, 255} {
		require.False(t, d.Valid())
		require.False(t, d.IsFloat() || d.IsComplex() || d.IsSigned() || d.IsUnsigned())
		require.Zero(t, d.Size())
		require.Equal(t, 1, d.Align())
		require.Equal(t, "invalid", d.String())
	}
	for _, name := range []string{"", "invalid", "int", "Float32", "f4", " int8"} {
		d, ok := soa.ParseDType(name)
		require.False(t, ok, name)
		require.Equal(t, soa.Invalid, d)
	}
}

func TestNativeBigEndian(t *testing.T) {
	first := soa.Of([]uint16{1}).Bytes()[0]
	require.Equal(t, first == 0, soa.NativeBigEndian())
}
