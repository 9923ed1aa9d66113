package delta

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SliceOf(rapid.Byte()).Draw(t, "src")
		size := rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "size")
		require.True(t, Supported(size))
		got := make([]byte, len(src))
		Encode(got, src, size)
		inPlace := bytes.Clone(src)
		Encode(inPlace, inPlace, size)
		require.Equal(t, got, inPlace)
		Decode(got, size)
		require.Equal(t, src, append([]byte{}, got...))
	})
}

func TestDifferences(t *testing.T) {
	src := []byte{1, 1, 0, 2, 255, 1, 9}
	dst := make([]byte, len(src))
	Encode(dst, src, 2)
	require.Equal(t, []byte{1, 1, 255, 0, 255, 255, 9}, dst)
	require.False(t, Supported(3))
}
