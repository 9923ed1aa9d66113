package lz4

import "encoding/binary"

// shortMax is how many bytes of dst a sequence of few literals and a short match may
// change: the token, and 16 bytes for at most 14 literals and the offset.
const shortMax = 17

// sequence writes to dst[d:] a sequence of the next literals of src and a match of
// m+4 bytes, and returns where it ends, or 0 if there is no room.
func (e *encoder) sequence(d, done, literals, offset, m int) int {
	size := 1 + lengthSize(literals) + literals + 2 + lengthSize(m)
	if size > len(e.dst)-d {
		return 0
	}
	d = e.literals(d, done, literals, m)
	binary.LittleEndian.PutUint16(e.dst[d:], uint16(offset))
	return putLength(e.dst, d+2, m)
}

// end writes what is left of src as the last sequence.
func (e *encoder) end(d, done int) int {
	n := len(e.src) - done
	if 1+lengthSize(n)+n > len(e.dst)-d {
		return 0
	}
	return e.literals(d, done, n, 0)
}

// literals writes a token, for a match of m+4 bytes, and the next n bytes of src, and
// returns where they end.
func (e *encoder) literals(d, done, n, m int) int {
	e.dst[d] = byte(min(n, more)<<4 | min(m, more))
	d = putLength(e.dst, d+1, n)
	return d + copy(e.dst[d:], e.src[done:done+n])
}

// lengthSize returns how many bytes length n takes behind the token.
func lengthSize(n int) int { return (n + 255 - more) / 255 }

// putLength writes these bytes, and returns where they end.
func putLength(dst []byte, d, n int) int {
	if n < more {
		return d
	}
	for n -= more; n >= 255; n -= 255 {
		dst[d] = 255
		d++
	}
	dst[d] = byte(n)
	return d + 1
}
