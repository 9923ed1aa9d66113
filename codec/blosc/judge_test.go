package blosc

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/codec/internal/cblosc"
)

var cShuffles = map[Shuffle]int{NoShuffle: 0, ByteShuffle: 1, BitShuffle: 2}

// c-blosc decodes what Encode writes, and Decode what c-blosc writes.
func TestJudge(t *testing.T) {
	c := cblosc.Start(t)
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		size := rapid.OneOf(rapid.SampledFrom([]int{1, 2, 4, 8, 16}), rapid.IntRange(1, 255)).Draw(t, "typesize")
		n := rapid.OneOf(rapid.IntRange(1, 300), rapid.IntRange(1, 1_000_000)).Draw(t, "bytes")
		src := elements(n, size, rapid.Uint64().Draw(t, "seed"))
		chunk, err := Encode(nil, src, size, o)
		require.NoError(t, err)
		got, _ := c.Decompress(chunk, 1)
		require.True(t, bytes.Equal(src, got), "c-blosc decodes ours")

		chunk, _ = c.Compress(src, cblosc.Settings{
			Codec: o.Compressor.String(), Level: o.Level, Shuffle: cShuffles[o.Shuffle], TypeSize: size, BlockSize: o.BlockSize,
		}, 1)
		got, err = Decode(nil, chunk, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(src, got), "we decode c-blosc's")
		if o.Level > 0 && o.BlockSize == 0 {
			require.EqualValues(t, binary.LittleEndian.Uint32(chunk[8:]), o.header(n, size).BlockSize, "blocks of the same size")
		}
	})
}
