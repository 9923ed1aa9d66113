package tests

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A disk of diskSize has room for a handful of values of blockRows rows on each of
// three ranks.
const (
	diskSize  = 4 << 20
	blockRows = 12_000 // of 16 bytes
)

// diskTests break the disk under a store. Each runs on ranks of one process and
// under mpirun.
var diskTests = []struct {
	program string
	test    func(*storetest.Env)
	dir     func(t *testing.T) string
}{
	{"fill", fillDisk, newTmpfs},
	{"read-only", readOnlyDisk, newTmpfs},
	{"no folder", folderGone, newFolder},
}

// breaks reports whether a test means anything for a kind of store. An arena stays
// open: its disk cannot be made read-only meanwhile, and it does not go with its
// folder.
func breaks(program string, kind storetest.Kind) bool { return program == "fill" || !kind.Arena }

func newTmpfs(t *testing.T) string { return testkit.Tmpfs(t, diskSize) }

// newFolder returns a folder in one that may be written to as well.
func newFolder(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.Mkdir(dir, 0o700))
	return dir
}

func TestBrokenDisk(t *testing.T) {
	for _, test := range diskTests {
		for _, kind := range fileKinds() {
			if !breaks(test.program, kind) {
				continue
			}
			t.Run(test.program+", "+kind.Name, func(t *testing.T) {
				testkit.NoLeaks(t)
				dir := test.dir(t)
				storetest.InProcess(3)(t, func(c comm.Comm) error {
					return storetest.OneRank(c, kind, dir, test.test)
				})
			})
		}
	}
}

// fillDisk sets values until there is no more room.
func fillDisk(e *storetest.Env) {
	s := e.Open(soastore.Options{})
	rank := e.C.Rank()
	var files []string
	var err error
	n := 0
	for ; ; n++ {
		files = e.Names()
		if err = s.Set(fmt.Sprint(n), block(rank, n, blockRows)); err != nil {
			break
		}
	}
	e.Fails(err, soastore.ErrNoSpace)
	require.Greater(e, n, 2)
	require.Equal(e, files, e.Names(), "what was written of the value is gone")
	// Nor can a value be replaced, as the old one stays until all have the new.
	e.Fails(s.Set("1", block(rank, 100, blockRows)), soastore.ErrNoSpace)
	require.Equal(e, files, e.Names())
	require.Equal(e, n, s.Len())
	for i := range n {
		holds(e, s, fmt.Sprint(i), i, blockRows)
	}

	require.NoError(e, s.Remove("0"))
	require.NoError(e, s.Set("again", block(rank, 101, blockRows)))
	holds(e, s, "again", 101, blockRows)
	require.Zero(e, s.Stats().Leftover)
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// readOnlyDisk makes the file system read-only, as the kernel does with one that
// fails.
func readOnlyDisk(e *storetest.Env) {
	s := e.Open(soastore.Options{})
	require.NoError(e, s.Set("old", block(e.C.Rank(), 1, blockRows)))
	remount := func(flags uintptr) {
		onlyRank0(e, func() error { return unix.Mount("", e.Dir, "", unix.MS_REMOUNT|flags, "") })
	}
	for range 5 { // partial files of one round must not be in the way of the next
		remount(unix.MS_RDONLY)
		broken(e, s, "read-only file system")
		_, err := e.TryOpen(soastore.Options{Path: filepath.Join(e.Dir, "other")})
		refused(e, err, "read-only file system")
		remount(0)
		require.NoError(e, s.Set("old", block(e.C.Rank(), 1, blockRows)))
		holds(e, s, "old", 1, blockRows)
	}
	mended(e, s)
}

// folderGone takes the folder away, and then puts a file in its place.
func folderGone(e *storetest.Env) {
	s := e.Open(soastore.Options{})
	require.NoError(e, s.Set("old", block(e.C.Rank(), 1, blockRows)))
	away := e.Dir + ".away"
	onlyRank0(e, func() error { return os.Rename(e.Dir, away) })
	e.Fails(s.Set("new", block(e.C.Rank(), 2, blockRows)), fs.ErrNotExist)
	e.Fails(s.Remove("old"), fs.ErrNotExist)
	_, err := e.TryOpen(soastore.Options{})
	e.Fails(err, fs.ErrNotExist)

	onlyRank0(e, func() error { return os.WriteFile(e.Dir, nil, 0o600) })
	refused(e, s.Set("new", block(e.C.Rank(), 2, blockRows)), "not a directory")
	_, err = e.TryOpen(soastore.Options{})
	refused(e, err, "not a directory")

	onlyRank0(e, func() error { return errors.Join(os.Remove(e.Dir), os.Rename(away, e.Dir)) })
	mended(e, s)
}

// broken checks that no change can be made, for a reason that all ranks are told,
// and that the value "old" can be read.
func broken(e *storetest.Env, s storetest.Store, reason string) {
	files := e.Names()
	for _, key := range []string{"new", "old"} {
		refused(e, s.Set(key, block(e.C.Rank(), 2, blockRows)), reason)
	}
	refused(e, s.Remove("old"), reason)
	_, err := s.Pop("old")
	refused(e, err, reason)
	refused(e, s.Clear(), reason)
	require.Equal(e, []string{"old"}, s.Keys())
	require.Equal(e, files, e.Names())
	holds(e, s, "old", 1, blockRows)
}

// refused checks that a collective call failed on all ranks, with one text that
// has the reason.
func refused(e *storetest.Env, err error, reason string) {
	var agreed *comm.AgreementError
	require.ErrorAs(e, err, &agreed)
	require.NotEmpty(e, agreed.Failures)
	require.ErrorContains(e, err, reason)
	e.SameText(err.Error())
}

// mended checks that the store works again and leaves nothing behind.
func mended(e *storetest.Env, s storetest.Store) {
	holds(e, s, "old", 1, blockRows)
	require.NoError(e, s.Set("old", block(e.C.Rank(), 3, blockRows)))
	holds(e, s, "old", 3, blockRows)
	for _, name := range e.Names() {
		require.False(e, strings.HasSuffix(name, ".partial") || strings.HasSuffix(name, ".old"), name)
	}
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// onlyRank0 calls fn on rank 0, while the others wait.
func onlyRank0(e *storetest.Env, fn func() error) {
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	if e.C.Rank() == 0 {
		require.NoError(e, fn())
	}
	require.NoError(e, comm.Barrier(context.Background(), e.C))
}
