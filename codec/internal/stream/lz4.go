package stream

import (
	"sync"

	"github.com/pierrec/lz4/v4"

	block "github.com/soastore/soa/codec/internal/lz4"
)

// LZ4 and LZ4HC write the LZ4 block format, fast and thoroughly.
var (
	LZ4   = Coder{MaxRatio: 255, Encode: encodeLZ4, Decode: block.Decode}
	LZ4HC = Coder{MaxRatio: 255, Encode: encodeLZ4HC, Decode: block.Decode}
)

func encodeLZ4(dst, src []byte, level int) int {
	return block.Encode(dst, src, 10-level) // as c-blosc does
}

var lz4hcPool = sync.Pool{New: func() any { return new(lz4.CompressorHC) }}

// encodeLZ4HC makes one answer of the library's two: it says ErrInvalidSource... of
// a short dst in some cases, and 0 in others.
func encodeLZ4HC(dst, src []byte, level int) int {
	c := lz4hcPool.Get().(*lz4.CompressorHC)
	defer lz4hcPool.Put(c)
	c.Level = 1 << (8 + level)
	n, err := c.CompressBlock(src, dst)
	if err != nil {
		return 0
	}
	return n
}
