package crc64

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCombine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.Byte(), 0, 3000)
		a, b := bytes.Draw(t, "a"), bytes.Draw(t, "b")
		joined := append(append([]byte{}, a...), b...)
		require.Equal(t, want(0, joined), Combine(want(0, a), want(0, b), int64(len(b))))
	})
}

// TestCombineLong doubles a block of zeros up to lengths that no memory holds, in
// two orders.
func TestCombineLong(t *testing.T) {
	zeros := make([]byte, 1<<20)
	sums := []uint64{want(0, zeros[:1])}
	for k := range 61 {
		sums = append(sums, Combine(sums[k], sums[k], 1<<k))
	}
	require.Equal(t, want(0, zeros), sums[20])
	left := Combine(Combine(sums[60], sums[40], 1<<40), sums[61], 1<<61)
	right := Combine(sums[60], Combine(sums[40], sums[61], 1<<61), 1<<40+1<<61)
	require.Equal(t, left, right)
	require.NotEqual(t, left, Combine(sums[60], sums[40], 1<<40))
}

func TestCombineEnds(t *testing.T) {
	require.Equal(t, uint64(3), Combine(3, Checksum(nil), 0))
	require.NotEqual(t, Combine(3, 5, math.MaxInt64), Combine(3, 5, math.MaxInt64-1))
	require.Panics(t, func() { Combine(3, 5, -1) })
}
