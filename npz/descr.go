package npz

import (
	"slices"

	"github.com/soastore/soa"
)

// codes are NumPy's names of the element types in a descr, after the character
// for the byte order: '<' least significant byte first, '>' most significant
// first, '|' for single bytes, which have none.
var codes = []string{
	soa.Bool: "b1",
	soa.Int8: "i1", soa.Int16: "i2", soa.Int32: "i4", soa.Int64: "i8",
	soa.Uint8: "u1", soa.Uint16: "u2", soa.Uint32: "u4", soa.Uint64: "u8",
	soa.Float16: "f2", soa.Float32: "f4", soa.Float64: "f8",
	soa.Complex64: "c8", soa.Complex128: "c16",
}

// parseDescr returns the element type of a descr, Invalid for one that package
// soa does not have.
func parseDescr(descr string) (dtype soa.DType, bigEndian bool) {
	if len(descr) < 2 {
		return soa.Invalid, false
	}
	dtype = soa.DType(max(0, slices.Index(codes, descr[1:])))
	switch order := descr[0]; {
	case order == '<' || order == '|' && dtype.Size() == 1:
		return dtype, false
	case order == '>':
		return dtype, dtype.Size() > 1
	}
	return soa.Invalid, false
}

// descrOf returns the descr of elements of the given type in native order.
func descrOf(dtype soa.DType) string {
	switch {
	case dtype.Size() == 1:
		return "|" + codes[dtype]
	case soa.NativeBigEndian():
		return ">" + codes[dtype]
	}
	return "<" + codes[dtype]
}
