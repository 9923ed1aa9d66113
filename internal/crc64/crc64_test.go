package crc64

import (
	"bytes"
	"fmt"
	"hash/crc64"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// want is the CRC that everything is held against.
func want(crc uint64, p []byte) uint64 { return crc64.Update(crc, crc64.MakeTable(crc64.ECMA), p) }

func randomBytes(n int, seed uint64) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// aligned returns n bytes whose address is offset bytes, below 64, behind a
// multiple of 64.
func aligned(n, offset int) []byte {
	p := make([]byte, n+128)
	return p[addressTo64(p)+offset:][:n]
}

// TestKnown holds Checksum against the check value of CRC-64/XZ in the catalogue of
// parametrised CRC algorithms (reveng.sourceforge.io/crc-catalogue).
func TestKnown(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		require.Equal(t, uint64(0x995dc9bbdf1939fa), Checksum([]byte("123456789")))
		require.Zero(t, Checksum(nil))
		require.Equal(t, uint64(5), Update(5, nil))
	})
}

// TestLengths sums all lengths up to 4096 at all alignments, on top of another sum;
// in short runs at some.
func TestLengths(t *testing.T) {
	const longest, before = 4096, 0x0123456789abcdef
	step := 1
	if testing.Short() {
		step = 7
	}
	data := randomBytes(longest, 1)
	sums := []uint64{before}
	for i := range data {
		sums = append(sums, want(sums[i], data[i:i+1]))
	}
	eachLevel(t, func(t *testing.T) {
		for offset := 0; offset < 64; offset += step {
			p := aligned(longest, offset)
			copy(p, data)
			for n, sum := range sums {
				if got := Update(before, p[:n]); got != sum {
					t.Fatalf("%d bytes %d behind a multiple of 64: %x, not %x", n, offset, got, sum)
				}
			}
		}
	})
}

// TestLarge sums some random lengths of several pieces.
func TestLarge(t *testing.T) {
	data := randomBytes(4*piece, 2)
	r := rand.New(rand.NewPCG(3, 0))
	for _, n := range []int{piece - 1, piece, piece + 1, 2 * piece, r.IntN(len(data)), r.IntN(len(data))} {
		at := r.IntN(len(data) - n + 1)
		sum := want(9, data[at:][:n])
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			eachLevel(t, func(t *testing.T) { require.Equal(t, sum, Update(9, data[at:][:n])) })
		})
	}
}

// TestNoAllocation: the kernels keep nothing, so callers' arrays stay on the stack.
func TestNoAllocation(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var p, q [9000]byte
		UpdateCopy(Checksum(p[:]), q[:], p[:])
	}))
}

// FuzzUpdate repeats short inputs, which a fuzzer gets on with, so that all kernels
// have something to do.
func FuzzUpdate(f *testing.F) {
	f.Add(uint64(0), []byte(nil), uint8(0), uint16(0))
	f.Add(uint64(0), []byte("123456789"), uint8(1), uint16(4))
	f.Add(^uint64(0), randomBytes(100, 4), uint8(90), uint16(1000))
	f.Fuzz(func(t *testing.T, crc uint64, p []byte, repeat uint8, cut uint16) {
		p = bytes.Repeat(p, int(repeat))
		at := int(cut) % (len(p) + 1)
		sum := want(crc, p)
		require.Equal(t, sum, Update(crc, p))
		require.Equal(t, sum, Update(Update(crc, p[:at]), p[at:]))
		require.Equal(t, sum, Combine(Update(crc, p[:at]), Checksum(p[at:]), int64(len(p)-at)))
		q := make([]byte, len(p))
		require.Equal(t, sum, UpdateCopy(crc, q, p))
		require.True(t, bytes.Equal(p, q))
	})
}
