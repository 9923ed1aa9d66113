package genericio

import "github.com/soastore/soa"

// The element types that the C++ library reads and writes, with their flags.
var dtypeFlags = map[soa.DType]Flags{
	soa.Int8: Signed, soa.Int16: Signed, soa.Int32: Signed, soa.Int64: Signed,
	soa.Uint8: 0, soa.Uint16: 0, soa.Uint32: 0, soa.Uint64: 0,
	soa.Float32: Float | Signed, soa.Float64: Float | Signed,
}

// dtypeOf returns the element type of the given size and flags, soa.Invalid if
// there is none. A float is one whether or not it is flagged as signed.
func dtypeOf(size uint64, flags Flags) soa.DType {
	if flags&Float != 0 {
		flags |= Signed
	}
	for dtype, f := range dtypeFlags {
		if f == flags&typeFlags && uint64(dtype.Size()) == size {
			return dtype
		}
	}
	return soa.Invalid
}
