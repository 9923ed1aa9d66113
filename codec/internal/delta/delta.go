// Package delta replaces integers by their differences, which are small and alike
// where the integers rise evenly.
package delta

import "encoding/binary"

// Supported reports whether there are integers of size bytes.
func Supported(size int) bool {
	return size == 1 || size == 2 || size == 4 || size == 8
}

// Encode sets dst to src with every little-endian integer of size bytes less the
// one before it, modulo what fits. The first stays as it is, and so do bytes after
// the last whole integer. dst is as long as src and may be src itself.
func Encode(dst, src []byte, size int) {
	n := len(src) / size * size
	copy(dst[n:], src[n:])
	dst, src = dst[:n], src[:n]
	switch size {
	case 1:
		last := byte(0)
		for i, v := range src {
			dst[i], last = v-last, v
		}
	case 2:
		last := uint16(0)
		for ; len(src) >= 2 && len(dst) >= 2; src, dst = src[2:], dst[2:] {
			v := binary.LittleEndian.Uint16(src)
			binary.LittleEndian.PutUint16(dst, v-last)
			last = v
		}
	case 4:
		last := uint32(0)
		for ; len(src) >= 4 && len(dst) >= 4; src, dst = src[4:], dst[4:] {
			v := binary.LittleEndian.Uint32(src)
			binary.LittleEndian.PutUint32(dst, v-last)
			last = v
		}
	case 8:
		last := uint64(0)
		for ; len(src) >= 8 && len(dst) >= 8; src, dst = src[8:], dst[8:] {
			v := binary.LittleEndian.Uint64(src)
			binary.LittleEndian.PutUint64(dst, v-last)
			last = v
		}
	}
}

// Decode is the inverse of [Encode], in place.
func Decode(b []byte, size int) {
	switch size {
	case 1:
		last := byte(0)
		for i, v := range b {
			last += v
			b[i] = last
		}
	case 2:
		last := uint16(0)
		for ; len(b) >= 2; b = b[2:] {
			last += binary.LittleEndian.Uint16(b)
			binary.LittleEndian.PutUint16(b, last)
		}
	case 4:
		last := uint32(0)
		for ; len(b) >= 4; b = b[4:] {
			last += binary.LittleEndian.Uint32(b)
			binary.LittleEndian.PutUint32(b, last)
		}
	case 8:
		last := uint64(0)
		for ; len(b) >= 8; b = b[8:] {
			last += binary.LittleEndian.Uint64(b)
			binary.LittleEndian.PutUint64(b, last)
		}
	}
}
