package codec

import (
	"bytes"

	"github.com/klauspost/compress/s2"

	"github.com/soastore/soa/codec/internal/histogram"
	"github.com/soastore/soa/codec/internal/narrow"
	"github.com/soastore/soa/codec/internal/stream"
)

// coders are the compressors of the frames, by ID.
var coders = [...]stream.Coder{Zstd: stream.Zstd, S2: stream.S2, LZ4: stream.LZ4}

func (p *plan) coder(k kind) stream.Coder {
	switch k {
	case huffmanStream:
		return stream.Huffman
	case lz4Stream:
		return stream.LZ4
	case narrowStream:
		return stream.Narrow
	}
	return coders[p.id]
}

const (
	// repeatSample is how many bytes are searched for repeats.
	repeatSample = 8 << 10
	// minChoice is the shortest stream that is sampled: all others are compressed.
	minChoice = 1 << 10
	// worthwhile is the most that may be left of a stream for compressing it to be
	// worth the time that it takes to decode.
	worthwhile = 0.97
	// longRepeats is the most that is left of a stream that is all long repeats.
	longRepeats = 0.08
	// huffmanLimit is the longest stream for Huffman codes.
	huffmanLimit = 1<<18 - 1
)

// huffmanPays is the most that Huffman codes may leave, relative to what else there is,
// to be chosen: they take twenty times as long to decode as narrow bytes, and twice
// as long as LZ4. Zstd is for what is smallest.
func (p *plan) huffmanPays() float64 {
	if p.id == Zstd {
		return worthwhile
	}
	return 0.5
}

// choose returns the way to store stream s that is likely the best, from a small part
// of it: rawStream if none is likely to pay.
//
// Noise of few values is the case for bytes of few bits, and for Huffman codes:
// repeats are many and short there, and dear to find. Long repeats are the case for
// LZ4, which copies them about ten times as fast as the others.
func (p *plan) choose(s []byte) kind {
	if len(s) < minChoice {
		return codedStream
	}
	repeats := repeatRatio(s)
	if repeats < longRepeats {
		return lz4Stream
	}
	h := histogram.Sample(s)
	codes, bits := max(h.Bits(), 1)/8, 1.0
	if codes < min(repeats, worthwhile) { // else whole bits are no better than repeats
		_, bits = narrow.Estimate(&h)
	}
	switch best := min(bits, repeats); {
	case codes < best*p.huffmanPays() && len(s) <= huffmanLimit:
		return huffmanStream
	case best > worthwhile:
		return rawStream
	case bits <= repeats:
		return narrowStream
	}
	return codedStream
}

// room returns the most bytes that n may take when stored as k.
func room(k kind, n int) int {
	if k == lz4Stream {
		return n / 32
	}
	return max(n-1, 0)
}

// constant reports whether all bytes of s are alike.
func constant(s []byte) bool {
	return len(s) > 0 && bytes.Equal(s[1:], s[:len(s)-1])
}

// repeatRatio estimates what is left of s where repeats are written as such.
func repeatRatio(s []byte) float64 {
	s = s[len(s)/2:]
	s = s[:min(len(s), repeatSample)]
	n := s2.EstimateBlockSize(s)
	if n < 0 {
		return 1
	}
	return float64(n) / float64(len(s))
}
