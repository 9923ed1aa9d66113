package soa

import (
	"reflect"
	"unsafe"
)

// DType is the type of an array's elements. Its String is NumPy's name for it.
type DType uint8

// The element types. Bool is one byte, 0 or 1. Float16 is IEEE 754 binary16.
// Complex numbers are two floats, the real part first.
const (
	Invalid DType = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float16
	Float32
	Float64
	Complex64
	Complex128
	numDTypes
)

var dtypes = [numDTypes]struct {
	name string
	size int
}{
	Invalid:    {"invalid", 0},
	Bool:       {"bool", 1},
	Int8:       {"int8", 1},
	Int16:      {"int16", 2},
	Int32:      {"int32", 4},
	Int64:      {"int64", 8},
	Uint8:      {"uint8", 1},
	Uint16:     {"uint16", 2},
	Uint32:     {"uint32", 4},
	Uint64:     {"uint64", 8},
	Float16:    {"float16", 2},
	Float32:    {"float32", 4},
	Float64:    {"float64", 8},
	Complex64:  {"complex64", 8},
	Complex128: {"complex128", 16},
}

// Size returns the bytes of one element, 0 for Invalid.
func (d DType) Size() int {
	if d >= numDTypes {
		return 0
	}
	return dtypes[d].size
}

// Align returns the alignment in bytes that an element needs in memory.
func (d DType) Align() int {
	switch d {
	case Complex64, Complex128:
		return d.Size() / 2
	}
	return max(d.Size(), 1)
}

// String returns NumPy's name of the type, for example "float32".
func (d DType) String() string {
	if d >= numDTypes {
		return "invalid"
	}
	return dtypes[d].name
}

// Valid reports whether d is one of the element types.
func (d DType) Valid() bool { return d > Invalid && d < numDTypes }

// IsFloat reports whether d is a real floating-point type.
func (d DType) IsFloat() bool { return d >= Float16 && d <= Float64 }

// IsComplex reports whether d is a complex type.
func (d DType) IsComplex() bool { return d == Complex64 || d == Complex128 }

// IsSigned reports whether d is a signed integer type.
func (d DType) IsSigned() bool { return d >= Int8 && d <= Int64 }

// IsUnsigned reports whether d is an unsigned integer type.
func (d DType) IsUnsigned() bool { return d >= Uint8 && d <= Uint64 }

// ParseDType returns the element type that String names so, and whether there
// is one.
func ParseDType(name string) (DType, bool) {
	for d := Bool; d < numDTypes; d++ {
		if dtypes[d].name == name {
			return d, true
		}
	}
	return Invalid, false
}

// Element is a Go type that can be an array's element: a type of its own with
// one of these underlying types too, for example "type ID int64". A Go int is
// not among them, because its size depends on the machine: use int64.
type Element interface {
	~bool | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 |
		~float32 | ~float64 | ~complex64 | ~complex128
}

// DTypeOf returns the element type of T. It is Float16 for [F16] and Uint16 for
// every other type whose underlying type is uint16.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int64:
		return Int64
	case int32:
		return Int32
	}
	return dtypeOf(reflect.TypeFor[T]())
}

var f16Type = reflect.TypeFor[F16]()

var kinds = [reflect.UnsafePointer + 1]DType{
	reflect.Bool: Bool,
	reflect.Int8: Int8, reflect.Int16: Int16, reflect.Int32: Int32, reflect.Int64: Int64,
	reflect.Uint8: Uint8, reflect.Uint16: Uint16, reflect.Uint32: Uint32, reflect.Uint64: Uint64,
	reflect.Float32: Float32, reflect.Float64: Float64,
	reflect.Complex64: Complex64, reflect.Complex128: Complex128,
}

// dtypeOf returns Invalid for a type that is not an Element.
func dtypeOf(t reflect.Type) DType {
	if t == f16Type {
		return Float16
	}
	return kinds[t.Kind()]
}

// NativeBigEndian reports whether this machine stores the most significant byte
// first. Arrays are always in native order; file formats convert.
func NativeBigEndian() bool { return nativeBigEndian }

var nativeBigEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 0
}()
