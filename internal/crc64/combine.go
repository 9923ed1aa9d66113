package crc64

import (
	"hash/crc64"

	"github.com/soastore/soa/internal/residue"
)

var modulus = residue.Modulus[uint64]{Poly: crc64.ECMA}

// Combine returns the CRC of two blocks, one after the other, from theirs; len2 is
// the length of the second in bytes. So blocks can be summed in parallel. It takes
// some microseconds, whatever the lengths. It panics if len2 is negative.
func Combine(crc1, crc2 uint64, len2 int64) uint64 { return modulus.Join(crc1, crc2, len2) }
