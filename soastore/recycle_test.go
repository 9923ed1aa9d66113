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
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/memmap"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// recycling calls test for every kind of store of one rank that writes files or folders
// over.
func recycling(t *testing.T, test func(t *testing.T, dir string, open func(soastore.Options) storetest.Store)) {
	for _, kind := range storetest.Kinds {
		if !kind.Recycles {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			testkit.NoLeaks(t)
			dir := t.TempDir()
			test(t, dir, func(opts soastore.Options) storetest.Store { return openAlone(t, kind, dir, opts) })
		})
	}
}

// openAlone opens a store of one rank, in a folder if it keeps files.
func openAlone(t *testing.T, kind storetest.Kind, dir string, opts soastore.Options) storetest.Store {
	t.Helper()
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	if kind.Files {
		opts.Path = filepath.Join(dir, "tmp")
	}
	s, err := kind.Open(p, opts)
	require.NoError(t, err)
	return s
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

// filesIn returns the files that a value is in: the one of that name, or those of the
// folder.
func filesIn(t *testing.T, name string) []string {
	t.Helper()
	info, err := os.Lstat(name)
	require.NoError(t, err)
	if !info.IsDir() {
		return []string{name}
	}
	names, err := filepath.Glob(filepath.Join(name, "*"))
	require.NoError(t, err)
	return names
}

// contentOf returns what is in those files.
func contentOf(t *testing.T, name string) (content []byte) {
	t.Helper()
	for _, file := range filesIn(t, name) {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		content = append(content, b...)
	}
	return content
}

// scribble writes junk over those files, but for the one that says what the others are.
func scribble(t *testing.T, name string, junk []byte) {
	t.Helper()
	for _, file := range filesIn(t, name) {
		if filepath.Base(file) == memmap.ContentsName {
			continue
		}
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, junk[:info.Size()], 0o600))
	}
}

func inode(t *testing.T, name string) uint64 {
	t.Helper()
	info, err := os.Stat(name)
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Ino
}

// needLeases skips the test where nobody can tell whether a file is open or mapped.
func needLeases(t *testing.T, s storetest.Store, dir string) {
	require.NoError(t, s.Set("probe", column(1, 100)))
	before := inode(t, glob(t, dir, "tmp_probe*"))
	require.NoError(t, s.Remove("probe"))
	if len(spareFiles(t, dir)) == 0 {
		t.Skip("this file system does not tell of mappings")
	}
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

// It goes for each rank of several as for one by itself.
func TestRecycleRanks(t *testing.T) {
	for _, kind := range storetest.Kinds {
		if !kind.Recycles {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			alone := openAlone(t, kind, dir, soastore.Options{})
			needLeases(t, alone, dir)
			require.NoError(t, alone.Close())
			storetest.InProcess(2)(t, func(c comm.Comm) error {
				return storetest.OneRank(c, kind, dir, func(e *storetest.Env) {
					s := e.Open(soastore.Options{})
					seen := map[uint64]bool{}
					for i := range uint64(12) {
						require.NoError(e, s.Set("k", column(i, 1000)))
						requireValue(t, s, "k", column(i, 1000))
						for _, name := range e.Names() {
							seen[inode(t, filepath.Join(dir, name))] = true
						}
						if i%2 == 0 {
							require.NoError(e, s.Remove("k"))
						}
					}
					require.LessOrEqual(e, len(seen), 8)
					require.NoError(e, s.Close())
				})
			})
			require.Empty(t, spareFiles(t, dir))
		})
	}
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
				scribble(t, name, old)
			}
			require.NoError(t, s.Set("b", column(2, n)))
			content := contentOf(t, glob(t, dir, "tmp_b*"))
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
		set := func(key string, seed uint64) (name string) {
			require.NoError(t, s.Set(key, column(seed, 5000)))
			return glob(t, dir, "tmp_"+key+".*")
		}
		churn := func() {
			for i := range uint64(4) {
				set("other", 100+i)
			}
			require.NoError(t, s.Remove("other"))
		}

		for i := range filesIn(t, set("first", 1)) {
			for how, use := range uses {
				name := filesIn(t, set("used", 2))[i]
				want, err := os.ReadFile(name)
				require.NoError(t, err)
				content := use(t, name, len(want))
				require.NoError(t, s.Remove("used"))
				churn()
				require.True(t, bytes.Equal(want, content()), "of %s, which is %s", filepath.Base(name), how)
			}
		}

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

// uses are ways to use a file of that size; content, which is called once, ends the use
// and returns what its user saw.
var uses = map[string]func(t *testing.T, name string, size int) (content func() []byte){
	"open": func(t *testing.T, name string, size int) func() []byte {
		f, err := os.Open(name)
		require.NoError(t, err)
		return func() []byte {
			have := make([]byte, size)
			_, err = f.ReadAt(have, 0)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			return have
		}
	},
	"mapped": func(t *testing.T, name string, size int) func() []byte {
		f, err := os.Open(name)
		require.NoError(t, err)
		mem, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		return func() []byte {
			have := bytes.Clone(mem)
			require.NoError(t, syscall.Munmap(mem))
			return have
		}
	},
	"linked": func(t *testing.T, name string, _ int) func() []byte {
		second := filepath.Join(t.TempDir(), "kept")
		require.NoError(t, os.Link(name, second))
		return func() []byte {
			have, err := os.ReadFile(second)
			require.NoError(t, err)
			require.NoError(t, os.Remove(second))
			return have
		}
	},
}

func TestRecycleBounds(t *testing.T) {
	recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
		for _, limit := range []int64{-1, 100_000, 0} {
			s := open(soastore.Options{RecycleBytes: limit})
			if limit >= 0 {
				needLeases(t, s, dir)
			}
			for i := range 40 {
				require.NoError(t, s.Set(fmt.Sprint(i), column(uint64(i), 5000))) // 40 kB each
			}
			require.NoError(t, s.Set("large", column(7, 200_000))) // 1.6 MB
			require.NoError(t, s.Clear())
			var total int64
			for _, name := range spareFiles(t, dir) {
				total += int64(len(contentOf(t, name)))
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
	for _, kind := range storetest.Kinds {
		if kind.Recycles && !kind.Varied {
			t.Run(kind.Name, func(t *testing.T) { fullDisk(t, kind) })
		}
	}
}

func fullDisk(t *testing.T, kind storetest.Kind) {
	s := openAlone(t, kind, testkit.Tmpfs(t, 8<<20), soastore.Options{})
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
		needLeases(t, s, dir)
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

// Where nobody can tell whether a file is in use, or names cannot be exchanged, values are
// what was set all the same.
func TestRecycleWithoutCalls(t *testing.T) {
	for _, fault := range []faultfs.Fault{
		{Op: faultfs.Alone, Err: syscall.EINVAL, Span: faultfs.Always},
		{Op: faultfs.Exchange, Err: syscall.ENOTSUP, Span: faultfs.Always},
	} {
		t.Run(fmt.Sprint(fault.Op), func(t *testing.T) {
			recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
				f := faultfs.New(fsys.OS)
				s := open(soastore.WithFS(soastore.Options{}, f))
				f.Inject(fault)
				for i := range uint64(5) {
					require.NoError(t, s.Set("a", column(i, 1000+int(i))))
					require.NoError(t, s.Set("b", column(10+i, 1000)))
					requireValue(t, s, "a", column(i, 1000+int(i)))
					requireValue(t, s, "b", column(10+i, 1000))
					require.NoError(t, s.Remove("b"))
				}
				require.NoError(t, s.Close())
				left, err := os.ReadDir(dir)
				require.NoError(t, err)
				require.Empty(t, left)
				require.Empty(t, f.Open())
			})
		})
	}
}

// typedFS is the machine's file system, said to be of another type.
type typedFS struct {
	fsys.FS
	fsys.Type
}

func (f typedFS) TypeOf(string) (fsys.Type, error) { return f.Type, nil }

// What could be mapped without anybody knowing is not kept.
func TestRecycleWhere(t *testing.T) {
	for _, c := range []struct {
		fsys.Type
		files, folders bool
	}{
		{fsys.Type{Name: "tmpfs", Kind: fsys.Memory}, true, true},
		{fsys.Type{Name: "ext4", Kind: fsys.Local}, true, true},
		{fsys.Type{Name: "lustre", Kind: fsys.Network}, true, false},
		{fsys.Type{Name: "zfs"}, true, false},
		{fsys.Type{Name: "overlay"}, false, false},
	} {
		t.Run(c.Name, func(t *testing.T) {
			recycling(t, func(t *testing.T, dir string, open func(soastore.Options) storetest.Store) {
				s := open(soastore.WithFS(soastore.Options{}, typedFS{fsys.OS, c.Type}))
				require.NoError(t, s.Set("k", column(1, 100)))
				want := c.files
				if info, err := os.Stat(glob(t, dir, "tmp_k*")); err == nil && info.IsDir() {
					want = c.folders
				}
				require.NoError(t, s.Remove("k"))
				require.Equal(t, want, len(spareFiles(t, dir)) > 0)
				require.NoError(t, s.Close())
			})
		})
	}
}
