package stream

import (
	"sync"

	"github.com/klauspost/compress/huff0"
)

// Huffman writes bytes as codes of 1 to 11 bits, by how frequent they are: the
// literals of Zstandard (RFC 8878, 4.2), with their table. It suits noise of few
// values, which a compressor that looks for repeats is slow at.
var Huffman = Coder{MaxRatio: 8, Encode: encodeHuffman, Decode: decodeHuffman}

// huffmanMax is the most bytes that it takes at once.
const huffmanMax = huff0.BlockSizeMax

var huffmanPool = sync.Pool{New: func() any { return new(huff0.Scratch) }}

func encodeHuffman(dst, src []byte, level int) int {
	if len(src) > huffmanMax {
		return 0
	}
	s := huffmanPool.Get().(*huff0.Scratch)
	defer huffmanPool.Put(s)
	s.Reuse = huff0.ReusePolicyNone
	out, _, err := huff0.Compress4X(src, s)
	if err != nil || len(out) > len(dst) {
		return 0
	}
	return copy(dst, out)
}

func decodeHuffman(dst, src []byte) error {
	if len(dst) == 0 || len(dst) > huffmanMax {
		return ErrCorrupt
	}
	s := huffmanPool.Get().(*huff0.Scratch)
	defer huffmanPool.Put(s)
	s, rest, err := huff0.ReadTable(src, s)
	if err != nil {
		return ErrCorrupt
	}
	out, err := s.Decoder().Decompress4X(dst[:0:len(dst)], rest)
	if err != nil || len(out) != len(dst) || &out[0] != &dst[0] {
		return ErrCorrupt
	}
	return nil
}
