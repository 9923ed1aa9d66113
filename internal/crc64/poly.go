package crc64

import "hash/crc64"

// A residue is a polynomial over GF(2) modulo the CRC's, of degree 64. The CRC is
// reflected, and so are residues: bit 63 is the coefficient of x^0, bit 0 that of
// x^63.
type residue = uint64

const one residue = 1 << 63

// timesX returns a·x.
func timesX(a residue) residue { return a>>1 ^ -(a&1)&crc64.ECMA }

// times returns a·b.
func times(a, b residue) (product residue) {
	for ; a != 0; a <<= 1 {
		if a&one != 0 {
			product ^= b
		}
		b = timesX(b)
	}
	return product
}

// power returns a^n.
func power(a residue, n uint64) residue {
	result := one
	for ; n != 0; n >>= 1 {
		if n&1 != 0 {
			result = times(result, a)
		}
		a = times(a, a)
	}
	return result
}

// powerOfX returns x^n.
func powerOfX(n uint64) residue { return power(timesX(one), n) }
