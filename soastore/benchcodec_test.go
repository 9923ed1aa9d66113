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

// others runs the codecs of Python programs on the arrays of a file: coffea's way,
// numcodecs' Blosc into a dict and back, on two threads; and what the C++ GenericIO
// library does to compress a block, c-blosc's blosclz at level 9 on one thread.
// Seconds are the least of some rounds.
const others = `
import json, sys, time
import numpy as np
try:
    import numcodecs, blosc
except ImportError:
    print("null"); sys.exit()
a = np.load(sys.argv[1]); a = {k: a[k] for k in a.files}
def best(f):
    out = []
    for _ in range(7):
        t = time.perf_counter(); r = f(); out.append(time.perf_counter() - t)
    return min(out), r
numcodecs.blosc.set_nthreads(2); numcodecs.blosc.use_threads = True
c = numcodecs.Blosc(cname="lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
enc, kept = best(lambda: {k: c.encode(v) for k, v in a.items()})
dec, back = best(lambda: {k: np.frombuffer(c.decode(kept[k]), v.dtype).reshape(v.shape) for k, v in a.items()})
assert all((back[k] == v).all() for k, v in a.items())
blosc.set_nthreads(1)
gio, blocks = best(lambda: [blosc.compress(v.tobytes(), v.dtype.itemsize, 9, blosc.SHUFFLE, "blosclz") for v in a.values()])
raw = sum(v.nbytes for v in a.values())
print(json.dumps({"enc": enc, "dec": dec, "gio": gio, "gio_size": sum(min(len(b), v.nbytes) for b, v in zip(blocks, a.values())), "size": sum(map(len, kept.values())), "raw": raw}))
`

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
	var fields map[string]float64 // nil for the null of a Python that lacks them
	require.NoError(b, json.Unmarshal([]byte(testkit.Python(b, others, file)), &fields))
	if fields == nil {
		testkit.Missing(b, "Python with numcodecs and blosc")
	}

	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(b, err)
	run := func(name string, open func(*partition.Partition, soastore.Options) (*soastore.Spill, error), o soastore.Options, theirSet, theirGet, theirSize float64) {
		b.Run(name, func(b *testing.B) {
			s, err := open(p, o)
			require.NoError(b, err)
			set, get := math.Inf(1), math.Inf(1)
			for range max(b.N, 5) {
				start := time.Now()
				require.NoError(b, s.Set("k", d))
				set = min(set, time.Since(start).Seconds())
				start = time.Now()
				_, err := s.Get("k")
				get = min(get, time.Since(start).Seconds())
				require.NoError(b, err)
			}
			st := s.Stats()
			mb := float64(d.NBytes()) / 1e6
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(mb/set, "set-MB/s")
			b.ReportMetric(mb/get, "get-MB/s")
			b.ReportMetric(theirSet/set, "set-x")
			if theirGet > 0 {
				b.ReportMetric(theirGet/get, "get-x")
			}
			b.ReportMetric(float64(st.Memory+st.Disk)/theirSize, "size-x")
			require.NoError(b, s.Close())
		})
	}
	for _, codec := range []string{"lz4", "s2", "auto", "blosc"} {
		run("memory "+codec+" to numcodecs", soastore.NewNPZ, soastore.Options{MemoryCodec: codec}, fields["enc"], fields["dec"], fields["size"])
	}
	gio := func(p *partition.Partition, o soastore.Options) (*soastore.Spill, error) {
		return soastore.NewGenericIO(p, 256, o)
	}
	path := filepath.Join(b.TempDir(), "tmp")
	run("GenericIO lz4 to blosclz-9", gio, soastore.Options{Path: path, Codec: "lz4"}, fields["gio"], 0, fields["gio_size"])
}
