package crc64

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/internal/fold/foldtest"
)

// copies checks a copy of src by f, and that nothing beside dst is written.
func copies(t require.TestingT, f func(crc uint64, dst, src []byte) uint64, src []byte, offset int) {
	const guard = 0xa5
	around := foldtest.Aligned(64+len(src)+64, offset)
	for i := range around {
		around[i] = guard
	}
	dst := around[64 : 64+len(src) : 64+len(src)]
	require.Equal(t, want(7, src), f(7, dst, src), "%d bytes", len(src))
	require.True(t, bytes.Equal(src, dst), "%d bytes", len(src))
	beside := append(around[:64:64], around[64+len(src):]...)
	require.True(t, bytes.Equal(beside, bytes.Repeat([]byte{guard}, 128)), "%d bytes: wrote beside dst", len(src))
}

// TestUpdateCopy copies random lengths between random alignments.
func TestUpdateCopy(t *testing.T) {
	data := foldtest.RandomBytes(64<<10, 5)
	foldtest.EachLevel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			from := rapid.IntRange(0, 127).Draw(t, "from")
			n := rapid.IntRange(0, len(data)-from).Draw(t, "n")
			offset := rapid.IntRange(0, 63).Draw(t, "offset")
			copies(t, UpdateCopy, data[from:][:n], offset)
		})
	})
}

// TestUpdateCopyLengths copies all lengths around those where other code takes over.
func TestUpdateCopyLengths(t *testing.T) {
	const piece = 1 << 20 // what one call of a kernel takes
	data := foldtest.RandomBytes(3*piece, 6)
	foldtest.EachLevel(t, func(t *testing.T) {
		for _, around := range []int{0, 4 << 10, cached} {
			for n := max(0, around-70); n <= around+70; n++ {
				copies(t, UpdateCopy, data[:n], n%64)
			}
		}
		copies(t, UpdateCopy, data[1:2*piece], 0)
		copies(t, UpdateCopy, data, 1)
	})
}

func TestUpdateCopyShortDst(t *testing.T) {
	require.Panics(t, func() { UpdateCopy(0, make([]byte, 4, 8), make([]byte, 5)) })
	require.NotPanics(t, func() { UpdateCopy(0, make([]byte, 6), make([]byte, 5)) })
}
