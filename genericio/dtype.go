package genericio

import "github.com/soastore/soa"

// flagsOf returns the flags of an element type that the C++ library reads and writes;
// ok is false for others.
func flagsOf(dtype soa.DType) (flags Flags, ok bool) {
	switch dtype {
	case soa.Int8, soa.Int16, soa.Int32, soa.Int64:
		return Signed, true
	case soa.Uint8, soa.Uint16, soa.Uint32, soa.Uint64:
		return 0, true
	case soa.Float32, soa.Float64:
		return Float | Signed, true
	}
	return 0, false
}

// dtypeOf returns the element type of the given size and flags, soa.Invalid if
// there is none. A float is one whether or not it is flagged as signed.
func dtypeOf(size uint64, flags Flags) soa.DType {
	if flags&Float != 0 {
		flags |= Signed
	}
	for dtype := soa.Bool; dtype.Valid(); dtype++ {
		if f, ok := flagsOf(dtype); ok && f == flags&typeFlags && uint64(dtype.Size()) == size {
			return dtype
		}
	}
	return soa.Invalid
}
