// Package summary computes the statistics of arrays that come piece by piece.
package summary

import (
	"math"

	"github.com/soastore/soa"
)

// Result is what is known of the elements so far.
type Result struct {
	Count int64 // elements that are not NaN
	NaNs  int64 // elements that are, which nothing else here counts
	// Min and Max are arrays of one element of the array's own type (float32 for
	// float16, float64 for the magnitude of complex numbers), so that no digit of
	// an integer is lost; they are empty if Count is 0.
	Min, Max soa.Array
	Mean     float64 // NaN if Count is 0
	Std      float64 // of the population (divided by Count), as NumPy's default; NaN if Count is 0
}

// Summary takes in arrays of one type.
type Summary interface {
	// Add takes in all elements of an array.
	Add(a soa.Array)
	// Result returns the statistics of what was added.
	Result() Result
}

// New returns an empty Summary for arrays of type dtype. False counts as 0, true
// as 1, and a complex number as its magnitude.
func New(dtype soa.DType) Summary {
	switch dtype {
	case soa.Bool:
		return &of[uint8, bool]{load: ones, back: func(v uint8) soa.Array { return soa.Of([]bool{v == 1}) }}
	case soa.Int8:
		return plain[int8]()
	case soa.Int16:
		return plain[int16]()
	case soa.Int32:
		return plain[int32]()
	case soa.Int64:
		return plain[int64]()
	case soa.Uint8:
		return plain[uint8]()
	case soa.Uint16:
		return plain[uint16]()
	case soa.Uint32:
		return plain[uint32]()
	case soa.Uint64:
		return plain[uint64]()
	case soa.Float16:
		return &of[float32, soa.F16]{load: convert(soa.F16.Float32), back: one[float32]}
	case soa.Float32:
		return plain[float32]()
	case soa.Float64:
		return plain[float64]()
	case soa.Complex64:
		return &of[float64, complex64]{load: convert(func(c complex64) float64 { return abs(complex128(c)) }), back: one[float64]}
	case soa.Complex128:
		return &of[float64, complex128]{load: convert(abs), back: one[float64]}
	}
	return &of[uint8, uint8]{load: same[uint8], back: one[uint8]} // of no type, and so of no elements
}

// number is what elements are compared as.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// of summarizes elements of type E as numbers of type T.
type of[T number, E soa.Element] struct {
	load     func(dst []T, src []E) []T // uses dst's memory, or src itself
	back     func(T) soa.Array          // of one element
	buf      []T
	seen     bool // there was an element that is not NaN
	min, max T
	nans     int64
	infs     [2]int64 // -Inf, +Inf
	finite   bool     // there was an element that is none of these
	shift    T        // what the moments are taken about: of integers the first one, else 0
	moments
}

func plain[T interface {
	number
	soa.Element
}]() Summary {
	return &of[T, T]{load: same[T], back: one[T]}
}

func same[T number](_, src []T) []T { return src }

func one[T interface {
	number
	soa.Element
}](v T) soa.Array {
	return soa.Of([]T{v})
}

func ones(dst []uint8, src []bool) []uint8 {
	for _, b := range src {
		v := uint8(0)
		if b {
			v = 1
		}
		dst = append(dst, v)
	}
	return dst
}

func convert[T number, E soa.Element](f func(E) T) func([]T, []E) []T {
	return func(dst []T, src []E) []T {
		for _, v := range src {
			dst = append(dst, f(v))
		}
		return dst
	}
}

func abs(c complex128) float64 { return math.Hypot(real(c), imag(c)) }

// blockLen is how many elements are in the cache while they are gone through
// twice: for their mean, and for the squares of what they differ from it.
const blockLen = 4096

func (s *of[T, E]) Add(a soa.Array) {
	all, err := soa.Values[E](a)
	if err != nil {
		panic(err) // the caller gave New the type
	}
	differences := make([]float64, 0, min(blockLen, len(all)))
	for len(all) > 0 {
		n := min(len(all), blockLen)
		s.buf = s.load(s.buf[:0], all[:n])
		s.moments.add(s.differences(differences[:0], s.buf))
		all = all[n:]
	}
}

// differences takes in extremes, NaNs and infinities, and appends the differences
// of the finite elements from shift.
func (s *of[T, E]) differences(dst []float64, block []T) []float64 {
	for _, v := range block {
		if v-v != 0 { // NaN or infinite
			s.special(v)
			continue
		}
		if !s.finite {
			s.first(v)
		}
		s.extend(v)
		dst = append(dst, difference(v, s.shift))
	}
	return dst
}

// special counts what is no finite number.
func (s *of[T, E]) special(v T) {
	switch {
	case v != v:
		s.nans++
		return
	case v < 0:
		s.infs[0]++
	default:
		s.infs[1]++
	}
	s.extend(v)
}

// first takes note of the first finite element.
func (s *of[T, E]) first(v T) {
	s.finite = true
	if !isFloat[T]() {
		s.shift = v
	}
}

// extend takes v, which is not NaN, into the extremes.
func (s *of[T, E]) extend(v T) {
	if !s.seen {
		s.seen, s.min, s.max = true, v, v
	}
	if v < s.min {
		s.min = v
	}
	if v > s.max {
		s.max = v
	}
}

// difference returns v-w, for integers as exactly as a float64 can: large ones
// that are close to each other lose nothing.
func difference[T number](v, w T) float64 {
	if v < w {
		return -difference(w, v)
	}
	if d := v - w; d >= 0 {
		return float64(d)
	}
	return float64(v) - float64(w) // a signed integer overflows
}

// isFloat reports whether T has fractions.
func isFloat[T number]() bool { return T(1)/T(2) != 0 }

func (s *of[T, E]) Result() Result {
	r := Result{Count: s.n + s.infs[0] + s.infs[1], NaNs: s.nans, Mean: math.NaN(), Std: math.NaN()}
	if r.Count == 0 {
		return r
	}
	r.Min, r.Max = s.back(s.min), s.back(s.max)
	if s.infs == [2]int64{} {
		r.Mean, r.Std = float64(s.shift)+s.mean, math.Sqrt(s.m2/float64(s.n))
		return r
	}
	switch {
	case s.infs[1] == 0:
		r.Mean = math.Inf(-1)
	case s.infs[0] == 0:
		r.Mean = math.Inf(1)
	}
	return r
}
