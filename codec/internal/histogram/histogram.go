// Package histogram counts bytes, to tell how random they are.
package histogram

import (
	"math"
	"sync"
)

// A sample is so many pieces of so many bytes.
const (
	pieces    = 1024
	pieceSize = 2
)

// Counts is how often each byte occurs, of at most MaxSample bytes.
type Counts [256]uint16

// MaxSample is the most bytes of a histogram.
const MaxSample = pieces * pieceSize

// Sample counts MaxSample bytes from all over s, which has at least pieceSize.
func Sample(s []byte) (h Counts) {
	for i := range pieces {
		at := i * (len(s) - pieceSize) / (pieces - 1)
		for _, b := range s[at : at+pieceSize] {
			h[b]++
		}
	}
	return h
}

// Bits estimates the bits that each of the bytes takes if coded by how frequent it
// is. Few bytes look less random than they are, so noise is what counts as 8 bits.
func (h *Counts) Bits() float64 {
	terms := terms()
	n, sum := 0, 0.0
	for _, c := range h {
		n += int(c)
		sum += terms[c]
	}
	if n < 2 {
		return 8
	}
	return 8 * (terms[n] - sum) / (terms[n] - noiseSum(n))
}

// noiseSum returns what the sum of c log2 c over the counts c of n random bytes is
// on average, taking a count as Poisson's.
func noiseSum(n int) float64 {
	terms := terms()
	mean := float64(n) / 256
	chance, sum := math.Exp(-mean), 0.0
	for c := 1; c <= n && (float64(c) < mean || chance > 1e-9); c++ {
		chance *= mean / float64(c)
		sum += chance * terms[c]
	}
	return 256 * sum
}

// terms has n log2 n for each n.
var terms = sync.OnceValue(func() *[MaxSample + 1]float64 {
	var t [MaxSample + 1]float64
	for n := 1; n < len(t); n++ {
		t[n] = float64(n) * math.Log2(float64(n))
	}
	return &t
})
