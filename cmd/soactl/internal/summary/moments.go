package summary

import "math"

// moments are the count, the mean and the sum of squared differences from the
// mean of numbers that come block by block. Blocks are merged with the formula of
// Chan, Golub and LeVeque (1979), which stays accurate where a sum of squares
// would cancel.
type moments struct {
	n        int64
	mean, m2 float64
}

func (m *moments) add(block []float64) {
	if len(block) == 0 {
		return
	}
	b := momentsOf(block)
	if m.n == 0 {
		*m = b
		return
	}
	share := float64(b.n) / float64(m.n+b.n)
	d := b.mean - m.mean
	m.mean += d * share
	m.m2 += b.m2 + d*d*float64(m.n)*share
	m.n += b.n
}

// momentsOf takes a block in two passes. The second one also makes up for the
// rounding of the first.
func momentsOf(block []float64) moments {
	n := float64(len(block))
	mean := 0.0
	for _, v := range block {
		mean += v
	}
	mean /= n
	if math.IsInf(mean, 0) { // the sum is too large, not the mean
		mean = 0
		for _, v := range block {
			mean += v / n
		}
	}
	rest, m2 := 0.0, 0.0
	for _, v := range block {
		d := v - mean
		rest += d
		m2 += d * d
	}
	return moments{int64(len(block)), mean + rest/n, m2 - rest*rest/n}
}
