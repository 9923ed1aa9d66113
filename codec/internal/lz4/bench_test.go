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
			blocks := compressed(b, col)
			out := make([]byte, planeBytes)
			against(b, len(blocks)*planeBytes, func() {
				for _, block := range blocks {
					require.NoError(b, Decode(out, block))
				}
			}, func() {
				for _, block := range blocks {
					_, err := lz4.UncompressBlock(block, out)
					require.NoError(b, err)
				}
			})
		})
	}
}

// BenchmarkEncode gives the speed relative to the library's port of liblz4, in turns,
// on all planes, with no more room than is worth using.
func BenchmarkEncode(b *testing.B) {
	for _, col := range columns.Make(1 << 19) {
		b.Run(col.Name, func(b *testing.B) {
			blocks := planes(col)
			out := make([]byte, planeBytes-1)
			c := lz4.CompressorCCompat{Acceleration: 5}
			against(b, len(blocks)*planeBytes, func() {
				for _, block := range blocks {
					Encode(out, block, 5)
				}
			}, func() {
				for _, block := range blocks {
					_, err := c.CompressBlock(block, out)
					require.NoError(b, err)
				}
			})
		})
	}
}

// against reports the speed of own for so many bytes, and relative to the library's.
func against(b *testing.B, bytes int, own, library func()) {
	ownTime, libraryTime := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for range b.N {
		start := time.Now()
		own()
		ownTime = min(ownTime, time.Since(start))
		start = time.Now()
		library()
		libraryTime = min(libraryTime, time.Since(start))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(bytes)/ownTime.Seconds()/1e6, "own-MB/s")
	b.ReportMetric(libraryTime.Seconds()/ownTime.Seconds(), "x-library")
}

const planeBytes = 128 << 10

// planes returns the byte planes of col.
func planes(col columns.Column) (planes [][]byte) {
	block := planeBytes * col.TypeSize
	for at := 0; at+block <= len(col.Data); at += block {
		shuffled := make([]byte, block)
		shuffle.Shuffle(shuffled, col.Data[at:][:block], col.TypeSize)
		for k := range col.TypeSize {
			planes = append(planes, shuffled[k*planeBytes:][:planeBytes])
		}
	}
	return planes
}

// compressed returns the compressed planes of col that get smaller, but not by much.
func compressed(b *testing.B, col columns.Column) (blocks [][]byte) {
	for _, plane := range planes(col) {
		out := make([]byte, planeBytes)
		if n := Encode(out, plane, 5); n > 1000 {
			blocks = append(blocks, out[:n])
		}
	}
	require.NotEmpty(b, blocks)
	return blocks
}
