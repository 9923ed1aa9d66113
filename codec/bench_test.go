package codec

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/codec/internal/cblosc"
	"github.com/soastore/soa/codec/internal/columns"
	"github.com/soastore/soa/codec/internal/parallel"
)

const rows = 1 << 19

// BenchmarkAgainstC gives speed relative to c-blosc with byte shuffle, each on one
// thread, in turns: Zstd to its zstd at level 1, the others to its lz4 at level 5.
func BenchmarkAgainstC(b *testing.B) {
	p := cblosc.Start(b)
	for _, col := range columns.Make(rows) {
		o := Options{Workers: 1}
		for _, id := range []ID{Zstd, S2, LZ4} {
			c, err := New(id, o)
			require.NoError(b, err)
			b.Run(id.String()+"/"+col.Name, func(b *testing.B) { against(b, p, c, id == Zstd, col) })
		}
		b.Run("auto/"+col.Name, func(b *testing.B) { against(b, p, NewAuto(kindOf(col), o), false, col) })
	}
}

func against(b *testing.B, p *cblosc.Process, c Codec, zstd bool, col columns.Column) {
	s := cblosc.Settings{Codec: "lz4", Level: 5, Shuffle: 1, TypeSize: col.TypeSize}
	if zstd {
		s.Codec, s.Level = "zstd", 1
	}
	enc, dec, cEnc, cDec := math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)
	var theirs, back []byte
	ours := make([]byte, 0, Bound(len(col.Data)))
	for range b.N {
		var seconds float64
		theirs, seconds = p.Compress(col.Data, s, 3)
		cEnc = min(cEnc, seconds)
		enc = min(enc, fastest(func() { ours, _ = c.Encode(ours[:0], col.Data, col.TypeSize) }))
		_, seconds = p.Decompress(theirs, 3)
		cDec = min(cDec, seconds)
		dec = min(dec, fastest(func() { back, _ = c.Decode(back[:0], ours) }))
	}
	require.Equal(b, col.Data, back)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(col.Data))/enc/1e6, "enc-MB/s")
	b.ReportMetric(float64(len(col.Data))/dec/1e6, "dec-MB/s")
	b.ReportMetric(cEnc/enc, "enc-x-C")
	b.ReportMetric(cDec/dec, "dec-x-C")
	b.ReportMetric(float64(len(ours))/float64(len(theirs)), "size-x-C")
	b.ReportMetric(float64(len(ours))/float64(len(col.Data)), "size-x-raw")
}

// BenchmarkSmall measures columns of 100 rows, where what a call costs whatever it is
// given is most of the time.
func BenchmarkSmall(b *testing.B) {
	for _, col := range columns.Make(100) {
		codecs := map[string]Codec{"auto": NewAuto(kindOf(col), Options{})}
		for _, id := range []ID{Zstd, S2, LZ4, Blosc} {
			var err error
			codecs[id.String()], err = New(id, Options{})
			require.NoError(b, err)
		}
		for name, c := range codecs {
			encoded := make([]byte, 0, Bound(len(col.Data)))
			b.Run(name+"/"+col.Name+"/Encode", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					encoded, _ = c.Encode(encoded[:0], col.Data, col.TypeSize)
				}
			})
			encoded, _ = c.Encode(encoded[:0], col.Data, col.TypeSize)
			back := make([]byte, 0, len(col.Data))
			b.Run(name+"/"+col.Name+"/Decode", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					back, _ = c.Decode(back[:0], encoded)
				}
			})
		}
	}
}

// BenchmarkNoise gives what Auto costs where nothing can be gained, relative to copy.
func BenchmarkNoise(b *testing.B) {
	data := noise(4 << 20)
	c := NewAuto(Float, Options{Workers: 1})
	own, memcpy := math.Inf(1), math.Inf(1)
	out := make([]byte, 0, Bound(len(data)))
	for range b.N {
		own = min(own, fastest(func() { out, _ = c.Encode(out[:0], data, 4) }))
		memcpy = min(memcpy, fastest(func() { copy(out, data) }))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(own/memcpy, "x-memcpy-time")
}

// BenchmarkWorkers gives the speed of two goroutines relative to one, and that of
// plain copies of as many bytes, which is what the memory gives.
func BenchmarkWorkers(b *testing.B) {
	data := columns.Make(1 << 20)[1].Data
	inf := math.Inf(1)
	enc, dec, plain := [3]float64{0, inf, inf}, [3]float64{0, inf, inf}, [3]float64{0, inf, inf}
	back := make([]byte, len(data))
	const piece = 1 << 18 // divides the data
	out := make([]byte, 0, Bound(len(data)))
	for range b.N {
		for w := 1; w <= 2; w++ {
			c, err := New(LZ4, Options{Workers: w})
			require.NoError(b, err)
			enc[w] = min(enc[w], fastest(func() { out, _ = c.Encode(out[:0], data, 4) }))
			dec[w] = min(dec[w], fastest(func() { back, _ = c.Decode(back[:0], out) }))
			plain[w] = min(plain[w], fastest(func() {
				_ = parallel.Do(len(data)/piece, w, func(i int) error {
					copy(back[i*piece:], data[i*piece:][:piece])
					return nil
				})
			}))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(enc[1]/enc[2], "enc-x-one")
	b.ReportMetric(dec[1]/dec[2], "dec-x-one")
	b.ReportMetric(plain[1]/plain[2], "copy-x-one")
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
