package crc64

import (
	"fmt"
	"testing"
	"time"
)

// benchSizes are in the second-level cache, and beyond most or all caches.
var benchSizes = []int{256 << 10, 64 << 20, 256 << 20}

// BenchmarkUpdate gives the speed relative to hash/crc64's, measured in turns.
func BenchmarkUpdate(b *testing.B) {
	eachSize(b, func(b *testing.B, dst, src []byte) {
		inTurns(b, len(src), []way{
			{"own", func() { Update(0, src) }},
			{"hash/crc64", func() { updateTable(0, src) }},
		})
	})
}

// BenchmarkUpdateCopy gives the speed relative to copying alone, to copying and
// summing one after the other, and to both in turns of some KiB.
func BenchmarkUpdateCopy(b *testing.B) {
	eachSize(b, func(b *testing.B, dst, src []byte) {
		inTurns(b, len(src), []way{
			{"own", func() { UpdateCopy(0, dst, src) }},
			{"copy", func() { copy(dst, src) }},
			{"copy-then-Update", func() { copy(dst, src); Update(0, src) }},
			{"cached", func() { updateCopyCached(0, dst, src) }},
		})
	})
}

func BenchmarkCombine(b *testing.B) {
	for i := range b.N {
		Combine(1, 2, int64(1<<40-i))
	}
}

func eachSize(b *testing.B, bench func(b *testing.B, dst, src []byte)) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			if testing.Short() && n > 64<<20 {
				b.Skip("takes 512 MiB")
			}
			src, dst := make([]byte, n), make([]byte, n)
			random := randomBytes(1<<20, 9)
			for i := 0; i < n; i += len(random) {
				copy(src[i:], random)
			}
			copy(dst, src)
			bench(b, dst, src)
		})
	}
}

// way is one of those that are compared.
type way struct {
	name string
	do   func()
}

// inTurns reports the speed of all ways, and of the first relative to the others.
func inTurns(b *testing.B, n int, ways []way) {
	spent := make([]time.Duration, len(ways))
	for range b.N {
		for i, w := range ways {
			spent[i] += fastest(w.do)
		}
	}
	for i, w := range ways {
		b.ReportMetric(float64(n)*float64(b.N)/float64(spent[i].Nanoseconds()), w.name+"-GB/s")
		if i > 0 {
			b.ReportMetric(float64(spent[i])/float64(spent[0]), "x-"+w.name)
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
