package soastore_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// keepArenas has a store of n ranks keep a number under each key in its arenas.
func keepArenas(t *testing.T, n int, path string, keys ...string) {
	t.Helper()
	require.NoError(t, comm.Run(n, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		s, err := soastore.NewArena(p, soastore.Options{Path: path, Keep: true})
		if err != nil {
			return err
		}
		for _, key := range keys {
			d := soa.NewDict()
			d.Set("x", soa.Of([]int64{int64(c.Rank())}))
			if err := s.Set(key, d); err != nil {
				return err
			}
		}
		return s.Close()
	}))
}

func TestScanArenas(t *testing.T) {
	dir := t.TempDir()
	run, x := filepath.Join(dir, "run"), filepath.Join(dir, "run_x") // run_x is not run's key x
	keepArenas(t, 2, run, "b", "a: /")
	keepArenas(t, 1, x, "k")
	spare := run + "_k.tmp.rank-0.npz.0123456789abcdef.spare"
	for _, name := range []string{spare, filepath.Join(dir, ".tmp.rank-0.arena"), run + ".tmp.rank-00.arena", run + ".tmp.rank-x.arena"} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	require.NoError(t, os.Mkdir(run+".tmp.rank-7.arena", 0o700))

	arenas := soastore.Spilled{Format: soastore.Arena, Parts: map[int]string{0: run + ".tmp.rank-0.arena", 1: run + ".tmp.rank-1.arena"}}
	spares := soastore.Spilled{Key: "k", Format: soastore.NPZ, Parts: map[int]string{}, Leftovers: []string{spare}}
	found, err := soastore.Scan(run)
	require.NoError(t, err)
	require.Equal(t, []soastore.Spilled{arenas, spares}, found)
	require.Equal(t, []string{arenas.Parts[0], arenas.Parts[1]}, found[0].Files())
	require.Equal(t, "a: /", found[0].Name("a: /"))
	keys, err := found[0].Keys()
	require.NoError(t, err)
	require.Equal(t, []string{"a: /", "b"}, keys)
	keys, err = found[1].Keys()
	require.NoError(t, err)
	require.Equal(t, []string{"k"}, keys)
	require.Equal(t, "k", found[1].Name("k"))

	arenas.Key, spares.Key = "run", "run_k"
	found, err = soastore.Scan(dir)
	require.NoError(t, err)
	require.Equal(t, []soastore.Spilled{arenas, spares,
		{Key: "run_x", Format: soastore.Arena, Parts: map[int]string{0: x + ".tmp.rank-0.arena"}}}, found)
	require.Equal(t, "run_a%3A%20%2F", found[0].Name("a: /"))

	// of what is damaged, the others' keys are returned
	require.NoError(t, os.Truncate(arenas.Parts[0], 100))
	keys, err = found[0].Keys()
	require.ErrorContains(t, err, "rank-0.arena")
	require.Equal(t, []string{"a: /", "b"}, keys)
}

// A store that is open can be looked into.
func TestScanOpenArena(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	s, err := soastore.NewArena(p, soastore.Options{Path: path})
	require.NoError(t, err)
	d := soa.NewDict()
	d.Set("x", soa.Of([]int64{1}))
	require.NoError(t, s.Set("k", d))
	found, err := soastore.Scan(path)
	require.NoError(t, err)
	keys, err := found[0].Keys()
	require.NoError(t, err)
	require.Equal(t, []string{"k"}, keys)
	require.NoError(t, s.Remove("k"))
	require.NoError(t, s.Close())
	found, err = soastore.Scan(path)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestArenaOwner(t *testing.T) {
	for label, want := range map[string][2]int{"rank 0 of 1": {0, 1}, "rank 17 of 512": {17, 512}, "rank 3": {3, 0}} {
		rank, ranks, ok := soastore.ArenaOwner(label)
		require.True(t, ok, label)
		require.Equal(t, want, [2]int{rank, ranks}, label)
	}
	for _, label := range []string{
		"", "rank", "rank ", "rank -1", "rank 2 of 2", "rank 0 of 0", "rank 0 of -1", "rank 01", "rank 1 of 02", "rank 1 of", "rank 1 of 2 ",
		"Rank 1", "rank +1", "rank 1 of 2 of 3", "rank " + strings.Repeat("9", 40), "rank 1\n",
	} {
		_, _, ok := soastore.ArenaOwner(label)
		require.False(t, ok, "%q", label)
	}
}

func TestTieredKey(t *testing.T) {
	key, seq, ranks, ok := soastore.TieredKey("a.b-3.17-512")
	require.True(t, ok)
	require.Equal(t, "a.b-3 17 512", key+" "+strconv.FormatUint(seq, 10)+" "+strconv.Itoa(ranks))
	for _, key := range []string{"", "a", "a.1", "a-1", ".1-2", "a.1-2x", "a.01-2", "a.1--2"} {
		_, _, _, ok := soastore.TieredKey(key)
		require.False(t, ok, key)
	}
	require.Equal(t, "%2Ea%20b", soastore.FileKey(".a b"))
}
