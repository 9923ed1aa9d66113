// Package render writes values, tables and JSON.
package render

import (
	"fmt"
	"math"
	"strconv"

	"github.com/soastore/soa"
)

// How elements are written. Everything reads back with the same bits, at the
// element's own precision or any greater one:
//
//	integers        their digits
//	bools           true, false
//	floats          the fewest digits that name the number; -0.0 for minus zero
//	infinities      Infinity, -Infinity
//	NaN             NaN for the quiet one without a payload, -NaN for the same
//	                with the sign set, else NaN(0x...) with its bits
//	complex         1+2j
//
// In JSON, which has no such numbers, NaNs and infinities are strings, and a
// complex number is [real, imaginary].

// Text returns a function that appends the text of a's i-th element.
func Text(a soa.Array) func(dst []byte, i int) []byte {
	switch a.DType() {
	case soa.Bool:
		return each(a, strconv.AppendBool)
	case soa.Int8:
		return each(a, appendInt[int8])
	case soa.Int16:
		return each(a, appendInt[int16])
	case soa.Int32:
		return each(a, appendInt[int32])
	case soa.Int64:
		return each(a, appendInt[int64])
	case soa.Uint8:
		return each(a, appendUint[uint8])
	case soa.Uint16:
		return each(a, appendUint[uint16])
	case soa.Uint32:
		return each(a, appendUint[uint32])
	case soa.Uint64:
		return each(a, appendUint[uint64])
	case soa.Float16:
		return each(a, appendFloat16)
	case soa.Float32:
		return each(a, appendFloat32)
	case soa.Float64:
		return each(a, appendFloat64)
	case soa.Complex64, soa.Complex128:
		return complexText(a)
	}
	return func(dst []byte, _ int) []byte { return append(dst, '?') } // an array of no type has no elements
}

// JSON is Text for JSON.
func JSON(a soa.Array) func(dst []byte, i int) []byte {
	text := Text(a)
	switch {
	case a.DType().IsFloat():
		return func(dst []byte, i int) []byte { return quoted(dst, text, i) }
	case a.DType().IsComplex():
		part := JSON(Parts(a))
		return func(dst []byte, i int) []byte {
			dst = append(part(append(dst, '['), 2*i), ',')
			return append(part(dst, 2*i+1), ']')
		}
	}
	return text
}

// Parts returns a complex array as the array of its real and imaginary parts,
// with a last dimension of 2 for them, and any other array as it is.
func Parts(a soa.Array) soa.Array {
	if !a.DType().IsComplex() {
		return a
	}
	part := soa.Float32
	if a.DType() == soa.Complex128 {
		part = soa.Float64
	}
	shape := append(append([]int{}, a.Shape()...), 2)
	p, err := soa.FromBytes(part, a.Bytes(), shape...)
	if err != nil {
		panic(err) // two floats have a complex number's size and alignment
	}
	return p
}

func each[T soa.Element](a soa.Array, f func([]byte, T) []byte) func([]byte, int) []byte {
	s, err := soa.Values[T](a)
	if err != nil {
		panic(err) // the caller looked at the type
	}
	return func(dst []byte, i int) []byte { return f(dst, s[i]) }
}

func appendInt[T int8 | int16 | int32 | int64](dst []byte, v T) []byte {
	return strconv.AppendInt(dst, int64(v), 10)
}

func appendUint[T uint8 | uint16 | uint32 | uint64](dst []byte, v T) []byte {
	return strconv.AppendUint(dst, uint64(v), 10)
}

func appendFloat16(dst []byte, v soa.F16) []byte {
	if v&0x7fff > 0x7c00 {
		return appendNaN(dst, uint64(v), 0x7e00, 4)
	}
	return appendFloat32(dst, v.Float32())
}

func appendFloat32(dst []byte, v float32) []byte {
	if v != v {
		return appendNaN(dst, uint64(math.Float32bits(v)), 0x7fc00000, 8)
	}
	start := len(dst)
	dst = appendNumber(dst, float64(v), 32)
	// Who reads these digits as a float64 and then rounds, as Python does, may get
	// a neighbour: 7.038531e-26 is one such number. More digits prevent it.
	if f, err := strconv.ParseFloat(string(dst[start:]), 64); err != nil || float32(f) != v {
		return appendNumber(dst[:start], float64(v), 64)
	}
	return dst
}

func appendFloat64(dst []byte, v float64) []byte {
	if v != v {
		return appendNaN(dst, math.Float64bits(v), 0x7ff8000000000000, 16)
	}
	return appendNumber(dst, v, 64)
}

// appendNumber appends what is not NaN.
func appendNumber(dst []byte, v float64, bits int) []byte {
	switch abs := math.Abs(v); {
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	case v == 0 && math.Signbit(v):
		return append(dst, "-0.0"...) // JSON readers take -0 for an integer
	case v != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(dst, v, 'e', -1, bits)
	default:
		return strconv.AppendFloat(dst, v, 'f', -1, bits)
	}
}

// appendNaN appends a NaN of so many hexadecimal digits, of which plain is the
// usual one.
func appendNaN(dst []byte, bits, plain uint64, digits int) []byte {
	sign := uint64(1) << (4*digits - 1)
	switch bits {
	case plain:
		return append(dst, "NaN"...)
	case plain | sign:
		return append(dst, "-NaN"...)
	}
	return fmt.Appendf(dst, "NaN(0x%0*x)", digits, bits)
}

func complexText(a soa.Array) func([]byte, int) []byte {
	part := Text(Parts(a))
	return func(dst []byte, i int) []byte {
		dst = part(dst, 2*i)
		im := part(nil, 2*i+1)
		if im[0] != '-' {
			dst = append(dst, '+')
		}
		return append(append(dst, im...), 'j')
	}
}

// quoted appends an element in quotes if it is no number.
func quoted(dst []byte, text func([]byte, int) []byte, i int) []byte {
	start := len(dst)
	dst = text(append(dst, '"'), i)
	if c := dst[len(dst)-1]; c >= '0' && c <= '9' {
		return append(dst[:start], dst[start+1:]...)
	}
	return append(dst, '"')
}
