package shuffle

import "github.com/soastore/soa/codec/internal/scratch"

// bitTile is how many bytes a bit shuffle takes through its steps at a time, so
// that they stay in the fastest cache.
const bitTile = 16 << 10

// BitShuffle sets dst to src with bit b of byte k of every element grouped
// together: eight elements give one byte, the first element its lowest bit, for
// b = 0 ... 7 within k = 0 ... typesize-1. The elements beyond a multiple of
// eight and bytes after them are copied as they are. dst must be as long as src,
// and apart from it; typesize is at least 1.
//
// The steps are: split each element's bytes into planes; transpose each 8 bytes of
// a plane as 8 x 8 bits; split those, as elements of 8 bytes, into rows of bits.
func BitShuffle(dst, src []byte, typesize int) {
	check(dst, src, typesize)
	n := len(src) / typesize &^ 7
	tile := bitTiling(typesize)
	b := scratch.Get(tile * typesize)
	defer scratch.Put(b)
	var few [16][]byte
	for at := 0; at < n; at += tile {
		e := min(tile, n-at)
		planes := cut(few[:0], b.B, typesize, e)
		Split(planes, src[at*typesize:(at+e)*typesize])
		transposeBits(b.B[:e*typesize], 0, 0)
		for k, p := range planes {
			rows := bitRows(dst[k*n:(k+1)*n], at, e)
			Split(rows[:], p)
		}
	}
	copy(dst[n*typesize:], src[n*typesize:])
}

// BitUnshuffle is the inverse of [BitShuffle], under the same conditions.
func BitUnshuffle(dst, src []byte, typesize int) {
	check(dst, src, typesize)
	n := len(src) / typesize &^ 7
	tile := bitTiling(typesize)
	b := scratch.Get(tile * typesize)
	defer scratch.Put(b)
	var few [16][]byte
	for at := 0; at < n; at += tile {
		e := min(tile, n-at)
		planes := cut(few[:0], b.B, typesize, e)
		for k, p := range planes {
			rows := bitRows(src[k*n:(k+1)*n], at, e)
			Join(p, rows[:])
		}
		transposeBits(b.B[:e*typesize], 0, 0)
		Join(dst[at*typesize:(at+e)*typesize], planes)
	}
	copy(dst[n*typesize:], src[n*typesize:])
}

// bitTiling returns how many elements to take at a time. It is a multiple of 512,
// for a byte of a row has eight elements and kernels take 64 bytes at a turn.
func bitTiling(typesize int) int {
	return max(bitTile/typesize&^511, 512)
}

// bitRows returns the parts, for n elements from element at on, of the eight rows
// of bits that fill b.
func bitRows(b []byte, at, n int) (rows [8][]byte) {
	for i := range rows {
		rows[i] = b[i*len(b)/8+at/8:][:n/8]
	}
	return rows
}

// transposeBits adds before to every byte of b, transposes each 8 bytes as 8 x 8 bits,
// and adds after to every byte. len(b) is a multiple of 8.
func transposeBits(b []byte, before, after byte) {
	transposeBitsPortable(b[transposeBitsVector(b, before, after):], before, after)
}

// SplitBits sets bit j of planes[k][i] to bit k of byte 8*i+j of b, less base modulo
// 256. It overwrites b. len(b) is a multiple of 8; each plane has room for len(b)/8
// bytes. With base 0 that is a bit shuffle of bytes, to planes wherever the caller has
// them. It takes two passes, so b is best small enough for the fastest cache.
func SplitBits(planes *[8][]byte, b []byte, base byte) {
	transposeBits(b, -base, 0)
	Split(planes[:], b)
}

// JoinBits is the inverse of [SplitBits].
func JoinBits(dst []byte, planes *[8][]byte, base byte) {
	Join(dst, planes[:])
	transposeBits(dst, 0, base)
}
