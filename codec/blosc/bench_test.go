package blosc

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/codec/internal/cblosc"
	"github.com/soastore/soa/codec/internal/columns"
)

const rows = 1 << 19

// BenchmarkAgainstC gives speed relative to c-blosc, each on one thread, in turns.
func BenchmarkAgainstC(b *testing.B) {
	p := cblosc.Start(b)
	for c := range numCompressors {
		for _, col := range columns.Make(rows) {
			b.Run(c.String()+"/"+col.Name, func(b *testing.B) { against(b, p, c, col) })
		}
	}
}

func against(b *testing.B, p *cblosc.Process, c Compressor, col columns.Column) {
	o := Options{Compressor: c, Level: 5, Workers: 1}
	if c == Zstd {
		o.Level = 1
	}
	s := cblosc.Settings{Codec: c.String(), Level: o.Level, Shuffle: 1, TypeSize: col.TypeSize}
	enc, dec, cEnc, cDec := math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)
	var theirs, back []byte
	ours := make([]byte, 0, Bound(len(col.Data)))
	for range b.N {
		var seconds float64
		theirs, seconds = p.Compress(col.Data, s, 3)
		cEnc = min(cEnc, seconds)
		enc = min(enc, fastest(func() { ours, _ = Encode(ours[:0], col.Data, col.TypeSize, o) }))
		_, seconds = p.Decompress(theirs, 3)
		cDec = min(cDec, seconds)
		dec = min(dec, fastest(func() { back, _ = Decode(back[:0], ours, o) }))
	}
	require.Equal(b, col.Data, back)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(col.Data))/enc/1e6, "enc-MB/s")
	b.ReportMetric(float64(len(col.Data))/dec/1e6, "dec-MB/s")
	b.ReportMetric(cEnc/enc, "enc-x-C")
	b.ReportMetric(cDec/dec, "dec-x-C")
	b.ReportMetric(float64(len(ours))/float64(len(theirs)), "size-x-C")
}

// BenchmarkWorkers gives the speed of two goroutines relative to one, and of two of
// c-blosc's threads relative to one of them.
func BenchmarkWorkers(b *testing.B) {
	p := cblosc.Start(b)
	col := columns.Make(rows)[1]
	var back []byte
	chunk := make([]byte, 0, Bound(len(col.Data)))
	inf := math.Inf(1)
	enc, dec := [3]float64{0, inf, inf}, [3]float64{0, inf, inf}
	cEnc, cDec := [3]float64{0, inf, inf}, [3]float64{0, inf, inf}
	for range b.N {
		for w := 1; w <= 2; w++ {
			o := Options{Workers: w, BlockSize: 1 << 17}
			p.Threads = w
			theirs, seconds := p.Compress(col.Data, cblosc.Settings{Codec: "lz4", Level: 5, Shuffle: 1, TypeSize: col.TypeSize, BlockSize: 1 << 17}, 3)
			cEnc[w] = min(cEnc[w], seconds)
			_, seconds = p.Decompress(theirs, 3)
			cDec[w] = min(cDec[w], seconds)
			enc[w] = min(enc[w], fastest(func() { chunk, _ = Encode(chunk[:0], col.Data, col.TypeSize, o) }))
			dec[w] = min(dec[w], fastest(func() { back, _ = Decode(back[:0], chunk, o) }))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(enc[1]/enc[2], "enc-x-one")
	b.ReportMetric(dec[1]/dec[2], "dec-x-one")
	b.ReportMetric(cEnc[1]/cEnc[2], "C-enc-x-one")
	b.ReportMetric(cDec[1]/cDec[2], "C-dec-x-one")
}

// fastest returns the seconds of the shortest of a few runs: others use the
// machine too.
func fastest(f func()) float64 {
	best := math.Inf(1)
	for range 3 {
		start := time.Now()
		f()
		best = min(best, time.Since(start).Seconds())
	}
	return best
}
