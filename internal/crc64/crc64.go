package crc64

import (
	"hash/crc64"

	"github.com/soastore/soa/internal/fold"
)

var (
	table = crc64.MakeTable(crc64.ECMA)
	ecma  = fold.New(crc64.ECMA)
)

// Checksum returns the CRC of p.
func Checksum(p []byte) uint64 { return Update(0, p) }

// Update returns the CRC of the bytes that crc is of, followed by p. The CRC of no
// bytes is 0.
func Update(crc uint64, p []byte) uint64 {
	r, rest := ecma.Update(^crc, p)
	if len(rest) >= 16 {
		return crc64.Update(^r, table, rest)
	}
	for _, b := range rest { // sooner done than hash/crc64 called
		r = table[byte(r)^b] ^ r>>8
	}
	return ^r
}
