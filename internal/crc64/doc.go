// Package crc64 computes CRC-64/XZ, the checksum of GenericIO files: polynomial
// 0x42f0e1eba9ea3693, reflected, initial and final value all ones. It equals
// hash/crc64 with the polynomial crc64.ECMA.
//
// On amd64 it uses carry-less multiplication (PCLMULQDQ, and VPCLMULQDQ where the
// processor has it), on arm64 likewise (PMULL), and hash/crc64 elsewhere or with
// the build tags purego and noasm. keys.go says how and from where the constants
// are.
//
// Checksum and Update sum bytes; Combine joins the sums of blocks that were summed
// in parallel; UpdateCopy sums what it copies, past the caches.
package crc64
