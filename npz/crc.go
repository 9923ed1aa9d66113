package npz

import (
	"context"
	"hash/crc32"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/residue"
)

var modulus = residue.Modulus[uint32]{Poly: crc32.IEEE}

// sumParts returns the CRC-32 of n bytes that follow what crc is of, from those of so
// many parts of them, which it has sum take at once.
func sumParts(crc uint32, n int64, parts int, sum func(lo, hi int64) (uint32, error)) (uint32, error) {
	return fsys.SumParts(crc, n, parts, blockLen, modulus.Join, sum)
}

// addMemory returns the CRC-32 of p after what crc is of, unless ctx ends first.
func addMemory(ctx context.Context, crc uint32, p []byte) (uint32, error) {
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		block := p[:min(len(p), blockLen)]
		crc = crc32.Update(crc, crc32.IEEETable, block)
		p = p[len(block):]
	}
	return crc, nil
}
