//go:build (amd64 || arm64) && !purego && !noasm

package crc64

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"
)

// polynomial returns the CRC's, as it is written in standards: bit n for x^n.
func polynomial() *big.Int {
	p, _ := new(big.Int).SetString("142f0e1eba9ea3693", 16)
	return p
}

// divide divides x^n by the polynomial, on paper.
func divide(n int) (quotient, rest *big.Int) {
	quotient, rest = new(big.Int), new(big.Int).SetBit(new(big.Int), n, 1)
	for rest.BitLen() >= 65 {
		shift := uint(rest.BitLen() - 65)
		quotient.SetBit(quotient, int(shift), 1)
		rest.Xor(rest, new(big.Int).Lsh(polynomial(), shift))
	}
	return quotient, rest
}

// TestKeys derives the constants once more, with long division of polynomials.
func TestKeys(t *testing.T) {
	power := func(n int) uint64 {
		_, rest := divide(n)
		return bits.Reverse64(rest.Uint64())
	}
	for k := range 6 {
		distance := 8 * (16 << k)
		require.Equal(t, [2]uint64{power(distance + 63), power(distance - 1)}, keys[k])
	}
	quotient, _ := divide(128)
	upper := func(p *big.Int) uint64 { return bits.Reverse64(new(big.Int).Rsh(p, 1).Uint64()) }
	require.Equal(t, [2]uint64{power(127), upper(quotient)}, keys[6])
	require.Equal(t, [2]uint64{upper(polynomial()), 0}, keys[7])
}

// TestKeysPublished holds constants against those that XZ Utils has for the same CRC.
func TestKeysPublished(t *testing.T) {
	require.Equal(t, [2]uint64{0xe05dd497ca393ae4, 0xdabe95afc7875f40}, keys[0])
	require.Equal(t, uint64(0x9c3e466c172963d5), keys[6][1])
	require.Equal(t, uint64(0x92d8af2baf0e1e85), keys[7][0])
}

// register is 16 bytes of the message, the first in the lowest bits.
type register [2]uint64

func load(p []byte) register {
	return register{binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])}
}

func (r register) add(s register) register { return register{r[0] ^ s[0], r[1] ^ s[1]} }

// multiply is the carry-less product of two halves of registers.
func multiply(a, b uint64) (r register) {
	for i := range 64 {
		if b>>i&1 != 0 {
			r = r.add(register{a << i, a >> (64 - i)})
		}
	}
	return r
}

// fold moves r over the distance of key.
func (r register) fold(key [2]uint64) register {
	return multiply(r[0], key[0]).add(multiply(r[1], key[1]))
}

// reduce returns r·x^64 modulo the polynomial.
func (r register) reduce() uint64 {
	r = multiply(r[0], keys[6][0]).add(register{r[1]})
	quotient := multiply(r[0], keys[6][1])[0]
	return r[1] ^ multiply(quotient, keys[7][0])[1] ^ quotient
}

// foldPortable is what the kernels do, in Go: 16<<k bytes at a time, of which p is
// a multiple.
func foldPortable(crc uint64, p []byte, k int) uint64 {
	acc := make([]register, 1<<k)
	acc[0] = register{^crc}
	for i := range acc {
		acc[i] = acc[i].add(load(p[16*i:]))
	}
	for p = p[16<<k:]; len(p) > 0; p = p[16<<k:] {
		for i := range acc {
			acc[i] = acc[i].fold(keys[k]).add(load(p[16*i:]))
		}
	}
	for k--; k >= 0; k-- {
		for i := range 1 << k {
			acc[i] = acc[i].fold(keys[k]).add(acc[1<<k+i])
		}
	}
	return ^acc[0].reduce()
}

// kernel is one of the assembly functions. Those that move 16<<k bytes at a time
// take multiples of that.
type kernel struct {
	name  string
	needs level
	k     int
	sum   func(crc uint64, p []byte) uint64
	copy  func(crc uint64, dst, src []byte) uint64
}

// TestKernels holds each kernel, and what it does written in Go, against
// hash/crc64, on all lengths that it takes.
func TestKernels(t *testing.T) {
	data := randomBytes(4096+64, 7)
	for _, kernel := range kernels {
		t.Run(kernel.name, func(t *testing.T) {
			if have < kernel.needs {
				t.Skipf("this processor is at level %v", have)
			}
			for n := 16 << kernel.k; n <= 4096; n += 16 << kernel.k {
				p := data[n>>4&63:][:n]
				kernel.check(t, p)
			}
		})
	}
}

func (k kernel) check(t *testing.T, p []byte) {
	t.Helper()
	crc := want(11, p)
	require.Equal(t, crc, foldPortable(11, p, k.k), "portable, %d bytes", len(p))
	if k.sum != nil {
		require.Equal(t, crc, k.sum(11, p), "%d bytes", len(p))
	}
	if k.copy != nil {
		copies(t, k.copy, p, 0)
	}
}
