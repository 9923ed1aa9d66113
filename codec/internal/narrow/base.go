package narrow

import (
	"github.com/soastore/soa/codec/internal/histogram"
)

// Estimate returns the base that makes bytes like those counted smallest, and the
// part that is left of them.
func Estimate(h *histogram.Counts) (base byte, left float64) {
	total := 0
	for _, n := range h {
		total += int(n)
	}
	left = 1
	ones := countOnes(h)
	for v, n := range h {
		if h[byte(v-1)] >= n {
			continue // a range begins where more bytes are than before
		}
		if l := ones.left(byte(v), total) / float64(total); l < left {
			base, left = byte(v), l
		}
	}
	return base, left
}

// onesOf has, by bit and by base, in how many bytes the bit is set once the base is
// subtracted. Bit k knows the base modulo 2<<k only.
type onesOf [8][256]uint16

// countOnes returns that of the bytes counted by h. Bit k of v-base is set if v is in
// the second half of the 2<<k numbers from base on, modulo 2<<k. From one base to the
// next one number leaves that half, and one enters it.
func countOnes(h *histogram.Counts) (ones onesOf) {
	counts := *h // by byte modulo period
	for k := 7; k >= 0; k-- {
		half, period := 1<<k, 2<<k
		n := uint16(0)
		for _, c := range counts[half:period] {
			n += c
		}
		for base := range half {
			ones[k][base] = n
			n += counts[base] - counts[base+half]
		}
		for base := range half {
			ones[k][base+half] = n
			n += counts[base+half] - counts[base]
		}
		for v := range half {
			counts[v] += counts[v+half]
		}
	}
	return ones
}

// left returns how many of total bytes are left with that base: of each bit a plane, or
// the exceptions without it, what is less.
func (ones *onesOf) left(base byte, total int) float64 {
	left := 0.0
	for k := range ones {
		n := ones[k][int(base)&(2<<k-1)]
		left += min(float64(total)/8, exceptionSize*float64(n))
	}
	return left
}
