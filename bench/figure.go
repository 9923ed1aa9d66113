package main

import "slices"

// unit is what a contest's figures are in.
type unit uint8

const (
	gigabytes    unit = iota // GB/s: more is better
	microseconds             // of one call
	milliseconds             // of one call
)

func (u unit) String() string { return [...]string{"GB/s", "µs", "ms"}[u] }

// of returns the figure of so many bytes or calls in so many seconds.
func (u unit) of(amount, seconds float64) float64 {
	switch u {
	case microseconds:
		return seconds * 1e6 / amount
	case milliseconds:
		return seconds * 1e3 / amount
	}
	return amount / seconds / 1e9
}

// faster returns how many times as fast the figure a is as b.
func (u unit) faster(a, b float64) float64 {
	if u == gigabytes {
		return a / b
	}
	return b / a
}

// spread is what the figures of several rounds come to.
type spread struct{ median, min, max float64 }

// spreadOf returns the spread of at least one figure.
func spreadOf(figures []float64) spread {
	s := slices.Sorted(slices.Values(figures))
	middle := (s[(len(s)-1)/2] + s[len(s)/2]) / 2
	return spread{middle, s[0], s[len(s)-1]}
}
