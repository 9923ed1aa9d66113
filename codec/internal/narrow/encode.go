package narrow

import (
	"encoding/binary"
	"math/bits"

	"github.com/soastore/soa/codec/internal/histogram"
	"github.com/soastore/soa/codec/internal/scratch"
	"github.com/soastore/soa/codec/shuffle"
)

// Encode writes src to dst and returns how many bytes that took: 0 if they do not
// fit, or if it is not the way for such bytes.
func Encode(dst, src []byte) int {
	n := len(src) &^ 7
	if n == 0 || len(src) >= maxBytes || len(dst) < headerSize {
		return 0
	}
	h := histogram.Sample(src)
	base, _ := Estimate(&h)
	buf := scratch.Get(n)
	defer scratch.Put(buf)
	planes := split(buf.B, src[:n], base)

	binary.LittleEndian.PutUint32(dst, uint32(len(src)))
	dst[4], dst[5] = base, 0
	out := dst[:headerSize]
	var rest []byte // the planes that are not stored, one over the other
	for k, p := range planes {
		switch n := ones(p); {
		case n*exceptionSize > len(p):
			if len(p) > len(dst)-len(out) {
				return 0
			}
			dst[5] |= 1 << k
			out = append(out, p...)
		case n > 0 && rest == nil:
			rest = p
		case n > 0:
			or(rest, p)
		}
	}
	room := len(dst) - len(out) - (len(src) - n)
	if dst[5] == 0 || room < ones(rest)*exceptionSize {
		return 0
	}
	return len(appendExceptions(append(out, src[n:]...), src, rest))
}

// split returns the planes of src less base, in buf, which is as long.
func split(buf, src []byte, base byte) (planes [8][]byte) {
	for k := range planes {
		planes[k] = buf[k*len(buf)/8:][:len(buf)/8]
	}
	t := scratch.Get(tile)
	defer scratch.Put(t)
	for at := 0; at < len(src); at += tile {
		part := t.B[:copy(t.B, src[at:])]
		var rows [8][]byte
		for k, p := range planes {
			rows[k] = p[at/8:]
		}
		shuffle.SplitBits(&rows, part, base)
	}
	return planes
}

// ones counts the bits that are set.
func ones(b []byte) (n int) {
	for ; len(b) >= 32; b = b[32:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b)) + bits.OnesCount64(binary.LittleEndian.Uint64(b[8:])) +
			bits.OnesCount64(binary.LittleEndian.Uint64(b[16:])) + bits.OnesCount64(binary.LittleEndian.Uint64(b[24:]))
	}
	for _, v := range b {
		n += bits.OnesCount8(v)
	}
	return n
}

// or sets in b what is set in c, which is as long.
func or(b, c []byte) {
	for ; len(b) >= 8 && len(c) >= 8; b, c = b[8:], c[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)|binary.LittleEndian.Uint64(c))
	}
	for i, v := range c {
		b[i] |= v
	}
}

// appendExceptions appends the bytes of src whose bit in where is set.
func appendExceptions(out, src, where []byte) []byte {
	for i := 0; i < len(where); i += 8 {
		var word [8]byte
		copy(word[:], where[i:])
		for w := binary.LittleEndian.Uint64(word[:]); w != 0; w &= w - 1 {
			at := 8*i + bits.TrailingZeros64(w)
			out = binary.LittleEndian.AppendUint32(out, uint32(at)<<8|uint32(src[at]))
		}
	}
	return out
}
