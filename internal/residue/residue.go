// Package residue calculates with polynomials over GF(2) modulo that of a CRC. From the
// CRCs of two blocks it makes that of both, one after the other; and it gives the
// constants that carry-less multiplication works with.
package residue

import "unsafe"

// Modulus is the polynomial of a reflected CRC of 32 or 64 bits, without its highest
// power, as packages hash/crc32 and hash/crc64 have it. Residues are reflected too: the
// highest bit is the coefficient of x^0, bit 0 that of the highest power below.
type Modulus[T uint32 | uint64] struct{ Poly T }

// one returns x^0.
func (Modulus[T]) one() T {
	var t T
	return 1 << (8*unsafe.Sizeof(t) - 1)
}

// TimesX returns a·x.
func (m Modulus[T]) TimesX(a T) T { return a>>1 ^ -(a&1)&m.Poly }

// times returns a·b.
func (m Modulus[T]) times(a, b T) (product T) {
	for one := m.one(); a != 0; a <<= 1 {
		if a&one != 0 {
			product ^= b
		}
		b = m.TimesX(b)
	}
	return product
}

// power returns a^n.
func (m Modulus[T]) power(a T, n uint64) T {
	result := m.one()
	for ; n != 0; n >>= 1 {
		if n&1 != 0 {
			result = m.times(result, a)
		}
		a = m.times(a, a)
	}
	return result
}

// PowerOfX returns x^n.
func (m Modulus[T]) PowerOfX(n uint64) T { return m.power(m.TimesX(m.one()), n) }

// Join returns the CRC of two blocks, one after the other, from theirs; len2 is the
// length of the second in bytes, and not negative. So blocks can be summed at the same
// time. It takes some microseconds, whatever the lengths.
//
// As a polynomial the first block stands above the second, so it is to be multiplied by
// x for every bit of the second. What the CRC inverts at the start and the end cancels
// out.
func (m Modulus[T]) Join(crc1, crc2 T, len2 int64) T {
	if len2 < 0 {
		panic("residue: Join with a negative length")
	}
	return m.times(crc1, m.power(m.PowerOfX(8), uint64(len2))) ^ crc2
}
