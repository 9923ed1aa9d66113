package fold

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

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
func (c *CRC) reduce(r register) uint64 {
	r = multiply(r[0], c.keys[6][0]).add(register{r[1]})
	quotient := multiply(r[0], c.keys[6][1])[0]
	return r[1] ^ multiply(quotient, c.keys[7][0])[1] ^ quotient&c.keys[7][1]
}

// portable is what the kernels do, in Go: 16<<k bytes at a time, of which p is a
// multiple.
func (c *CRC) portable(remainder uint64, p []byte, k int) uint64 {
	acc := make([]register, 1<<k)
	acc[0] = register{remainder}
	for i := range acc {
		acc[i] = acc[i].add(load(p[16*i:]))
	}
	for p = p[16<<k:]; len(p) > 0; p = p[16<<k:] {
		for i := range acc {
			acc[i] = acc[i].fold(c.keys[k]).add(load(p[16*i:]))
		}
	}
	for k--; k >= 0; k-- {
		for i := range 1 << k {
			acc[i] = acc[i].fold(c.keys[k]).add(acc[1<<k+i])
		}
	}
	return c.reduce(acc[0])
}

// kernel is one of the assembly functions. Those that move 16<<k bytes at a time
// take multiples of that.
type kernel struct {
	name  string
	needs level
	k     int
	sum   func(r uint64, p []byte, keys *[8][2]uint64) uint64
	copy  func(r uint64, dst, src []byte, keys *[8][2]uint64) uint64
}

// TestPortable holds what the kernels do, written in Go, against the standard library.
func TestPortable(t *testing.T) {
	p := randomBytes(4096)
	for k := range 6 {
		for n := 16 << k; n <= len(p); n += 16 << k {
			require.Equal(t, crc64.Update(11, crc64.MakeTable(crc64.ECMA), p[:n]), ^New(crc64.ECMA).portable(^uint64(11), p[:n], k))
			require.Equal(t, crc32.Update(11, crc32.IEEETable, p[:n]), ^uint32(New(crc32.IEEE).portable(uint64(^uint32(11)), p[:n], k)))
		}
	}
}

// TestKernels holds each kernel against what it does written in Go, on all lengths
// that it takes.
func TestKernels(t *testing.T) {
	data := randomBytes(4096 + 64)
	for _, kernel := range kernels {
		t.Run(kernel.name, func(t *testing.T) {
			if have < kernel.needs {
				t.Skipf("this processor is at level %v", have)
			}
			for n := 16 << kernel.k; n <= 4096; n += 16 << kernel.k {
				for _, p := range polynomials {
					kernel.check(t, New(p.poly), data[n>>4&63:][:n])
				}
			}
		})
	}
}

func (k kernel) check(t *testing.T, c *CRC, p []byte) {
	t.Helper()
	want := c.portable(11, p, k.k)
	require.Equal(t, want, k.sum(11, p, &c.keys), "%d bytes", len(p))
	if k.copy != nil {
		dst := lines(len(p) + 64)
		require.Equal(t, want, k.copy(11, dst[:len(p)], p, &c.keys), "%d bytes", len(p))
		require.True(t, bytes.Equal(append(p[:len(p):len(p)], make([]byte, 64)...), dst), "%d bytes", len(p))
	}
}

func randomBytes(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(p) // which never fails
	return p
}

// lines returns n bytes at an address that is a multiple of 64.
func lines(n int) []byte {
	p := make([]byte, n+64)
	return p[-uintptr(unsafe.Pointer(&p[0]))&63:][:n]
}
