package codec

import (
	"github.com/soastore/soa/codec/internal/delta"
	"github.com/soastore/soa/codec/internal/histogram"
)

const (
	// samples is how many runs of elements Worth looks at, of sampleRun each.
	samples   = 16
	sampleRun = 64
	// worthSaving is the least part of an array that must go for encoding it to pay.
	worthSaving = 0.03
)

// Worth reports whether encoding elements of typesize bytes like those of sample is
// likely to make them smaller by a few percent. It looks at some kilobytes of it in
// a few microseconds: noise is told by how even its bytes are, whether taken as
// they are or as differences, so repeats of long pieces of noise are not seen.
func Worth(sample []byte, typesize int) bool {
	if typesize < 1 {
		typesize = 1
	}
	n := len(sample) / typesize
	if len(sample) < minFrame || n == 0 {
		return false
	}
	runs := pick(sample, typesize, n)
	if saving(runs, typesize) > worthSaving {
		return true
	}
	if !delta.Supported(typesize) {
		return false
	}
	for i, r := range runs {
		d := make([]byte, len(r))
		delta.Encode(d, r, typesize)
		runs[i] = d[typesize:]
	}
	return saving(runs, typesize) > worthSaving
}

// pick returns runs of successive elements from all over b, which has n.
func pick(b []byte, typesize, n int) [][]byte {
	if n <= samples*sampleRun {
		return [][]byte{b[:n*typesize]}
	}
	runs := make([][]byte, samples)
	for i := range runs {
		at := i * (n - sampleRun) / (samples - 1)
		runs[i] = b[at*typesize:][:sampleRun*typesize]
	}
	return runs
}

// saving estimates which part of the elements coding them byte by byte takes away.
func saving(runs [][]byte, typesize int) float64 {
	left := 0.0
	for k := range typesize {
		var h histogram.Counts
		for _, r := range runs {
			for i := k; i < len(r); i += typesize {
				h[r[i]]++
			}
		}
		left += h.Bits()
	}
	return 1 - left/float64(8*typesize)
}
