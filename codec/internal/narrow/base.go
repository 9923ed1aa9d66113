package narrow

import (
	"github.com/soastore/soa/codec/internal/histogram"
)

// Estimate returns the base that makes bytes like those counted smallest, and the
// part that is left of them.
func Estimate(h *histogram.Counts) (base byte, left float64) {
	values := make([]byte, 0, 256)
	total := 0
	for v, n := range h {
		if total += int(n); n > 0 {
			values = append(values, byte(v))
		}
	}
	left = 1
	for _, v := range values {
		if h[v-1] >= h[v] {
			continue // a range begins where more bytes are than before
		}
		if l := leftFrom(v, values, h) / float64(total); l < left {
			base, left = v, l
		}
	}
	return base, left
}

// spread has, for 4 bits, each in 16 bits of its own.
var spread = func() (s [16]uint64) {
	for v := range uint64(16) {
		for k := range 4 {
			s[v] |= v >> k & 1 << (16 * k)
		}
	}
	return s
}()

// leftFrom returns how many bytes are left of those counted, which have the values,
// with that base: of a plane, or of the exceptions without it, what is less.
func leftFrom(base byte, values []byte, h *histogram.Counts) float64 {
	var low, high uint64 // the ones in planes 0 to 3, and 4 to 7
	total := 0
	for _, v := range values {
		n := h[v]
		low += spread[(v-base)&15] * uint64(n)
		high += spread[(v-base)>>4] * uint64(n)
		total += int(n)
	}
	left := 0.0
	for range 4 {
		left += min(float64(total)/8, exceptionSize*float64(uint16(low)))
		left += min(float64(total)/8, exceptionSize*float64(uint16(high)))
		low, high = low>>16, high>>16
	}
	return left
}
