package npz

import (
	"context"

	"github.com/soastore/soa/internal/crc32"
	"github.com/soastore/soa/internal/together"
)

// sumParts returns the CRC-32 of n bytes that follow what crc is of, from those of so
// many parts of them, which it has sum take at once.
func sumParts(crc uint32, n int64, parts int, sum func(lo, hi int64) (uint32, error)) (uint32, error) {
	return together.SumParts(crc, n, parts, blockLen, crc32.Combine, sum)
}

// addMemory returns the CRC-32 of p after what crc is of, unless ctx ends first.
func addMemory(ctx context.Context, crc uint32, p []byte) (uint32, error) {
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		block := p[:min(len(p), blockLen)]
		crc = crc32.Update(crc, block)
		p = p[len(block):]
	}
	return crc, nil
}
