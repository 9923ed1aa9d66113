package npz

import (
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

// element is what a descr says.
type element struct {
	descr     string
	dtype     soa.DType
	bigEndian bool
}

// elements are those of the types that package soa has, by their descr.
var elements = make(map[string]element)

// native are the descrs of elements in native order, by their type.
var native = make([]string, len(codes))

func init() {
	for dtype := soa.Bool; dtype.Valid(); dtype++ {
		for _, order := range []string{"<", ">", "|"} {
			if order == "|" && dtype.Size() > 1 {
				continue
			}
			e := element{order + codes[dtype], dtype, order == ">" && dtype.Size() > 1}
			elements[e.descr] = e
			if dtype.Size() == 1 || e.bigEndian == soa.NativeBigEndian() {
				native[dtype] = e.descr // '|', the last, for single bytes
			}
		}
	}
}

// parseDescr returns the element type of a descr, Invalid for one that package
// soa does not have.
func parseDescr(descr string) (dtype soa.DType, bigEndian bool) {
	e := elements[descr]
	return e.dtype, e.bigEndian
}

// descrOf returns the descr of elements of the given type in native order.
func descrOf(dtype soa.DType) string { return native[dtype] }
