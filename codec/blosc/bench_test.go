package blosc

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// column is data as a simulation has it.
type column struct {
	name     string
	typesize int
	data     []byte
}

// columns returns half a million rows of nearly sorted positions, normally distributed
// velocities, sequential ids, and masks of two flags.
func columns() []column {
	const n = 1 << 19
	r := rand.New(rand.NewPCG(1, 4))
	pos := make([]float64, n)
	for i := range pos {
		pos[i] = 256 * r.Float64()
	}
	slices.Sort(pos)
	c := []column{{name: "pos", typesize: 4}, {name: "vel", typesize: 4}, {name: "id", typesize: 8}, {name: "mask", typesize: 2}}
	for i := range n {
		near := float32(pos[i] + 0.01*r.NormFloat64())
		c[0].data = binary.LittleEndian.AppendUint32(c[0].data, math.Float32bits(near))
		c[1].data = binary.LittleEndian.AppendUint32(c[1].data, math.Float32bits(float32(300*r.NormFloat64())))
		c[2].data = binary.LittleEndian.AppendUint64(c[2].data, uint64(1_000_000_000+i))
		c[3].data = binary.LittleEndian.AppendUint16(c[3].data, uint16(r.IntN(4)))
	}
	return c
}

// BenchmarkAgainstC gives speed relative to c-blosc, each on one thread, in turns.
func BenchmarkAgainstC(b *testing.B) {
	j := startJudge(b)
	for c := range numCompressors {
		for _, col := range columns() {
			b.Run(c.String()+"/"+col.name, func(b *testing.B) { against(b, j, c, col) })
		}
	}
}

func against(b *testing.B, j *judge, c Compressor, col column) {
	o := Options{Compressor: c, Level: 5, Workers: 1}
	if c == Zstd {
		o.Level = 1
	}
	encode := map[string]any{"do": "compress", "typesize": col.typesize, "level": o.Level, "shuffle": 1, "codec": c.String(), "repeat": 5}
	decode := map[string]any{"do": "decompress", "repeat": 5}
	cEnc, cDec, enc, dec := math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)
	var theirs, ours, back []byte
	for range b.N {
		var s float64
		s, theirs = j.ask(encode, col.data)
		cEnc = min(cEnc, s)
		enc = min(enc, fastest(func() { ours, _ = Encode(ours[:0], col.data, col.typesize, o) }))
		s, _ = j.ask(decode, theirs)
		cDec = min(cDec, s)
		dec = min(dec, fastest(func() { back, _ = Decode(back[:0], ours, o) }))
	}
	require.Equal(b, col.data, back)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(col.data))/enc/1e6, "enc-MB/s")
	b.ReportMetric(float64(len(col.data))/dec/1e6, "dec-MB/s")
	b.ReportMetric(cEnc/enc, "enc-x-C")
	b.ReportMetric(cDec/dec, "dec-x-C")
	b.ReportMetric(float64(len(ours))/float64(len(theirs)), "size-x-C")
}

// BenchmarkWorkers gives the speed of two goroutines relative to one.
func BenchmarkWorkers(b *testing.B) {
	col := columns()[0]
	var chunk, back []byte
	inf := math.Inf(1)
	enc, dec := [3]float64{0, inf, inf}, [3]float64{0, inf, inf}
	for range b.N {
		for w := 1; w <= 2; w++ {
			enc[w] = min(enc[w], fastest(func() { chunk, _ = Encode(chunk[:0], col.data, col.typesize, Options{Workers: w}) }))
			dec[w] = min(dec[w], fastest(func() { back, _ = Decode(back[:0], chunk, Options{Workers: w}) }))
		}
	}
	b.ReportMetric(enc[1]/enc[2], "enc-x-one")
	b.ReportMetric(dec[1]/dec[2], "dec-x-one")
}

// fastest returns the seconds of the shortest of a few runs: others use the
// machine too.
func fastest(f func()) float64 {
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		f()
		best = min(best, time.Since(start).Seconds())
	}
	return best
}
