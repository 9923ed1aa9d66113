package main

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/soastore/soa"
)

// total is the sum of a value's columns: of those of whole numbers exactly, modulo
// 2^64, so that contestants can be held against each other.
type total struct {
	whole uint64
	float float64
}

// sum adds up every column of d, on so many goroutines.
func sum(d *soa.Dict, goroutines int) total {
	var all []soa.Array
	for _, a := range d.All() {
		all = append(all, a)
	}
	var next atomic.Int64
	var whole, float atomic.Uint64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			var own total
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				own.add(all[i])
			}
			whole.Add(own.whole)
			float.Store(math.Float64bits(own.float)) // so that it is computed
		})
	}
	wg.Wait()
	return total{whole.Load(), math.Float64frombits(float.Load())}
}

func (t *total) add(a soa.Array) {
	if x, err := soa.Values[float32](a); err == nil {
		t.float += float64(sumOf[float32](x))
	}
	if x, err := soa.Values[float64](a); err == nil {
		t.float += sumOf[float64](x)
	}
	if x, err := soa.Values[int64](a); err == nil {
		t.whole += uint64(sumOf[int64](x))
	}
	if x, err := soa.Values[uint16](a); err == nil {
		t.whole += sumOf[uint64](x)
	}
}

// sumOf adds x up as numbers of type S, in eight sums that do not wait for each other.
func sumOf[S, T number](x []T) S {
	var s [8]S
	for ; len(x) >= 8; x = x[8:] {
		s[0] += S(x[0])
		s[1] += S(x[1])
		s[2] += S(x[2])
		s[3] += S(x[3])
		s[4] += S(x[4])
		s[5] += S(x[5])
		s[6] += S(x[6])
		s[7] += S(x[7])
	}
	for i := range x {
		s[0] += S(x[i])
	}
	return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7]
}

type number interface {
	float32 | float64 | int64 | uint64 | uint16
}
