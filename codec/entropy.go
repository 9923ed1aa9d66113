package codec

import (
	"math"
	"sync"
)

const (
	// pieces and pieceSize are how a stream is sampled.
	pieces    = 1024
	pieceSize = 2
)

// entropy estimates the bits that a byte of s takes if each is coded by how
// frequent it is. It looks at pieces of s, which is at least minChoice long.
func entropy(s []byte) float64 {
	var h histogram
	for i := range pieces {
		at := i * (len(s) - pieceSize) / (pieces - 1)
		for _, b := range s[at : at+pieceSize] {
			h[b]++
		}
	}
	return h.bits()
}

// A histogram is how often each byte occurs.
type histogram [256]uint16

// bits returns the bits that each of the bytes takes if coded by how frequent it
// is. Few bytes look less random than they are, so noise is what counts as 8 bits.
// There are at most maxSample bytes.
func (h *histogram) bits() float64 {
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

// maxSample is the most bytes of a histogram.
const maxSample = pieces * pieceSize

// terms has n log2 n for each n.
var terms = sync.OnceValue(func() *[maxSample + 1]float64 {
	var t [maxSample + 1]float64
	for n := 1; n < len(t); n++ {
		t[n] = float64(n) * math.Log2(float64(n))
	}
	return &t
})
