package npz

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// catalogue is a Dict of 19 columns of 8 bytes a row, 76 MB.
func catalogue() *soa.Dict {
	d, rng := soa.NewDict(), rand.New(rand.NewPCG(1, 2))
	for c := range 19 {
		x := make([]float64, 500_000)
		for i := range x {
			x[i] = rng.Float64()
		}
		d.Set("column"+string(rune('a'+c)), soa.Of(x))
	}
	return d
}

// compare runs work and baseline in turns, so that both meet the same machine,
// and reports work's speed and how many times as fast as the baseline it is.
func compare(b *testing.B, bytes int, name string, work, baseline func()) {
	var here, there time.Duration
	for b.Loop() {
		start := time.Now()
		work()
		here += time.Since(start)
		start = time.Now()
		baseline()
		there += time.Since(start)
	}
	report(b, bytes, name, here.Seconds()/float64(b.N), there.Seconds()/float64(b.N))
}

func report(b *testing.B, bytes int, name string, here, there float64) {
	b.ReportMetric(0, "ns/op") // the time of both says nothing
	b.ReportMetric(float64(bytes)/1e6/here, "MB/s")
	b.ReportMetric(there/here, "x-"+name)
}

func openBench(b *testing.B, name string) fsys.File {
	f, err := fsys.OS.OpenFile(filepath.Join(b.TempDir(), name), os.O_RDWR|os.O_CREATE)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, f.Close()) })
	return f
}

// BenchmarkWrite compares with the same bytes written without a format.
func BenchmarkWrite(b *testing.B) {
	d, f, raw := catalogue(), openBench(b, "a.npz"), openBench(b, "a.raw")
	compare(b, d.NBytes(), "pwrite", func() {
		_, err := Write(context.Background(), f, d, Options{})
		require.NoError(b, err)
	}, func() {
		off := int64(0)
		for _, a := range d.All() {
			_, err := raw.WriteAt(a.Bytes(), off)
			require.NoError(b, err)
			off += int64(a.NBytes())
		}
	})
}

// BenchmarkRead compares with the same bytes read into the same memory without a
// look at them.
func BenchmarkRead(b *testing.B) {
	d, f := catalogue(), openBench(b, "a.npz")
	size, err := Write(context.Background(), f, d, Options{})
	require.NoError(b, err)
	r, err := NewReader(f, size)
	require.NoError(b, err)
	compare(b, d.NBytes(), "pread", func() {
		require.NoError(b, r.Read(context.Background(), d))
	}, func() {
		off := int64(0)
		for _, a := range d.All() {
			_, err := f.ReadAt(a.Bytes(), off)
			require.NoError(b, err)
			off += int64(a.NBytes())
		}
	})
}

// BenchmarkReadColumn opens the file and reads one column of it.
func BenchmarkReadColumn(b *testing.B) {
	d, f := catalogue(), openBench(b, "a.npz")
	size, err := Write(context.Background(), f, d, Options{})
	require.NoError(b, err)
	column, err := d.Select("columnk")
	require.NoError(b, err)
	a, _ := column.Get("columnk")
	compare(b, a.NBytes(), "pread", func() {
		r, err := NewReader(f, size)
		require.NoError(b, err)
		require.NoError(b, r.Read(context.Background(), column, "columnk"))
	}, func() {
		_, err := f.ReadAt(a.Bytes(), size/2)
		require.NoError(b, err)
	})
}

// BenchmarkView checks the CRC-32s of a mapped file; it compares with a copy of
// it.
func BenchmarkView(b *testing.B) {
	d, f := catalogue(), openBench(b, "a.npz")
	size, err := Write(context.Background(), f, d, Options{})
	require.NoError(b, err)
	m, err := f.Map(size)
	require.NoError(b, err)
	defer func() { require.NoError(b, m.Unmap()) }()
	r, err := NewReader(f, size)
	require.NoError(b, err)
	to := make([]byte, size)
	compare(b, d.NBytes(), "memcpy", func() {
		_, err := r.View(context.Background(), m.Data)
		require.NoError(b, err)
	}, func() { copy(to, m.Data) })
}

// columns is a Dict of ten columns of 100 rows, which is about as small as a value
// is: here calls and allocations count, not bytes.
func columns() *soa.Dict {
	d := soa.NewDict()
	for c := range 10 {
		d.Set("column"+string(rune('a'+c)), soa.Of(make([]float32, 100)))
	}
	return d
}

// inPlace is a file in memory that is as large as it will be.
type inPlace []byte

func (f inPlace) WriteAt(p []byte, off int64) (int, error) { return copy(f[off:], p), nil }

func BenchmarkWriteSmall(b *testing.B) {
	ctx, d := context.Background(), columns()
	f := inPlace(written(b, d, Options{}))
	b.ReportAllocs()
	for b.Loop() {
		_, err := Write(ctx, f, d, Options{})
		require.NoError(b, err)
	}
}

func BenchmarkReadSmall(b *testing.B) {
	ctx, d := context.Background(), columns()
	file := written(b, d, Options{})
	src := bytes.NewReader(file)
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(src, int64(len(file)))
		require.NoError(b, err)
		require.NoError(b, r.Read(ctx, d))
	}
}

const timeNumPy = `
import json, sys, time, numpy as np
rng, name = np.random.default_rng(1), sys.argv[1]
d = {"column%d" % i: rng.random(500_000) for i in range(19)}
def best(f):
    times = []
    for _ in range(5):
        t = time.perf_counter(); f(); times.append(time.perf_counter() - t)
    return min(times)
def load():
    with np.load(name) as z:
        for k in z.files: z[k]
print(json.dumps([best(lambda: np.savez(name, **d)), best(load)]))
`

// BenchmarkNumPy compares with numpy.savez and numpy.load of as many bytes, the
// best time of each.
func BenchmarkNumPy(b *testing.B) {
	var numpy [2]float64
	out := runPython(b, timeNumPy, filepath.Join(b.TempDir(), "numpy.npz"))
	require.NoError(b, json.Unmarshal(out, &numpy))
	ctx, d := context.Background(), catalogue()
	f := openBench(b, "a.npz")
	save := func() int64 {
		require.NoError(b, f.Truncate(0)) // as savez does
		size, err := Write(ctx, f, d, Options{})
		require.NoError(b, err)
		return size
	}
	size := save()
	load := func() {
		r, err := NewReader(f, size)
		require.NoError(b, err)
		require.NoError(b, r.Read(ctx, soa.NewDict()))
	}
	b.Run("savez", func(b *testing.B) { report(b, d.NBytes(), "NumPy", best(b, func() { save() }), numpy[0]) })
	b.Run("load", func(b *testing.B) { report(b, d.NBytes(), "NumPy", best(b, load), numpy[1]) })
}

// best returns the shortest time of work in seconds.
func best(b *testing.B, work func()) float64 {
	least := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		work()
		least = min(least, time.Since(start))
	}
	return least.Seconds()
}
