package crc64

import "hash/crc64"

//go:generate sh -c "cd gen && go run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg crc64"

var table = crc64.MakeTable(crc64.ECMA)

// piece is how many bytes a kernel takes in one call. A goroutine cannot be
// stopped in a kernel, and the garbage collector waits until all are stopped.
const piece = 1 << 20

// Checksum returns the CRC of p.
func Checksum(p []byte) uint64 { return Update(0, p) }

// Update returns the CRC of the bytes that crc is of, followed by p. The CRC of no
// bytes is 0.
func Update(crc uint64, p []byte) uint64 {
	for len(p) > piece {
		crc = update(crc, p[:piece])
		p = p[piece:]
	}
	return update(crc, p)
}

// updateTable is what is left to do where no kernel does it: all bytes, or the
// last few.
func updateTable(crc uint64, p []byte) uint64 { return crc64.Update(crc, table, p) }
