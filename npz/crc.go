package npz

import (
	"context"
	"hash/crc32"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/residue"
)

var modulus = residue.Modulus[uint32]{Poly: crc32.IEEE}

// sumParts calls sum for so many parts of n bytes at once, and returns the CRC-32 of
// all, which follow what crc is of, from theirs.
func sumParts(crc uint32, n int64, parts int, sum func(lo, hi int64) (uint32, error)) (uint32, error) {
	type summed struct {
		crc  uint32
		size int64
	}
	all := make([]summed, parts)
	err := fsys.InParts(n, parts, blockLen, func(part int, lo, hi int64) (err error) {
		all[part].size = hi - lo
		all[part].crc, err = sum(lo, hi)
		return err
	})
	for _, s := range all {
		crc = modulus.Join(crc, s.crc, s.size)
	}
	return crc, err
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
