package blosclz

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashBits = 13
	// worthNear and worthFar are the shortest matches that are written.
	worthNear = 4
	worthFar  = 6
	// endRun is the shortest run at the end: c-blosc's decoder refuses a stream
	// that ends in a match.
	endRun = 1
)

// Encode writes src to dst and returns how many bytes that took, 0 if dst is too
// short. Higher levels, 1 to 9, search in more places.
func Encode(dst, src []byte, level int) int {
	e := encoder{dst: dst, src: src}
	if !e.encode(max(1, level)) {
		return 0
	}
	return e.d
}

type encoder struct {
	dst, src []byte
	d        int
}

func (e *encoder) encode(level int) bool {
	var table [1 << hashBits]uint32
	src := e.src
	run := 0 // where the bytes that no match holds yet begin
	for i := 1; i+8 <= len(src); {
		word := binary.LittleEndian.Uint32(src[i:])
		slot := &table[word*2654435761>>(32-hashBits)]
		ref := int(*slot)
		*slot = uint32(i)
		length := e.matchLength(ref, i, word)
		if length == 0 {
			i += 1 + (i-run)>>(2+level/2)
			continue
		}
		if !e.run(src[run:i]) || !e.match(length, i-ref) {
			return false
		}
		i += length
		run = i
	}
	return e.run(src[run:])
}

// matchLength returns how many bytes at i are as at ref, 0 if a match is not worth
// writing. word is the 4 bytes at i.
func (e *encoder) matchLength(ref, i int, word uint32) int {
	distance := i - ref
	if distance == 0 || distance > farLimit || binary.LittleEndian.Uint32(e.src[ref:]) != word {
		return 0
	}
	n := 4 + equal(e.src[ref+4:], e.src[i+4:len(e.src)-endRun])
	if n < worthNear || distance > nearLimit && n < worthFar {
		return 0
	}
	return n
}

// equal returns the number of bytes that a and b have in common; b is the shorter.
func equal(a, b []byte) int {
	n := 0
	for ; n+8 <= len(b); n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// run writes b as runs, and reports whether it fit.
func (e *encoder) run(b []byte) bool {
	if len(b)+(len(b)+maxRun-1)/maxRun > len(e.dst)-e.d {
		return false
	}
	for len(b) > 0 {
		n := min(len(b), maxRun)
		e.dst[e.d] = byte(n - 1)
		copy(e.dst[e.d+1:], b[:n])
		e.d += 1 + n
		b = b[n:]
	}
	return true
}

// match writes a match, and reports whether it fit.
func (e *encoder) match(length, distance int) bool {
	if 5+length/255 > len(e.dst)-e.d {
		return false
	}
	back := distance - 1
	far := distance > nearLimit
	if far {
		back = 31<<8 + 255
	}
	e.put(byte(min(length, longMatch)-minMatch+1)<<5 | byte(back>>8))
	if length >= longMatch {
		for length -= longMatch; length >= 255; length -= 255 {
			e.put(255)
		}
		e.put(byte(length))
	}
	e.put(byte(back))
	if far {
		e.put(byte((distance - farBase) >> 8))
		e.put(byte(distance - farBase))
	}
	return true
}

func (e *encoder) put(b byte) {
	e.dst[e.d] = b
	e.d++
}
