package shuffle

import "encoding/binary"

// The portable twins of the vector kernels. They also do the elements that a
// vector kernel leaves over, which is why they begin at element from.

func splitPortable(planes [][]byte, src []byte, from, n int) {
	size := len(planes)
	for k, p := range planes {
		for i := from; i < n; i++ {
			p[i] = src[i*size+k]
		}
	}
}

func joinPortable(dst []byte, planes [][]byte, from, n int) {
	size := len(planes)
	for k, p := range planes {
		for i := from; i < n; i++ {
			dst[i*size+k] = p[i]
		}
	}
}

// transposeBitsPortable exchanges the blocks off the diagonal of each 8 x 8 bits,
// of 1 x 1, 2 x 2 and 4 x 4 bits in turn (Warren, Hacker's Delight, 7-3).
func transposeBitsPortable(b []byte, before, after byte) {
	for ; len(b) >= 8; b = b[8:] {
		x := addBytes(binary.LittleEndian.Uint64(b), before)
		t := (x ^ x>>7) & 0x00aa00aa00aa00aa
		x ^= t ^ t<<7
		t = (x ^ x>>14) & 0x0000cccc0000cccc
		x ^= t ^ t<<14
		t = (x ^ x>>28) & 0x00000000f0f0f0f0
		x ^= t ^ t<<28
		binary.LittleEndian.PutUint64(b, addBytes(x, after))
	}
}

// addBytes adds v to every byte of x, modulo 256.
func addBytes(x uint64, v byte) uint64 {
	const top, each = 0x8080808080808080, 0x0101010101010101
	y := uint64(v) * each
	return (x&^top + y&^top) ^ (x^y)&top
}
