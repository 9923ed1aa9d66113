package lz4

import (
	"math"
	"testing"
	"time"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/codec/internal/columns"
	"github.com/soastore/soa/codec/shuffle"
)

// BenchmarkDecode gives the speed relative to the library's decoder, in turns, on
// the planes of columns that take most time. There are more blocks than a processor
// learns the branches of.
func BenchmarkDecode(b *testing.B) {
	for _, col := range columns.Make(1 << 22) {
		b.Run(col.Name, func(b *testing.B) {
			blocks := planes(b, col)
			out := make([]byte, planeBytes)
			own, theirs := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for range b.N {
				start := time.Now()
				for _, block := range blocks {
					require.NoError(b, Decode(out, block))
				}
				own = min(own, time.Since(start))
				start = time.Now()
				for _, block := range blocks {
					_, err := lz4.UncompressBlock(block, out)
					require.NoError(b, err)
				}
				theirs = min(theirs, time.Since(start))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(len(blocks)*planeBytes)/own.Seconds()/1e6, "own-MB/s")
			b.ReportMetric(theirs.Seconds()/own.Seconds(), "x-library")
		})
	}
}

const planeBytes = 128 << 10

// planes returns the byte planes of col, compressed where that makes them smaller.
func planes(b *testing.B, col columns.Column) (blocks [][]byte) {
	block := planeBytes * col.TypeSize
	shuffled := make([]byte, block)
	for at := 0; at+block <= len(col.Data); at += block {
		shuffle.Shuffle(shuffled, col.Data[at:][:block], col.TypeSize)
		for k := range col.TypeSize {
			c := lz4.CompressorCCompat{Acceleration: 5}
			out := make([]byte, planeBytes)
			n, err := c.CompressBlock(shuffled[k*planeBytes:][:planeBytes], out)
			if err == nil && n > 1000 {
				blocks = append(blocks, out[:n])
			}
		}
	}
	require.NotEmpty(b, blocks)
	return blocks
}
