package codec

import (
	"bytes"

	"github.com/klauspost/compress/s2"

	"github.com/soastore/soa/codec/internal/stream"
)

// coders are the compressors of the frames, by ID.
var coders = [...]stream.Coder{Zstd: stream.Zstd, S2: stream.S2, LZ4: stream.LZ4}

func (p *plan) coder(k kind) stream.Coder {
	if k == huffmanStream {
		return stream.Huffman
	}
	return coders[p.id]
}

const (
	// repeatSample is how many bytes are searched for repeats.
	repeatSample = 8 << 10
	// worthwhile is the most that may be left of a stream for compressing it to be
	// worth the time that it takes to decode.
	worthwhile = 0.97
	// minChoice is the shortest stream that is sampled: all others are compressed.
	minChoice = 1 << 10
)

// choose returns how stream s is to be stored, from a small part of it.
func (p *plan) choose(s []byte) kind {
	switch {
	case len(s) > 0 && bytes.Equal(s[1:], s[:len(s)-1]):
		return runStream
	case len(s) < minChoice:
		return codedStream
	}
	codes, repeats := max(entropy(s), 1)/8, repeatRatio(s)
	switch {
	case min(codes, repeats) > worthwhile:
		return rawStream
	case codes < repeats && len(s) <= huffmanLimit:
		return huffmanStream
	}
	return codedStream
}

// huffmanLimit is the longest stream for Huffman codes, 256 KiB less 1.
const huffmanLimit = 1<<18 - 1

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
