package lz4

import (
	"encoding/binary"
	"math"
)

// tooLong is more than the length of any slice.
const tooLong = math.MaxInt - 1<<10

// Decode fills dst from src, which must hold exactly that many bytes. On an error
// dst has arbitrary content.
func Decode(dst, src []byte) error {
	d, s, ok := 0, 0, len(src) > 0
	for ok && s < len(src) {
		d, s = sequences(dst, src, d, s)
		d, s, ok = sequence(dst, src, d, s)
	}
	if !ok || d != len(dst) {
		return ErrCorrupt
	}
	return nil
}

// sequence decodes the sequence at src[s] to dst[d:], whatever it is, and returns
// where the next ones are.
func sequence(dst, src []byte, d, s int) (dNext, sNext int, ok bool) {
	token := int(src[s])
	n, s := length(src, s+1, token>>4)
	if n > len(src)-s || n > len(dst)-d {
		return d, s, false
	}
	copy(dst[d:], src[s:s+n])
	d, s = d+n, s+n
	if s == len(src) {
		return d, s, true
	}
	if len(src)-s < 2 {
		return d, s, false
	}
	offset := int(binary.LittleEndian.Uint16(src[s:]))
	n, s = length(src, s+2, token&more)
	if n += minMatch; offset == 0 || offset > d || n > len(dst)-d {
		return d, s, false
	}
	repeat(dst[:d+n], d, offset)
	return d + n, s, true
}

// length returns the length that n of a token and the bytes from src[s] on say, and
// where these end: tooLong if src ends before.
func length(src []byte, s, n int) (int, int) {
	if n < more {
		return n, s
	}
	for ; s < len(src) && n < tooLong; s++ {
		n += int(src[s])
		if src[s] < 255 {
			return n, s + 1
		}
	}
	return tooLong, s
}

// repeat fills dst from d on with what is offset before. Where the two overlap what
// is copied doubles at each turn.
func repeat(dst []byte, d, offset int) {
	for from := d - offset; d < len(dst); {
		d += copy(dst[d:], dst[from:d])
	}
}
