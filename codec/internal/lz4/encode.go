package lz4

import "math/bits"

const (
	// searchEnd and literalEnd are what the format demands of the end of a block,
	// for the sake of decoders that copy more than they need: a match begins at
	// least 12 bytes before it, and the last 5 bytes are literals.
	searchEnd  = 12
	literalEnd = 5

	maxOffset       = 1<<16 - 1
	maxAcceleration = 1 << 16
	// patience is the binary logarithm of how many places are looked at in vain
	// before the steps from one to the next grow.
	patience = 6
)

// Bound returns the most bytes that n bytes take.
func Bound(n int) int { return n + n/255 + 16 }

// Encode writes src to dst as a block, and returns its size, or 0 if dst has no room
// for it. The greater acceleration is, from 1, the fewer places are searched. The
// block is that of liblz4's LZ4_compress_fast on x86-64.
func Encode(dst, src []byte, acceleration int) int {
	e := newEncoder(dst, src, acceleration)
	if len(src) <= searchEnd {
		return e.end(0, 0)
	}
	t := tablesPool.Get().(*tables)
	defer tablesPool.Put(t)
	if len(src) < largeSrc {
		clear(t.small[:])
		return encode(e, &t.small)
	}
	clear(t.large[:slots])
	return encode(e, &t.large)
}

// An encoder has what encode does not need at every place: the fewer variables that
// has of its own, the more of them are in registers.
type encoder struct {
	dst, src     []byte
	out          memory // is dst
	acceleration int
	loadEnd      int // where 16 bytes of src may be loaded
	shortEnd     int // where a short sequence fits into dst
}

func newEncoder(dst, src []byte, acceleration int) *encoder {
	return &encoder{
		dst: dst, src: src, out: memoryOf(dst),
		acceleration: min(max(acceleration, 1), maxAcceleration),
		loadEnd:      len(src) - 16,
		shortEnd:     len(dst) - shortMax,
	}
}

// encode is [Encode] of more than searchEnd bytes, with a table of zeros.
//
// What costs most is that the processor guesses wrongly which way a branch goes. So
// what differs from one sequence to the next without pattern is no branch, where that
// can be: bytes that match are counted by words, ahead and back, and 16 bytes are
// copied of few literals, however few.
//
// No access is outside src: a place that is looked at is at most last+1, with 11
// bytes from there on, and what the table says of it is less.
func encode[P position](e *encoder, t *table[P]) int {
	src, last := memoryOf(e.src), len(e.src)-searchEnd
	at, done, d := 1, 0, 0 // src[:done] is in dst[:d]
	t.exchange(src.load64(0), 0)
	v := src.load64(at)
	for {
		var match int // bytes like those at at, before them
		for next, misses := at+1, e.acceleration<<patience; ; misses++ {
			if next > last+1 {
				return e.end(d, done)
			}
			match = t.exchange(v, at)
			if src.load32(match) == uint32(v) && at-match <= maxOffset {
				break
			}
			at = next
			v = src.load64(at)
			next += misses >> patience
		}
		before := 8 // bytes before both that match too
		if match >= 8 {
			differ := src.load64(match-8) ^ src.load64(at-8)
			before = min(bits.LeadingZeros64(differ)/8, at-done)
		}
		if before == 8 {
			before = backward(src, match, at, done)
		}
		differ := src.load64(match) ^ v
		for ; ; before = 0 { // as long as a match follows the other
			literals, offset := at-before-done, at-match
			var n int
			if differ != 0 {
				n = bits.TrailingZeros64(differ) / 8
			} else {
				n = minMatch + forward(src, match+minMatch, at+minMatch, len(e.src)-literalEnd)
			}
			at += n
			n += before - minMatch
			if literals < more && n < more && done <= e.loadEnd && d <= e.shortEnd {
				e.out.put8(d, byte(literals<<4|n))
				e.out.put64(d+1, src.load64(done))
				e.out.put64(d+9, src.load64(done+8))
				e.out.put16(d+1+literals, uint16(offset))
				d += literals + 3
			} else if d = e.sequence(d, done, literals, offset, n); d == 0 {
				return 0
			}
			done = at
			if at > last {
				return e.end(d, done)
			}
			t.exchange(src.load64(at-2), at-2)
			v = src.load64(at)
			match = t.exchange(v, at)
			differ = src.load64(match) ^ v
			if uint32(differ) != 0 || at-match > maxOffset {
				break
			}
		}
		at++
		v = src.load64(at)
	}
}

// forward returns how many bytes from src[to] on are those from src[from] on, before
// end.
func forward(src memory, from, to, end int) int {
	start := to
	for ; to <= end-32; from, to = from+32, to+32 {
		differ := src.load64(from) ^ src.load64(to)
		differ |= src.load64(from+8) ^ src.load64(to+8)
		differ |= src.load64(from+16) ^ src.load64(to+16)
		differ |= src.load64(from+24) ^ src.load64(to+24)
		if differ != 0 {
			break
		}
	}
	for ; to <= end-8; from, to = from+8, to+8 {
		if differ := src.load64(from) ^ src.load64(to); differ != 0 {
			return to - start + bits.TrailingZeros64(differ)/8
		}
	}
	for to < end && src.load8(from) == src.load8(to) {
		from, to = from+1, to+1
	}
	return to - start
}

// backward returns how many bytes before src[to] are those before src[from], but not
// beyond src[end:].
func backward(src memory, from, to, end int) int {
	n, limit := 0, min(from, to-end)
	for n < limit && src.load8(from-n-1) == src.load8(to-n-1) {
		n++
	}
	return n
}
