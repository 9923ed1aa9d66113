package soastore_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/npz"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// halosLike returns nearly sorted positions, normally distributed velocities,
// sequential ids, and masks of two flags.
func halosLike(n int) *soa.Dict {
	rng := rand.New(rand.NewPCG(3, 5))
	x, v := make([]float32, n), make([]float32, n)
	id, mask := make([]int64, n), make([]uint16, n)
	for i := range n {
		x[i] = 256 * rng.Float32()
		v[i] = float32(300 * rng.NormFloat64())
		id[i] = int64(1_000_000_000 + i)
		mask[i] = uint16(rng.IntN(4))
	}
	slices.Sort(x)
	d := soa.NewDict()
	d.Set("x", soa.Of(x))
	d.Set("v", soa.Of(v))
	d.Set("id", soa.Of(id))
	d.Set("mask", soa.Of(mask))
	return d
}

// others runs the codecs of Python programs on the arrays of a file: numcodecs is
// coffea's way, Blosc into a dict and back, on two threads; blosclz is what the C++
// GenericIO library does to compress a block, at level 9 on one thread. Seconds are
// the least of some rounds, after the first two.
const others = `
import json, sys, time
import numpy as np
try:
    import numcodecs, blosc
except ImportError:
    print("null"); sys.exit()
a = np.load(sys.argv[1]); a = {k: a[k] for k in a.files}
def best(rounds, f):
    out = []
    for _ in range(rounds):
        t = time.perf_counter(); r = f(); out.append(time.perf_counter() - t)
    return min(out[2:]), r
if sys.argv[2] == "numcodecs":
    numcodecs.blosc.set_nthreads(2); numcodecs.blosc.use_threads = True
    c = numcodecs.Blosc(cname="lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
    enc, kept = best(40, lambda: {k: c.encode(v) for k, v in a.items()})
    dec, back = best(40, lambda: {k: np.frombuffer(c.decode(kept[k]), v.dtype).reshape(v.shape) for k, v in a.items()})
    assert all((back[k] == v).all() for k, v in a.items())
    size = sum(map(len, kept.values()))
else:
    blosc.set_nthreads(1)
    enc, blocks = best(7, lambda: [blosc.compress(v.tobytes(), v.dtype.itemsize, 9, blosc.SHUFFLE, "blosclz") for v in a.values()])
    dec, size = 0, sum(min(len(b), v.nbytes) for b, v in zip(blocks, a.values()))
print(json.dumps({"Set": enc, "Get": dec, "Size": size}))
`

// figures are seconds, and bytes.
type figures struct{ Set, Get, Size float64 }

// min takes the shorter times of both.
func (f figures) min(g figures) figures {
	return figures{min(f.Set, g.Set), min(f.Get, g.Get), g.Size}
}

// measureOthers returns what others does with the arrays of file.
func measureOthers(b *testing.B, file, which string) figures {
	var f *figures // nil for the null of a Python that lacks them
	require.NoError(b, json.Unmarshal([]byte(testkit.Python(b, others, file, which)), &f))
	if f == nil {
		testkit.Missing(b, "Python with numcodecs and blosc")
	}
	return *f
}

// measureStore returns what Set and Get of d take, the least of some rounds.
func measureStore(b *testing.B, s *soastore.Spill, d *soa.Dict, rounds int) figures {
	best := figures{math.Inf(1), math.Inf(1), 0}
	for range rounds {
		start := time.Now()
		require.NoError(b, s.Set("k", d))
		set := time.Since(start).Seconds()
		start = time.Now()
		_, err := s.Get("k")
		get := time.Since(start).Seconds()
		require.NoError(b, err)
		best = best.min(figures{set, get, 0})
	}
	st := s.Stats()
	best.Size = float64(st.Memory + st.Disk)
	return best
}

// BenchmarkCodecsAgainstOthers compares compressed stores with what Python and C++
// programs do: the ratios are speeds and sizes over theirs.
func BenchmarkCodecsAgainstOthers(b *testing.B) {
	d := halosLike(1 << 20)
	file := filepath.Join(b.TempDir(), "data.npz")
	w, err := os.Create(file)
	require.NoError(b, err)
	_, err = npz.Write(context.Background(), w, d, npz.Options{})
	require.NoError(b, err)
	require.NoError(b, w.Close())
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(b, err)
	run := func(name, which string, open func(*partition.Partition, soastore.Options) (*soastore.Spill, error), o soastore.Options) {
		b.Run(name, func(b *testing.B) {
			s, err := open(p, o)
			require.NoError(b, err)
			theirs := measureOthers(b, file, which)
			ours := measureStore(b, s, d, max(b.N, 40))
			theirs = theirs.min(measureOthers(b, file, which)) // others use the machine too
			require.NoError(b, s.Close())
			mb := float64(d.NBytes()) / 1e6
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(mb/ours.Set, "set-MB/s")
			b.ReportMetric(mb/ours.Get, "get-MB/s")
			b.ReportMetric(theirs.Set/ours.Set, "set-x")
			if theirs.Get > 0 {
				b.ReportMetric(theirs.Get/ours.Get, "get-x")
			}
			b.ReportMetric(ours.Size/theirs.Size, "size-x")
		})
	}
	for _, codec := range []string{"lz4", "s2", "auto", "blosc"} {
		run("memory "+codec+" to numcodecs", "numcodecs", soastore.NewNPZ, soastore.Options{MemoryCodec: codec})
	}
	gio := func(p *partition.Partition, o soastore.Options) (*soastore.Spill, error) {
		return soastore.NewGenericIO(p, 256, o)
	}
	path := filepath.Join(b.TempDir(), "tmp")
	run("GenericIO lz4 to blosclz-9", "blosclz", gio, soastore.Options{Path: path, Codec: "lz4"})
}
