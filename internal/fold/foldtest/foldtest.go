// Package foldtest tests what packages make of package fold.
package foldtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/internal/fold"
)

// EachLevel runs test with each set of kernels that this processor has.
func EachLevel(t *testing.T, test func(t *testing.T)) {
	fold.EachLevel(func(level string) { t.Run(level, test) })
}

// RandomBytes returns n bytes, the same for the same seed.
func RandomBytes(n int, seed byte) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p) // which never fails
	return p
}

// Aligned returns n bytes whose address is offset bytes, below 64, behind a multiple
// of 64.
func Aligned(n, offset int) []byte {
	p := make([]byte, n+128)
	return p[-uintptr(unsafe.Pointer(&p[0]))&63:][offset:][:n:n]
}

// Update holds update against want, which is the standard library's, with each set of
// kernels.
func Update[T uint32 | uint64](t *testing.T, update, want func(crc T, p []byte) T) {
	t.Run("lengths", func(t *testing.T) { lengths(t, update, want) })
	t.Run("large", func(t *testing.T) { large(t, update, want) })
	t.Run("random", func(t *testing.T) { random(t, update, want) })
}

// lengths sums all lengths up to 4096 at all alignments, on top of another sum; in
// short runs at some.
func lengths[T uint32 | uint64](t *testing.T, update, want func(crc T, p []byte) T) {
	const longest, before = 4096, 0x1234567
	step := 1
	if testing.Short() {
		step = 7
	}
	data := RandomBytes(longest, 1)
	sums := []T{before}
	for i := range data {
		sums = append(sums, want(sums[i], data[i:i+1]))
	}
	EachLevel(t, func(t *testing.T) {
		for offset := 0; offset < 64; offset += step {
			p := Aligned(longest, offset)
			copy(p, data)
			for n, sum := range sums {
				if got := update(before, p[:n]); got != sum {
					t.Fatalf("%d bytes %d behind a multiple of 64: %x, not %x", n, offset, got, sum)
				}
			}
		}
	})
}

// large sums lengths around those that one call of a kernel takes, and longer ones.
func large[T uint32 | uint64](t *testing.T, update, want func(crc T, p []byte) T) {
	const piece = 1 << 20
	data := RandomBytes(4*piece, 2)
	r := rand.New(rand.NewPCG(3, 0))
	for _, n := range []int{piece - 1, piece, piece + 1, 2 * piece, r.IntN(len(data)), r.IntN(len(data))} {
		at := r.IntN(len(data) - n + 1)
		sum := want(9, data[at:][:n])
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			EachLevel(t, func(t *testing.T) { require.Equal(t, sum, update(9, data[at:][:n])) })
		})
	}
}

// random sums anything on top of any sum.
func random[T uint32 | uint64](t *testing.T, update, want func(crc T, p []byte) T) {
	data := RandomBytes(64<<10, 4)
	EachLevel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			crc := T(rapid.Uint64().Draw(t, "crc"))
			at := rapid.IntRange(0, len(data)).Draw(t, "at")
			p := data[at:][:rapid.IntRange(0, len(data)-at).Draw(t, "n")]
			require.Equal(t, want(crc, p), update(crc, p))
		})
	})
}
