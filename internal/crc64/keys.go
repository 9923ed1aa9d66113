//go:build (amd64 || arm64) && !purego && !noasm

package crc64

import "hash/crc64"

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

// keys is what the kernels multiply with. They know the places:
//
//	[k]  k = 0..5: x^(D+63) and x^(D-1), to move over D bits, 16·2^k bytes
//	[6]  x^127, to move H over L, and the reciprocal of P
//	[7]  P without the coefficient of x^0, which is 1: bit 0 is that of x^64
var keys = deriveKeys()

func deriveKeys() (k [8][2]uint64) {
	for i := range 6 {
		d := uint64(128) << i
		k[i] = [2]uint64{modulus.PowerOfX(d + 63), modulus.PowerOfX(d - 1)}
	}
	k[6] = [2]uint64{modulus.PowerOfX(127), reciprocal()}
	k[7] = [2]uint64{crc64.ECMA&(1<<63-1)<<1 | 1}
	return k
}

// reciprocal returns the quotient of x^128 by P, without the coefficient of x^0:
// bit 0 is that of x^64, bit 63 that of x^1. Long division yields one bit a turn:
// what is left of x^128 above x^n, times x.
func reciprocal() (quotient uint64) {
	rest := modulus.PowerOfX(63)
	for bit := range 64 {
		quotient |= rest & 1 << bit
		rest = modulus.TimesX(rest)
	}
	return quotient
}
