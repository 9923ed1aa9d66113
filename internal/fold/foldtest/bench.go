package foldtest

import (
	"fmt"
	"testing"
	"time"
)

// benchSizes are in the second-level cache, and beyond most or all caches.
var benchSizes = []int{256 << 10, 64 << 20, 256 << 20}

// EachSize runs bench on memory of several sizes.
func EachSize(b *testing.B, bench func(b *testing.B, dst, src []byte)) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			if testing.Short() && n > 64<<20 {
				b.Skip("takes 512 MiB")
			}
			src, dst := make([]byte, n), make([]byte, n)
			random := RandomBytes(1<<20, 9)
			for i := 0; i < n; i += len(random) {
				copy(src[i:], random)
			}
			copy(dst, src)
			bench(b, dst, src)
		})
	}
}

// Way is one of those that are compared.
type Way struct {
	Name string
	Do   func()
}

// InTurns reports the speed of all ways, and of the first relative to the others.
func InTurns(b *testing.B, n int, ways []Way) {
	spent := make([]time.Duration, len(ways))
	for range b.N {
		for i, w := range ways {
			spent[i] += fastest(w.Do)
		}
	}
	for i, w := range ways {
		b.ReportMetric(float64(n)*float64(b.N)/float64(spent[i].Nanoseconds()), w.Name+"-GB/s")
		if i > 0 {
			b.ReportMetric(float64(spent[i])/float64(spent[0]), "x-"+w.Name)
		}
	}
	b.ReportMetric(0, "ns/op") // of all ways together, which says nothing
}

// fastest returns the shortest of a few runs: others use the machine too.
func fastest(f func()) time.Duration {
	best := time.Duration(1 << 62)
	for range 5 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}
