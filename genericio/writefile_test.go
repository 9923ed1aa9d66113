package genericio_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/testkit"
)

func files(t testing.TB, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteFileAndReadFile(t *testing.T) {
	testkit.NoLeaks(t)
	hosts := []string{"a", "b", "a", "c", "b"}
	for split, want := range map[genericio.Split][]string{
		genericio.OneFile: {"f"},
		genericio.PerHost: {"f", "f#0", "f#1", "f#3"},
		genericio.PerRank: {"f", "f#0", "f#1", "f#2", "f#3", "f#4"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		require.NoError(t, comm.Run(len(hosts), func(c comm.Comm) error {
			d := testkit.RandomDict(uint64(c.Rank()), 10*c.Rank())
			for range 2 { // the second time over the first
				if err := genericio.WriteFile(ctx, c, path, d, genericio.Spec{}, split); err != nil {
					return err
				}
			}
			got := soa.NewDict()
			if err := genericio.ReadFile(ctx, c, path, genericio.Disallowed, got); err != nil {
				return err
			}
			if !d.Equal(got) {
				return fmt.Errorf("rank %d: %v", c.Rank(), got)
			}
			return nil
		}, comm.Hosts(hosts...)))
		require.Equal(t, want, files(t, dir))
		err := comm.Run(2, func(c comm.Comm) error {
			return genericio.ReadFile(ctx, c, path, genericio.Disallowed, soa.NewDict())
		})
		require.ErrorIs(t, err, genericio.ErrRankCount)
	}
}

func TestWriteFileWithADecomposition(t *testing.T) {
	f := fixtureNamed(t, "parts.gio")
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, comm.Run(4, func(c comm.Comm) error {
		r := c.Rank()
		return genericio.WriteFile(ctx, c, path, f.want(r), genericio.Spec{
			Place:     genericio.Place{GlobalRank: r, Dims: [3]int{2, 2, 1}, Coords: [3]int{r / 2, r % 2, 0}},
			PhysScale: [3]float64{256, 256, 256}, Flags: fixtureFlags,
		}, genericio.PerHost)
	}, comm.Hosts("a", "b", "a", "b")))
	for _, suffix := range []string{"", "#0", "#1"} {
		got, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.Equal(t, load(t, "parts.gio"+suffix), got, suffix)
	}
}

// Whatever operation of whatever rank fails: all ranks return the same error, no
// partial file is left, and what was there before still is, unless files were
// being named already.
func TestWriteFileFailsAsAWhole(t *testing.T) {
	for _, split := range []genericio.Split{genericio.OneFile, genericio.PerRank} {
		hits := faultfs.Sweep(t, faultfs.Fault{Err: syscall.ENOSPC}, func(t *testing.T, f *faultfs.FS) {
			dir := t.TempDir()
			path := filepath.Join(dir, "f")
			old := testkit.RandomDict(1, 5)
			require.NoError(t, genericio.WriteFile(ctx, comm.Self(), path, old, genericio.Spec{}, genericio.OneFile))
			var mu sync.Mutex
			texts := map[string]int{}
			require.NoError(t, comm.Run(3, func(c comm.Comm) error {
				d := testkit.RandomDict(uint64(c.Rank()), 100)
				err := genericio.WriteFileFS(ctx, f, c, path, d, genericio.Spec{}, split)
				mu.Lock()
				defer mu.Unlock()
				texts[fmt.Sprint(err)]++
				return nil
			}))
			f.Heal()
			require.Len(t, texts, 1, "ranks differ")
			var s *genericio.Dataset
			if texts["<nil>"] == 3 {
				s = openDataset(t, path)
				require.Equal(t, 3, s.NumRanks())
				require.NoError(t, s.Verify(ctx))
				return
			}
			for _, call := range f.Fired() {
				if call.Op == faultfs.Remove {
					return // a leftover that cannot be removed stays
				}
			}
			for _, name := range files(t, dir) {
				require.False(t, strings.HasSuffix(name, ".partial"), name)
			}
			got := soa.NewDict()
			s = openDataset(t, path)
			require.NoError(t, s.ReadRank(ctx, 0, got))
			requireEqual(t, old, got)
		})
		require.Greater(t, hits, 10)
	}
}

func TestWriteFileReplacesALeftover(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path+".partial", make([]byte, 1<<20), 0o600))
	d := testkit.RandomDict(1, 5)
	require.NoError(t, genericio.WriteFile(ctx, comm.Self(), path, d, genericio.Spec{}, genericio.OneFile))
	require.Equal(t, []string{"f"}, files(t, dir))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(1<<20))
}

func TestSplitRanksMustAgreeToo(t *testing.T) {
	for what, test := range map[string]func(rank int) (genericio.Spec, *soa.Dict){
		"columns": func(rank int) (s genericio.Spec, d *soa.Dict) {
			return s, one(fmt.Sprint("x", rank/2), soa.Of([]int8{1}))
		},
		"bad column": func(rank int) (s genericio.Spec, d *soa.Dict) {
			if rank == 3 {
				return s, one("x", soa.Of([]bool{true}))
			}
			return s, one("x", soa.Of([]int8{1}))
		},
		"global ranks": func(rank int) (s genericio.Spec, d *soa.Dict) {
			s.Place = genericio.Place{GlobalRank: rank / 2, Dims: [3]int{4, 1, 1}}
			return s, one("x", soa.Of([]int8{1}))
		},
	} {
		dir := t.TempDir()
		failed := make([]error, 4)
		require.NoError(t, comm.Run(4, func(c comm.Comm) error {
			spec, d := test(c.Rank())
			failed[c.Rank()] = genericio.WriteFile(ctx, c, filepath.Join(dir, "f"), d, spec, genericio.PerRank)
			return nil
		}))
		for _, err := range failed {
			require.Error(t, err, what)
			require.Equal(t, failed[0].Error(), err.Error(), what)
		}
		require.Empty(t, files(t, dir))
	}
}

func TestOpenOfWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := genericio.Open(filepath.Join(dir, "none"), genericio.ReadOptions{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = genericio.Open(dir, genericio.ReadOptions{})
	require.ErrorIs(t, err, fs.ErrInvalid)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); !errors.Is(err, syscall.ENOSYS) {
		_, err = genericio.Open(pipe, genericio.ReadOptions{})
		require.ErrorIs(t, err, fs.ErrInvalid)
	}
	link := filepath.Join(dir, "link")
	target, err := filepath.Abs("testdata/one.gio")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(target, link))
	f, err := genericio.Open(link, genericio.ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, link, f.Name())
	require.NoError(t, f.Close())
}
