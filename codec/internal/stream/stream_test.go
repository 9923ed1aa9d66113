package stream

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var coders = map[string]Coder{
	"blosclz": BloscLZ, "lz4": LZ4, "lz4hc": LZ4HC, "snappy": Snappy, "s2": S2, "zlib": Zlib, "zstd": Zstd, "huffman": Huffman, "narrow": Narrow,
}

// compressible returns bytes of few values, with runs.
func compressible(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 9))
	b := make([]byte, n)
	for i := range b {
		if b[i] = byte(r.IntN(6)); i > 0 && r.IntN(3) > 0 {
			b[i] = b[i-1]
		}
	}
	return b
}

func TestIdentity(t *testing.T) {
	for name, c := range coders {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				src := compressible(rapid.IntRange(1, 20_000).Draw(t, "n"), rapid.Uint64().Draw(t, "seed"))
				level := rapid.IntRange(1, 9).Draw(t, "level")
				dst := make([]byte, 2*len(src)+200)
				n := c.Encode(dst, src, level)
				if n == 0 && (name == "huffman" || name == "narrow") {
					return // too short, or one value only
				}
				require.Positive(t, n)
				got := make([]byte, len(src))
				require.NoError(t, c.Decode(got, dst[:n]))
				require.True(t, bytes.Equal(src, got))
				if m := c.Encode(dst[:n:n], src, level); m != 0 {
					require.Equal(t, n, m, "room for exactly the result is enough, or is refused")
				}
				require.Error(t, c.Decode(make([]byte, len(src)+1), dst[:n]), "too few bytes")
				require.Error(t, c.Decode(got[:len(src)-1], dst[:n]), "too many bytes")
			})
		})
	}
}

// What does not fit is refused, and nothing is written behind dst.
func TestNoRoom(t *testing.T) {
	src := make([]byte, 1000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range src {
		src[i] = byte(r.Uint32())
	}
	for name, c := range coders {
		dst := bytes.Repeat([]byte{7}, 2000)
		require.Zero(t, c.Encode(dst[:999:999], src, 5), name)
		require.Equal(t, bytes.Repeat([]byte{7}, 1001), dst[999:], name)
	}
}

func TestMaxRatio(t *testing.T) {
	dst := make([]byte, 1<<20)
	for name, c := range coders {
		src := make([]byte, 1<<20)
		switch name { // those that refuse a single value
		case "huffman":
			src = src[:huffmanMax]
			src[0] = 1
		case "narrow":
			copy(src, bytes.Repeat([]byte{0, 1}, len(src)/2))
		}
		n := c.Encode(dst, src, 9)
		require.LessOrEqual(t, len(src), n*c.MaxRatio, name)
	}
}

func TestOldZstd(t *testing.T) {
	require.ErrorIs(t, Zstd.Decode(make([]byte, 9), []byte{0x27, 0xb5, 0x2f, 0xfd, 0, 0}), ErrOldZstd)
	require.ErrorIs(t, Zstd.Decode(make([]byte, 9), []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0}), ErrCorrupt)
}
