package soastore_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// recycling calls test for every kind of store of one rank that writes files over.
func recycling(t *testing.T, test func(t *testing.T, dir string, open func(soastore.Options) storetest.Store)) {
	for _, kind := range storetest.Kinds {
		if !kind.Files || kind.NoSums || kind.Arena || kind.Tiered || strings.Contains(kind.Name, "node") || strings.Contains(kind.Name, "one file") {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			testkit.NoLeaks(t)
			dir := t.TempDir()
			test(t, dir, func(opts soastore.Options) storetest.Store {
				p, err := partition.New(comm.Self(), partition.Options{})
				require.NoError(t, err)
				opts.Path = filepath.Join(dir, "tmp")
				s, err := kind.Open(p, opts)
				require.NoError(t, err)
				return s
			})
		})
	}
}

// column returns a Dict of n numbers that no codec makes much smaller.
func column(seed uint64, n int) *soa.Dict {
	x := make([]uint64, n)
	for i := range x {
		seed = seed*6364136223846793005 + 1442695040888963407
		x[i] = seed
	}
	d := soa.NewDict()
	d.Set("x", soa.Of(x))
	return d
}

func requireValue(t *testing.T, s storetest.Store, key string, want *soa.Dict) {
	t.Helper()
	got, err := s.Get(key)
	require.NoError(t, err)
	require.True(t, want.Equal(got), key)
}

// glob returns the one file of that pattern that is no spare.
func glob(t *testing.T, dir, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, ".spare") })
	require.Len(t, names, 1, pattern)
	return names[0]
}

func spareFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.spare"))
	require.NoError(t, err)
	return names
}

func inode(t *testing.T, name string) uint64 {
	t.Helper()
	info, err := os.Stat(name)
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Ino
}

// needLeases skips the test where nobody can tell whether a file is open.
func needLeases(t *testing.T, s storetest.Store, dir string) {
	require.NoError(t, s.Set("probe", column(1, 100)))
	before := inode(t, glob(t, dir, "tmp_probe*"))
	require.NoError(t, s.Remove("probe"))
	require.NoError(t, s.Set("probe", column(1, 100)))
	if inode(t, glob(t, dir, "tmp_probe*")) != before {
		t.Skip("this file system has no leases")
	}
	require.NoError(t, s.Remove("probe"))
}

// A store that removes a value for every one that it sets, or replaces values, uses
// the same files again and again.
func TestRecycleSteady(t *testing.T) {
	recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{})
		needLeases(t, s, dir)
		seen := map[uint64]bool{}
		for i := range 20 {
			key := fmt.Sprint("step", i)
			require.NoError(t, s.Set(key, column(uint64(i), 30_000+i%3)))
			requireValue(t, s, key, column(uint64(i), 30_000+i%3))
			seen[inode(t, glob(t, dir, "tmp_"+key+".*"))] = true
			require.NoError(t, s.Set("last", column(uint64(2*i), 30_000)))
			seen[inode(t, glob(t, dir, "tmp_last.*"))] = true
			require.NoError(t, s.Remove(key))
		}
		require.LessOrEqual(t, len(seen), 4)
		requireValue(t, s, "last", column(38, 30_000))
		require.NoError(t, s.Close())
		require.Empty(t, spareFiles(t, dir))
	})
}

// Whatever a file held that is written over, nothing of it is left in it.
func TestRecycleLeavesNothingOld(t *testing.T) {
	old := bytes.Repeat([]byte{0xa5}, 1<<20)
	recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{})
		needLeases(t, s, dir)
		for _, n := range []int{60_000, 70_000, 100_000, 1, 0} { // shorter, about the same, longer than what is there
			require.NoError(t, s.Set("a", column(1, 66_000)))
			require.NoError(t, s.Remove("a"))
			for _, name := range spareFiles(t, dir) {
				info, err := os.Stat(name)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(name, old[:info.Size()], 0o600))
			}
			require.NoError(t, s.Set("b", column(2, n)))
			file := glob(t, dir, "tmp_b*")
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			require.False(t, bytes.Contains(content, old[:8]))
			require.EqualValues(t, len(content), s.Stats().Disk)
			requireValue(t, s, "b", column(2, n))
			require.NoError(t, s.Remove("b"))
		}
		require.NoError(t, s.Close())
	})
}

// A file that somebody still has open, mapped or linked is not written over.
func TestRecycleSparesOthers(t *testing.T) {
	recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{})
		set := func(key string, seed uint64) (name string, content []byte) {
			require.NoError(t, s.Set(key, column(seed, 5000)))
			name = glob(t, dir, "tmp_"+key+".*")
			content, err := os.ReadFile(name)
			require.NoError(t, err)
			return name, content
		}
		churn := func() {
			for i := range uint64(4) {
				set("other", 100+i)
			}
			require.NoError(t, s.Remove("other"))
		}

		name, want := set("opened", 1)
		f, err := os.Open(name)
		require.NoError(t, err)
		require.NoError(t, s.Remove("opened"))
		churn()
		have := make([]byte, len(want))
		_, err = f.ReadAt(have, 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, have), "of a file that is open")
		require.NoError(t, f.Close())

		name, want = set("mapped", 2)
		f, err = os.Open(name)
		require.NoError(t, err)
		mem, err := syscall.Mmap(int(f.Fd()), 0, len(want), syscall.PROT_READ, syscall.MAP_SHARED)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.NoError(t, s.Remove("mapped"))
		churn()
		require.True(t, bytes.Equal(want, mem), "of a file that is mapped")
		require.NoError(t, syscall.Munmap(mem))

		name, want = set("linked", 3)
		require.NoError(t, os.Link(name, filepath.Join(dir, "kept")))
		require.NoError(t, s.Remove("linked"))
		churn()
		have, err = os.ReadFile(filepath.Join(dir, "kept"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, have), "of a file that is linked")

		// The store's own reader, in a goroutine's View.
		require.NoError(t, s.Set("viewed", column(4, 5000)))
		require.NoError(t, s.View("viewed", nil, func(d *soa.Dict) error {
			done := make(chan struct{})
			go func() {
				defer close(done)
				require.NoError(t, s.Remove("viewed"))
				churn()
			}()
			<-done
			require.True(t, column(4, 5000).Equal(d))
			return nil
		}))
		require.NoError(t, s.Close())
		require.Empty(t, spareFiles(t, dir))
	})
}

func TestRecycleBounds(t *testing.T) {
	recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
		for _, limit := range []int64{-1, 100_000, 0} {
			s := open(soastore.Options{RecycleBytes: limit})
			for i := range 40 {
				require.NoError(t, s.Set(fmt.Sprint(i), column(uint64(i), 5000))) // 40 kB each
			}
			require.NoError(t, s.Set("large", column(7, 200_000))) // 1.6 MB
			require.NoError(t, s.Clear())
			var total int64
			for _, name := range spareFiles(t, dir) {
				info, err := os.Stat(name)
				require.NoError(t, err)
				total += info.Size()
			}
			require.Equal(t, total, s.Stats().Spare)
			switch limit {
			case -1:
				require.Zero(t, total)
			case 0: // about the largest value
				require.LessOrEqual(t, total, int64(1_632_000))
				require.Positive(t, total)
			default:
				require.LessOrEqual(t, total, limit)
			}
			require.NoError(t, s.Close())
			require.Empty(t, spareFiles(t, dir))
		}
	})
}

// The room that spares take is there for values that cannot use them.
func TestRecycleFullDisk(t *testing.T) {
	dir := testkit.Tmpfs(t, 8<<20)
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	s, err := soastore.NewNPZ(p, soastore.Options{Path: filepath.Join(dir, "tmp")})
	require.NoError(t, err)
	require.NoError(t, s.Set("large", column(1, 700_000))) // 5.6 MB
	require.NoError(t, s.Remove("large"))
	require.NotZero(t, s.Stats().Spare)
	for i := range 7 { // 1 MB each
		require.NoError(t, s.Set(fmt.Sprint(i), column(uint64(i), 125_000)))
	}
	require.Zero(t, s.Stats().Spare)
	require.ErrorIs(t, s.Set("more", column(8, 250_000)), soastore.ErrNoSpace)
	for i := range 7 {
		requireValue(t, s, fmt.Sprint(i), column(uint64(i), 125_000))
	}
	require.NoError(t, s.Close())
}

// What a job leaves that is killed is neither a value nor in the way.
func TestRecycleAndReopen(t *testing.T) {
	recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{Keep: true})
		require.NoError(t, s.Set("there", column(2, 50)))
		require.NoError(t, s.Set("gone", column(1, 5000)))
		require.NoError(t, s.Remove("gone"))
		left := spareFiles(t, dir)
		require.NotEmpty(t, left)
		aside := filepath.Join(t.TempDir(), "aside")
		require.NoError(t, os.Rename(left[0], aside))
		require.NoError(t, s.Close())
		require.NoError(t, os.Rename(aside, left[0])) // as if there had been no Close

		s = open(soastore.Options{Reopen: true})
		require.Equal(t, []string{"there"}, s.Keys())
		require.NoError(t, s.Set("gone", column(3, 5000)))
		requireValue(t, s, "gone", column(3, 5000))
		require.NoError(t, s.Clear())
		require.NoError(t, s.Close())
		found, err := soastore.Scan(dir)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, left, found[0].Leftovers)
	})
}
