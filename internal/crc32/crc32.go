package crc32

import (
	"hash/crc32"
	"runtime"

	"github.com/soastore/soa/internal/fold"
	"github.com/soastore/soa/internal/residue"
)

var (
	modulus = residue.Modulus[uint32]{Poly: crc32.IEEE}
	ieee    = fold.New(crc32.IEEE)
)

// least is from how many bytes on package fold is faster than the standard library. On
// arm64 that has instructions for this very CRC.
const least = 512

// Update returns the CRC of the bytes that crc is of, followed by p. The CRC of no
// bytes is 0.
func Update(crc uint32, p []byte) uint32 {
	if runtime.GOARCH == "amd64" && len(p) >= least {
		r, rest := ieee.Update(uint64(^crc), p)
		crc, p = ^uint32(r), rest
	}
	return crc32.Update(crc, crc32.IEEETable, p)
}

// Combine returns the CRC of two blocks, one after the other, from theirs; len2 is
// the length of the second in bytes. So blocks can be summed in parallel. It takes
// some microseconds, whatever the lengths. It panics if len2 is negative.
func Combine(crc1, crc2 uint32, len2 int64) uint32 { return modulus.Join(crc1, crc2, len2) }
