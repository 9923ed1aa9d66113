package tests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// onRanks runs fn on n ranks of this process.
func onRanks(t *testing.T, n int, fn func(e *storetest.Env)) {
	t.Helper()
	testkit.NoLeaks(t)
	storetest.InProcess(n)(t, func(c comm.Comm) error {
		return storetest.OneRank(c, storetest.Kind{}, "", fn)
	})
}

// halos are the rows of a rank in the files that NumPy and the store exchange. Both
// sides make them by the same rule.
func halos(rank int) *soa.Dict {
	n := 10 + rank
	id := make([]int64, n)
	pos := make([]float32, 3*n)
	half := make([]soa.F16, n)
	spin := make([]complex128, n)
	alive := make([]bool, n)
	for i := range n {
		id[i] = int64(1000*rank + i)
		pos[3*i], pos[3*i+1], pos[3*i+2] = float32(i), float32(rank), 0.5
		half[i] = 0x3c00 // 1
		spin[i] = complex(float64(i), float64(-rank))
		alive[i] = i%2 == 0
	}
	d := soa.NewDict()
	d.Set("id", soa.Of(id))
	d.Set("pos", soa.Shaped(pos, n, 3))
	d.Set("half", soa.Of(half))
	d.Set("spin", soa.Of(spin))
	d.Set("alive", soa.Of(alive))
	d.Set("progenitors", soa.Of(make([]uint32, 2*rank))) // of another length; none on rank 0
	d.Set("scale", soa.Shaped([]float64{0.25}))          // of no dimension
	return d
}

// halosRule is the rule of halos in Python, and the files' names, in the words of
// haccytrees.
const halosRule = `
import sys, numpy as np
path = sys.argv[1]
def halos(rank):
    i = np.arange(10 + rank)
    return dict(id=np.int64(1000 * rank + i),
                pos=np.stack([i, np.full_like(i, rank), np.full(len(i), 0.5)], axis=1).astype('f4'),
                half=np.ones(len(i), 'f2'), spin=i - 1j * rank, alive=i % 2 == 0,
                progenitors=np.zeros(2 * rank, 'u4'), scale=np.float64(0.25))
def name(key, rank):
    return f"{path}_{key}.tmp.rank-{rank}.npz"
`

func TestNumPyReadsAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run7")
	onRanks(t, 2, func(e *storetest.Env) {
		s, err := soastore.NewNPZ(e.P, soastore.Options{Path: path, Keep: true})
		require.NoError(e, err)
		require.NoError(e, s.Set("step_41", halos(e.C.Rank())))
		require.NoError(e, s.Close())
	})
	out := testkit.Python(t, halosRule+`
for rank in range(2):
    with np.load(name('step_41', rank), allow_pickle=False) as have:
        want = halos(rank)
        assert have.files == list(want), have.files
        for field, a in want.items():
            b = have[field]
            assert (b.dtype, b.shape) == (a.dtype, a.shape), (field, b.dtype, b.shape)
            np.testing.assert_array_equal(b, a)
print("all good")`, path)
	require.Equal(t, "all good\n", out)
}

func TestStoreReadsWhatNumPySpilled(t *testing.T) {
	for _, save := range []string{"savez", "savez_compressed"} {
		t.Run(save, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run7")
			testkit.Python(t, halosRule+`
for rank in range(2):
    getattr(np, sys.argv[2])(name('step_41', rank), **halos(rank))`, path, save)
			onRanks(t, 2, func(e *storetest.Env) { readSpilled(e, path) })
			for _, n := range []int{1, 3} {
				onRanks(t, n, func(e *storetest.Env) { wrongRanks(e, path) })
			}
			require.NoError(t, os.Remove(path+"_step_41.tmp.rank-0.npz"))
			onRanks(t, 2, func(e *storetest.Env) {
				s := reopen(e, soastore.NewNPZ, soastore.Options{Path: path})
				_, err := s.Get("step_41")
				require.ErrorIs(e, err, soastore.ErrTorn)
				require.NoError(e, s.Close())
			})
		})
	}
}

// reopen opens a store of what is on disk, which is the key step_41.
func reopen(e *storetest.Env, open func(*partition.Partition, soastore.Options) (*soastore.Spill, error), opts soastore.Options) *soastore.Spill {
	opts.Reopen = true
	s, err := open(e.P, opts)
	require.NoError(e, err)
	require.Equal(e, []string{"step_41"}, s.Keys())
	return s
}

// readSpilled reads the value in every way, and replaces it.
func readSpilled(e *storetest.Env, path string) {
	s := reopen(e, soastore.NewNPZ, soastore.Options{Path: path, Keep: true})
	want := halos(e.C.Rank())
	got, err := s.Get("step_41")
	require.NoError(e, err)
	require.True(e, want.Equal(got), "want %v, have %v", want, got)
	require.NoError(e, s.View("step_41", []string{"pos", "scale"}, func(d *soa.Dict) error {
		part, err := want.Select("pos", "scale")
		require.NoError(e, err)
		require.True(e, part.Equal(d), "want %v, have %v", part, d)
		return nil
	}))
	require.NoError(e, s.Set("step_41", got))
	got, err = s.Get("step_41")
	require.NoError(e, err)
	require.True(e, want.Equal(got))
	require.NoError(e, s.Close())
}

// wrongRanks finds the value there, but for another number of ranks.
func wrongRanks(e *storetest.Env, path string) {
	s := reopen(e, soastore.NewNPZ, soastore.Options{Path: path, Keep: true})
	_, err := s.Get("step_41")
	require.ErrorIs(e, err, soastore.ErrRankCount)
	require.ErrorContains(e, err, "written by 2 ranks")
	_, err = s.Pop("step_41")
	e.Fails(err, soastore.ErrRankCount)
	require.NoError(e, s.Close())
}
