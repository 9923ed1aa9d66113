package arena

import (
	"cmp"
	"fmt"
	"slices"
)

// A span is a range of the file that no value lies in. A hole is one that has no
// disk space: it must be reserved before it is written to.
type span struct {
	off, len int64
	hole     bool
}

func (s span) end() int64 { return s.off + s.len }

// space is the free part of a file of end bytes: spans in the order of their
// addresses, none of which could be joined with the next. All lengths are multiples
// of page. A search goes through all of them, which takes a microsecond for a
// thousand.
type space struct {
	end   int64
	spans []span
	free  int64 // bytes of spans that are no holes
	holes int64 // bytes of those that are
}

// take takes n bytes out of the smallest span with disk space that has as many, of
// equal ones the first: large spans stay whole, and the file's end empties.
func (s *space) take(n int64) (off int64, ok bool) {
	best := -1
	for i, p := range s.spans {
		if !p.hole && p.len >= n && (best < 0 || p.len < s.spans[best].len) {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	off = s.spans[best].off
	s.remove(best, n)
	return off, true
}

// remove takes the first n bytes of span i out.
func (s *space) remove(i int, n int64) {
	p := &s.spans[i]
	s.count(*p, -n)
	if p.off, p.len = p.off+n, p.len-n; p.len == 0 {
		s.spans = slices.Delete(s.spans, i, i+1)
	}
}

func (s *space) count(p span, n int64) {
	if p.hole {
		s.holes += n
	} else {
		s.free += n
	}
}

// takeRun takes n bytes out of the shortest run of adjacent spans that has as many,
// and up to extra bytes more if the run has them. It returns what it took, and the
// holes in that.
func (s *space) takeRun(n, extra int64) (taken extent, holes []span, ok bool) {
	off, bestLen := int64(0), int64(-1)
	for i := 0; i < len(s.spans); {
		start, end := s.spans[i].off, s.spans[i].end()
		for i++; i < len(s.spans) && s.spans[i].off == end; i++ {
			end = s.spans[i].end()
		}
		if end-start >= n && (bestLen < 0 || end-start < bestLen) {
			off, bestLen = start, end-start
		}
	}
	if bestLen < 0 {
		return extent{}, nil, false
	}
	taken = extent{off, min(n+extra, bestLen)}
	return taken, s.carve(off, taken.end()), true
}

// takeEnd takes n bytes that begin with the spans at the end of the file, if any,
// and go beyond it, which makes the file longer. It returns the holes among them;
// the last is what is beyond the old end, and extra bytes longer.
func (s *space) takeEnd(n, extra int64) (off int64, holes []span) {
	off = s.end
	for _, p := range slices.Backward(s.spans) {
		if p.end() != off {
			break
		}
		off = p.off
	}
	holes = s.carve(off, s.end)
	longer := span{off: s.end, len: off + n + extra - s.end, hole: true}
	s.end = longer.end()
	return off, append(holes, longer)
}

// carve takes the range from off to end, which is free, out of all spans, and
// returns the holes in it.
func (s *space) carve(off, end int64) (holes []span) {
	i, _ := slices.BinarySearchFunc(s.spans, off, func(p span, off int64) int { return cmp.Compare(p.off, off) })
	for off < end {
		n := min(s.spans[i].len, end-off)
		if s.spans[i].hole {
			holes = append(holes, span{off, n, true})
		}
		off += n
		s.remove(i, n)
	}
	return holes
}

// give adds a range that is in no span. It panics if it is: two values would get it.
func (s *space) give(p span) {
	if p.len == 0 {
		return
	}
	s.count(p, p.len)
	i, _ := slices.BinarySearchFunc(s.spans, p.off, func(p span, off int64) int { return cmp.Compare(p.off, off) })
	if i > 0 && s.spans[i-1].end() > p.off || i < len(s.spans) && s.spans[i].off < p.end() {
		panic(fmt.Sprintf("arena: the %d bytes at %d are free already", p.len, p.off))
	}
	before := i > 0 && s.spans[i-1].end() == p.off && s.spans[i-1].hole == p.hole
	after := i < len(s.spans) && p.end() == s.spans[i].off && s.spans[i].hole == p.hole
	switch {
	case before && after:
		s.spans[i-1].len += p.len + s.spans[i].len
		s.spans = slices.Delete(s.spans, i, i+1)
	case before:
		s.spans[i-1].len += p.len
	case after:
		s.spans[i].off, s.spans[i].len = p.off, s.spans[i].len+p.len
	default:
		s.spans = slices.Insert(s.spans, i, p)
	}
}

// giveBack adds the range from off to end, of which the given parts are holes.
func (s *space) giveBack(off, end int64, holes []span) {
	for _, h := range holes {
		s.give(span{off: off, len: h.off - off})
		s.give(h)
		off = h.end()
	}
	s.give(span{off: off, len: end - off})
}

// last takes up to n bytes with disk space out, those that are nearest to the end.
func (s *space) last(n int64) (p span, ok bool) {
	for i, q := range slices.Backward(s.spans) {
		if q.hole || n <= 0 {
			continue
		}
		n = min(n, q.len)
		s.count(q, -n)
		if s.spans[i].len -= n; s.spans[i].len == 0 {
			s.spans = slices.Delete(s.spans, i, i+1)
		}
		return span{off: q.end() - n, len: n}, true
	}
	return span{}, false
}

// cut takes a hole at the end of the file out, which makes the file shorter, and
// reports whether there was one.
func (s *space) cut() bool {
	i := len(s.spans) - 1
	if i < 0 || !s.spans[i].hole || s.spans[i].end() != s.end {
		return false
	}
	s.end = s.spans[i].off
	s.remove(i, s.spans[i].len)
	return true
}
