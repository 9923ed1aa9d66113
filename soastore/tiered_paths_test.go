package soastore_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// fill sets keys 0, 1, ... to values of n bytes until a Set fails, checks what all
// tiers may hold after each, and returns how many there are and why there are no more.
func fill(e *storetest.Env, s *soastore.Tiered, n int, check func()) (count int, err error) {
	for ; ; count++ {
		require.Less(e, count, 1000)
		if err = s.Set(fmt.Sprint(count), column(uint64(count), n/8)); err != nil {
			check()
			return count, err
		}
		check()
	}
}

// Values go to the first disk until it is full, then to the second, and then stay in
// memory; when that is full too nothing is lost, and after a Remove there is room again.
func TestTieredDisksFillInOrder(t *testing.T) {
	testkit.NoLeaks(t)
	small, large := testkit.Tmpfs(t, 1<<20), testkit.Tmpfs(t, 2<<20)
	ranksIn(t, 1, t.TempDir(), func(e *storetest.Env) {
		const size = 64 << 10
		var log bytes.Buffer
		s := openTiered(e, soastore.TierOptions{
			Memory: 4 * size, Paths: []soastore.Path{{Path: small + "/a"}, {Path: large + "/b"}},
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		for _, path := range []string{small, large} {
			require.Regexp(e, "level=WARN .*in memory.* path="+path+"/. filesystem=tmpfs", log.String())
		}
		require.Equal(e, 2, strings.Count(log.String(), "\n"))
		start := s.Stats().Paths
		full := false // the first
		count, err := fill(e, s, size, func() {
			paths := s.Stats().Paths
			if paths[1].Used > start[1].Used && !full {
				full = true
				require.Greater(e, paths[0].Used, int64(1<<20-3*size))
			}
			require.LessOrEqual(e, oneTier(e, s, "memory").Stored, int64(4*size))
		})
		require.True(e, full)
		require.ErrorIs(e, err, soastore.ErrNoSpace)
		for _, says := range []string{"memory", small, large} {
			require.ErrorContains(e, err, says)
		}
		require.Greater(e, count, 3<<20/size-4)
		require.EqualValues(e, 4*size, s.Stats().Memory)
		for _, p := range s.Stats().Paths {
			require.Equal(e, "tmpfs", p.FileSystem)
		}

		require.ErrorIs(e, s.Set("0", column(99, size/8)), soastore.ErrNoSpace)
		for i := range count {
			holds(e, s, fmt.Sprint(i), column(uint64(i), size/8))
		}
		require.NoError(e, s.Remove("0"))
		require.NoError(e, s.Set("new", column(99, size/8)))
		holds(e, s, "new", column(99, size/8))
		require.NoError(e, s.Close())
	})
}

// onDisk returns how many bytes this rank's files of a path take: of their length, and
// of disk space if there is less of it.
func onDisk(e *storetest.Env, path string) (sum int64) {
	mine := fmt.Sprintf(".rank-%d.", e.C.Rank())
	require.NoError(e, filepath.WalkDir(filepath.Dir(path), func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasPrefix(name, path) && strings.Contains(name, mine) {
			var st unix.Stat_t
			if err := unix.Lstat(name, &st); err == nil { // else it is gone by now
				sum += min(st.Size, st.Blocks*512)
			}
		}
		return err
	}))
	return sum
}

// Limit and Disk bound what the files really take, for large and small values.
func TestTieredDiskBudgets(t *testing.T) {
	for _, open := range []struct {
		name string
		opts soastore.TierOptions
		less int
	}{
		{"arena", soastore.TierOptions{}, 64},
		{"npz", soastore.TierOptions{Open: soastore.NewNPZ}, 8000},
	} {
		for _, size := range []int{open.less, 40_000} {
			for _, disk := range []int64{0, 1 << 20} {
				t.Run(fmt.Sprintf("%s, values of %d bytes, Disk %d", open.name, size, disk), func(t *testing.T) {
					onRanks(t, 1, func(e *storetest.Env) {
						opts, a, b := open.opts, filepath.Join(e.Dir, "a"), filepath.Join(e.Dir, "b")
						opts.Memory, opts.Disk = 1, disk
						opts.Paths = []soastore.Path{{Path: a, Limit: 800 << 10}, {Path: b, Limit: 600 << 10}}
						s := openTiered(e, opts)
						count, err := fill(e, s, size, func() {
							paths, sum := s.Stats().Paths, int64(0)
							for i, path := range []string{a, b} {
								require.LessOrEqual(e, paths[i].Used, paths[i].Limit)
								require.LessOrEqual(e, onDisk(e, path), paths[i].Limit)
								sum += onDisk(e, path)
							}
							if disk > 0 {
								require.LessOrEqual(e, sum, disk)
							}
						})
						require.ErrorIs(e, err, soastore.ErrNoSpace)
						require.Greater(e, count, 10)
						for i := range count {
							holds(e, s, fmt.Sprint(i), column(uint64(i), size/8))
						}
						require.NoError(e, s.Clear())
						again, err := fill(e, s, size, func() {})
						require.ErrorIs(e, err, soastore.ErrNoSpace)
						require.Equal(e, count, again, "what was removed leaves its room")
						require.NoError(e, s.Close())
					})
				})
			}
		}
	}
}

// Where one path fails the next is used, and again the first when it is well.
func TestTieredFailingPath(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		f := faultfs.New(fsys.OS)
		a, b := filepath.Join(e.Dir, "a"), filepath.Join(e.Dir, "b")
		s := openTiered(e, soastore.TierOptions{
			Memory: 1, Paths: []soastore.Path{{Path: a}, {Path: b}}, Open: soastore.NewNPZ,
			Files: soastore.WithFS(soastore.Options{RecycleBytes: -1}, f),
		})
		used := func() (out [2]bool) {
			for i, p := range s.Stats().Paths {
				out[i] = p.Used > 0
			}
			return out
		}
		if e.C.Rank() == 1 {
			f.Inject(faultfs.Fault{Op: faultfs.OpenFile, Name: "a*", Err: syscall.EROFS, Span: faultfs.Always})
		}
		require.NoError(e, s.Set("k", column(1, 100)))
		require.Equal(e, [2]bool{e.C.Rank() != 1, e.C.Rank() == 1}, used())
		if e.C.Rank() == 1 {
			f.Inject(faultfs.Fault{Op: faultfs.OpenFile, Name: "b*.partial", Err: syscall.EROFS, Span: faultfs.Always})
		}
		err := s.Set("k", column(2, 100))
		e.Fails(err, soastore.ErrNoSpace)
		e.Fails(err, fs.ErrPermission)
		require.ErrorContains(e, err, a)
		holds(e, s, "k", column(1, 100))
		f.Heal()
		require.NoError(e, s.Set("k", column(3, 100)))
		require.Equal(e, [2]bool{true, false}, used())
		holds(e, s, "k", column(3, 100))
		require.NoError(e, s.Close())
		require.Empty(e, e.Left())
	})
}

// records collects what is logged.
type records struct{ all *[]slog.Record }

func (r records) Enabled(context.Context, slog.Level) bool { return true }
func (r records) Handle(_ context.Context, rec slog.Record) error {
	*r.all = append(*r.all, rec)
	return nil
}
func (r records) WithAttrs([]slog.Attr) slog.Handler { return r }
func (r records) WithGroup(string) slog.Handler      { return r }

// netFS is a file system over the network, as far as it says.
type netFS struct{ fsys.FS }

func (netFS) TypeOf(string) (fsys.Type, error) {
	return fsys.Type{Kind: fsys.Network, Name: "nfs"}, nil
}

// A network file system is told of; a local disk is not.
func TestTieredSlowPathIsLogged(t *testing.T) {
	onRanks(t, 1, func(e *storetest.Env) {
		for _, slow := range []bool{false, true} {
			var log []slog.Record
			opts := inFolder(e, soastore.TierOptions{Memory: 1000, Log: slog.New(records{&log})})
			local := faultfs.New(fsys.OS)
			if opts.Files = soastore.WithFS(opts.Files, local); slow {
				opts.Files = soastore.WithFS(opts.Files, netFS{local})
			}
			s := openTiered(e, opts)
			if slow {
				require.Len(e, log, 1)
				require.Equal(e, slog.LevelWarn, log[0].Level)
				attrs := map[string]string{}
				log[0].Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.String(); return true })
				require.Equal(e, map[string]string{"path": opts.Path, "filesystem": "nfs"}, attrs)
				require.Equal(e, "nfs", s.Stats().Paths[0].FileSystem)
			} else if kind, err := fsys.OS.TypeOf(e.Dir); err == nil && kind.Kind != fsys.Memory && kind.Kind != fsys.Network {
				require.Empty(e, log)
			}
			require.NoError(e, s.Close())
		}
	})
}

// A path that cannot be used at all is an error of opening, and leaves none of the
// others behind.
func TestTieredUnusablePath(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		bad := filepath.Join(e.Dir, "missing", "b")
		_, err := tryTiered(e, soastore.TierOptions{Paths: []soastore.Path{{Path: filepath.Join(e.Dir, "a")}, {Path: bad}}})
		e.Fails(err, os.ErrNotExist)
		require.ErrorContains(e, err, filepath.Dir(bad))
		require.Empty(e, e.Left())
	})
}
