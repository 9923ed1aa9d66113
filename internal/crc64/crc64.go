// Package crc64 computes CRC-64/XZ (polynomial 0x42f0e1eba9ea3693, reflected,
// initial and final value all ones), the checksum of GenericIO files.
package crc64

import "hash/crc64"

var table = crc64.MakeTable(crc64.ECMA)

// Checksum returns the CRC of p.
func Checksum(p []byte) uint64 { return crc64.Checksum(p, table) }

// Update returns the CRC of the bytes that crc is of, followed by p.
func Update(crc uint64, p []byte) uint64 { return crc64.Update(crc, table, p) }
