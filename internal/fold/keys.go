package fold

import "github.com/soastore/soa/internal/residue"

// The kernels follow "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction" (V. Gopal et al., Intel, 2009), in its form for reflected CRCs.
//
// The CRC of a message M is M·x^64 modulo the polynomial P. 16 bytes of the
// message are a polynomial A of degree 127, in a register as they come:
//
//	byte   0                      7 8                     15
//	      +------------------------+------------------------+
//	      | H: x^127 ... x^64      | L: x^63 ... x^0        |
//	      +------------------------+------------------------+
//	bit    0                     63 64                   127
//
// If D bits of message lie between A and B, A·x^D + B stands for both, and
//
//	A·x^D = H·x^(D+64) + L·x^D  =  H·(x^(D+64) mod P) + L·(x^D mod P)  (mod P),
//
// which has 128 bits again: two carry-less multiplications move A over D bits, and
// the CRC remains. A kernel holds several registers, so that multiplications overlap.
// It moves them all over the next block of the message, which it adds; at the end
// the earlier half of them over the later half, until one is left; and reduces that
// to the CRC.
//
// A carry-less product of two reflected polynomials of 64 bits is their reflected
// product in 127 bits: in a register of 128 it reads as if multiplied by x. All
// constants for moving are therefore of one power of x less.

// deriveKeys returns what the kernels multiply with. They know the places:
//
//	[k]  k = 0..5: x^(D+63) and x^(D-1), to move over D bits, 16·2^k bytes
//	[6]  x^127, to move H over L, and the reciprocal of P
//	[7]  P without the coefficient of x^0: bit 0 is that of x^64; and that
//	     coefficient, in all 64 bits
func deriveKeys(poly uint64) (keys [8][2]uint64) {
	p := residue.Modulus[uint64]{Poly: poly}
	for k := range 6 {
		d := uint64(128) << k
		keys[k] = [2]uint64{p.PowerOfX(d + 63), p.PowerOfX(d - 1)}
	}
	keys[6] = [2]uint64{p.PowerOfX(127), reciprocal(p)}
	keys[7] = [2]uint64{poly<<1 | 1, -(poly >> 63)}
	return keys
}

// reciprocal returns the quotient of x^128 by p, without the coefficient of x^0:
// bit 0 is that of x^64, bit 63 that of x^1. Long division yields one bit a turn:
// what is left of x^128 above x^n, times x.
func reciprocal(p residue.Modulus[uint64]) (quotient uint64) {
	rest := p.PowerOfX(63)
	for bit := range 64 {
		quotient |= rest & 1 << bit
		rest = p.TimesX(rest)
	}
	return quotient
}
