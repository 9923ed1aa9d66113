package genericio_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/testkit"
)

const benchRows = 1 << 20 // 40 MB of the columns of testkit.RandomDict

// versus reports MB/s, and the speed as a part of the baseline's, which it runs
// as often in the same process, by turns.
func versus(b *testing.B, size int64, baseline, subject func()) {
	baseline()
	subject() // memory and file are touched
	var base, own time.Duration
	for b.Loop() {
		t0 := time.Now()
		baseline()
		t1 := time.Now()
		subject()
		base, own = base+t1.Sub(t0), own+time.Since(t1)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/own.Seconds(), "MB/s")
	b.ReportMetric(base.Seconds()/own.Seconds(), "of-baseline")
}

func benchFile(b *testing.B) *os.File {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	return f
}

// The baseline writes the same bytes in pieces of 256 KiB, without checksums.
func BenchmarkWriteVersusPwrite(b *testing.B) {
	d := testkit.RandomDict(1, benchRows)
	raw, f := benchFile(b), benchFile(b)
	l, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, d)
	require.NoError(b, err)
	versus(b, int64(d.NBytes()), func() {
		at := int64(0)
		for _, a := range d.All() {
			for p := a.Bytes(); len(p) > 0; {
				n := min(len(p), 256<<10)
				_, err := raw.WriteAt(p[:n], at)
				require.NoError(b, err)
				p, at = p[n:], at+int64(n)
			}
		}
	}, func() { require.NoError(b, l.WriteRank(ctx, f, d)) })
}

// The baseline reads the same bytes into the same arrays, without checksums.
func BenchmarkReadVersusPread(b *testing.B) {
	d := testkit.RandomDict(1, benchRows)
	f := benchFile(b)
	l, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, d)
	require.NoError(b, err)
	require.NoError(b, l.WriteRank(ctx, f, d))
	pread := func() {
		at := int64(0)
		for _, a := range d.All() {
			_, err := f.ReadAt(a.Bytes(), at)
			require.NoError(b, err)
			at += int64(a.NBytes())
		}
	}
	for name, opts := range map[string]genericio.ReadOptions{"checked": {}, "SkipCRC": {SkipCRC: true}} {
		b.Run(name, func(b *testing.B) {
			r, err := genericio.NewReader(f, l.Size(), opts)
			require.NoError(b, err)
			versus(b, int64(d.NBytes()), pread, func() { require.NoError(b, r.ReadRank(ctx, 0, d)) })
		})
	}
}

// benchColumns are what compression is measured with: columns that are mostly noise,
// as particles have, and some that compress, as catalogues have.
var benchColumns = map[string]func() *soa.Dict{
	"particles": func() *soa.Dict { return testkit.RandomDict(1, benchRows) },
	"catalogue": func() *soa.Dict {
		d := soa.NewDict()
		d.Set("id", ramp(benchRows))
		d.Set("halo", column(benchRows, func(i int) int64 { return int64(mix(uint64(i/100)) >> 30) }))
		d.Set("pos", column(benchRows, func(i int) float32 { return float32(i/1000) + float32(mix(uint64(i))>>52)/4096 }))
		d.Set("flags", column(benchRows, func(i int) uint16 { return uint16(mix(uint64(i))) & 0x11 }))
		return d
	},
	"noise": func() *soa.Dict { return one("noise", noise(1, 4*benchRows)) },
}

// The baseline plans and writes the same columns raw. MB/s are of the columns' bytes.
func BenchmarkWriteCompressedVersusRaw(b *testing.B) {
	for name, columns := range benchColumns {
		b.Run(name, func(b *testing.B) {
			d, size := columns(), int64(0)
			f, raw := benchFile(b), benchFile(b)
			write := func(f *os.File, spec genericio.Spec) {
				l, err := genericio.NewLayout(ctx, comm.Self(), spec, d)
				require.NoError(b, err)
				require.NoError(b, l.WriteRank(ctx, f, d))
				size = l.Size()
			}
			versus(b, int64(d.NBytes()), func() { write(raw, genericio.Spec{}) }, func() { write(f, compressed(0)) })
			b.ReportMetric(float64(d.NBytes())/float64(size), "ratio")
		})
	}
}

// The baseline reads the same columns raw, checked as well.
func BenchmarkReadCompressedVersusRaw(b *testing.B) {
	for name, columns := range benchColumns {
		b.Run(name, func(b *testing.B) {
			d := columns()
			open := func(spec genericio.Spec) (*genericio.Reader, int64) {
				f := benchFile(b)
				l, err := genericio.NewLayout(ctx, comm.Self(), spec, d)
				require.NoError(b, err)
				require.NoError(b, l.WriteRank(ctx, f, d))
				r, err := genericio.NewReader(f, l.Size(), genericio.ReadOptions{})
				require.NoError(b, err)
				return r, l.Size()
			}
			raw, _ := open(genericio.Spec{})
			packed, size := open(compressed(0))
			into := d.Share()
			versus(b, int64(d.NBytes()), func() { require.NoError(b, raw.ReadRank(ctx, 0, into)) },
				func() { require.NoError(b, packed.ReadRank(ctx, 0, into)) })
			b.ReportMetric(float64(d.NBytes())/float64(size), "ratio")
		})
	}
}

// The baseline sums the same bytes: what a checked view must cost.
func BenchmarkViewVersusCRC(b *testing.B) {
	d := testkit.RandomDict(1, benchRows)
	f := write(b, []*soa.Dict{d}, func(int) genericio.Spec { return genericio.Spec{Align: 64} })
	r := f.reader(b)
	sum := uint64(0)
	versus(b, int64(d.NBytes()), func() { sum += crc64.Checksum(f.data) }, func() {
		_, err := r.View(ctx, f.data, 0)
		require.NoError(b, err)
	})
}

// The baseline copies the header once.
func BenchmarkOpenManyRanks(b *testing.B) {
	dicts := make([]*soa.Dict, 512)
	for rank := range dicts {
		dicts[rank] = testkit.RandomDict(uint64(rank), 1)
	}
	f := write(b, dicts, func(int) genericio.Spec { return genericio.Spec{Blocks: true} })
	size := f.reader(b).Block(0, 0).Offset
	header := make([]byte, size)
	versus(b, size, func() { copy(header, f.data) }, func() {
		_, err := genericio.NewReader(bytes.NewReader(f.data), int64(len(f.data)), genericio.ReadOptions{})
		require.NoError(b, err)
	})
}
