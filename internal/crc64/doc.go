// Package crc64 computes CRC-64/XZ, the checksum of GenericIO files: polynomial
// 0x42f0e1eba9ea3693, reflected, initial and final value all ones. It equals
// hash/crc64 with the polynomial crc64.ECMA, and is many times as fast on amd64 and
// arm64: see package fold.
//
// Checksum and Update sum bytes; Combine joins the sums of blocks that were summed
// in parallel; UpdateCopy sums what it copies, past the caches.
package crc64
