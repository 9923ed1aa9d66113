package shuffle

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkShuffle gives, for a buffer that fits the second-level cache, the time
// relative to copy and to the plain Go loop, measured in turns.
func BenchmarkShuffle(b *testing.B) {
	for _, size := range []int{2, 4, 8, 12, 16} {
		for name, f := range map[string]func(dst, src []byte, size int){
			"Shuffle": Shuffle, "Unshuffle": Unshuffle, "BitShuffle": BitShuffle, "BitUnshuffle": BitUnshuffle,
		} {
			b.Run(fmt.Sprintf("%s%d", name, size), func(b *testing.B) { compare(b, f, size) })
		}
	}
}

func compare(b *testing.B, f func(dst, src []byte, size int), size int) {
	src := randomBytes(256<<10/size*size, 1)
	dst := make([]byte, len(src))
	n := len(src) / size
	planes := cut(nil, dst, size, n)
	var own, memcpy, plain time.Duration
	b.SetBytes(int64(len(src)))
	for range b.N {
		own += fastest(func() { f(dst, src, size) })
		memcpy += fastest(func() { copy(dst, src) })
		plain += fastest(func() { splitPortable(planes, src, 0, n) })
	}
	b.ReportMetric(float64(own)/float64(memcpy), "x-memcpy-time")
	b.ReportMetric(float64(plain)/float64(own), "x-plain-speed")
	b.ReportMetric(float64(len(src))*float64(b.N)/float64(own.Nanoseconds())*1000, "own-MB/s")
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
