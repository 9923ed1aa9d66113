package fsys_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const create = os.O_RDWR | os.O_CREATE | os.O_EXCL

// newFile returns an open file of the given content, and its name.
func newFile(t testing.TB, content []byte) (fsys.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	f, err := fsys.OS.OpenFile(path, create)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() }) // the test may have closed it
	_, err = f.WriteAt(content, 0)
	require.NoError(t, err)
	return f, path
}

func TestFile(t *testing.T) {
	f, path := newFile(t, []byte("0123456789"))
	require.Equal(t, path, f.Name())

	n, err := f.WriteAt([]byte("ab"), 12)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	size, err := f.Size()
	require.NoError(t, err)
	require.EqualValues(t, 14, size)

	buf := make([]byte, 6)
	n, err = f.ReadAt(buf, 9)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "9\x00\x00ab", string(buf[:n]))

	require.NoError(t, f.Truncate(3))
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "012", string(got))
}

func TestAClosedFile(t *testing.T) {
	f, _ := newFile(t, []byte("0123"))
	require.NoError(t, f.Close())
	_, rerr := f.ReadAt(make([]byte, 1), 0)
	_, werr := f.WriteAt(make([]byte, 1), 0)
	_, serr := f.Size()
	_, merr := f.Map(4)
	for i, err := range []error{rerr, werr, serr, merr, f.Truncate(0), f.Sync(), f.Close()} {
		require.ErrorIs(t, err, fs.ErrClosed, i)
	}
}

func TestOpenFileErrorsNameTheFile(t *testing.T) {
	_, path := newFile(t, nil)
	var pathErr *fs.PathError
	_, err := fsys.OS.OpenFile(path, create)
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorAs(t, err, &pathErr)
	require.Equal(t, path, pathErr.Path)
	_, err = fsys.OS.OpenFile(path+"2", os.O_RDONLY)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestOpenFileRefusesASymlink(t *testing.T) {
	_, target := newFile(t, []byte("precious"))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(target, link))
	dangling := link + "2"
	require.NoError(t, os.Symlink(target+".none", dangling))

	for _, flag := range []int{os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC, os.O_RDWR | os.O_CREATE} {
		_, err := fsys.OS.OpenFile(link, flag)
		require.ErrorIs(t, err, unix.ELOOP)
		_, err = fsys.OS.OpenFile(dangling, flag)
		require.ErrorIs(t, err, unix.ELOOP)
	}
	_, err := fsys.OS.OpenFile(link, create)
	require.ErrorIs(t, err, fs.ErrExist)
	_, err = fsys.OS.OpenFile(dangling, create)
	require.ErrorIs(t, err, fs.ErrExist)

	got, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "precious", string(got))
	require.NoFileExists(t, target+".none")
}

func TestOpenFileThroughALinkedFolder(t *testing.T) {
	_, path := newFile(t, []byte("here"))
	link := filepath.Join(t.TempDir(), "scratch")
	require.NoError(t, os.Symlink(filepath.Dir(path), link))
	f, err := fsys.OS.OpenFile(filepath.Join(link, filepath.Base(path)), os.O_RDONLY)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	entries, err := fsys.OS.ReadDir(link)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NoError(t, fsys.OS.SyncDir(link))
}

// A hang here would be one of the whole job. The test's own deadline ends it.
func TestOpenFileDoesNotWaitAtAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	_, err := fsys.OS.OpenFile(pipe, os.O_WRONLY)
	require.ErrorIs(t, err, unix.ENXIO)
	f, err := fsys.OS.OpenFile(pipe, os.O_RDONLY)
	require.NoError(t, err)
	_, err = f.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, unix.ESPIPE)
	require.NoError(t, f.Close())
	require.ErrorIs(t, fsys.OS.SyncDir(pipe), unix.ENOTDIR)
	_, err = fsys.OS.ReadDir(pipe)
	require.ErrorIs(t, err, unix.ENOTDIR)
}

func TestOpenFileWaitsForALease(t *testing.T) {
	f, path := newFile(t, []byte("leased"))
	require.NoError(t, f.Close())
	holder, err := os.Open(path)
	require.NoError(t, err)
	defer holder.Close()

	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGIO)
	defer signal.Stop(asked)
	if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		t.Skipf("this file system has no leases: %v", err)
	}
	released := make(chan error, 1)
	go func() {
		<-asked
		_, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
		released <- err
	}()
	f, err = fsys.OS.OpenFile(path, os.O_RDWR)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, <-released)
}

// A umask belongs to the process, so each is tried in one of its own.
func TestNewFilesAreForTheirOwnerOnly(t *testing.T) {
	for _, umask := range []string{"0", "002", "022", "077"} {
		path := filepath.Join(t.TempDir(), "file")
		cmd := exec.Command(os.Args[0], "-test.run=^TestCreateUnderUmask$")
		cmd.Env = append(os.Environ(), "SOA_FSYS_UMASK="+umask, "SOA_FSYS_FILE="+path)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "umask %s", umask)
	}
}

func TestCreateUnderUmask(t *testing.T) {
	umask, path := os.Getenv("SOA_FSYS_UMASK"), os.Getenv("SOA_FSYS_FILE")
	if path == "" {
		t.Skip("for TestNewFilesAreForTheirOwnerOnly")
	}
	mask, err := strconv.ParseInt(umask, 8, 32)
	require.NoError(t, err)
	unix.Umask(int(mask))
	f, err := fsys.OS.OpenFile(path, create)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestChildrenInheritNoFile(t *testing.T) {
	_, path := newFile(t, nil)
	out, err := exec.Command("ls", "-l", "/proc/self/fd").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotContains(t, string(out), path)
}

func TestFolderCalls(t *testing.T) {
	f, path := newFile(t, []byte("one"))
	require.NoError(t, f.Close())
	dir := filepath.Dir(path)

	require.NoError(t, fsys.OS.Link(path, path+".link"))
	require.ErrorIs(t, fsys.OS.Link(path, path+".link"), fs.ErrExist)
	require.NoError(t, os.WriteFile(path+".new", []byte("two"), 0o600))
	require.NoError(t, fsys.OS.Rename(path+".new", path))

	for name, want := range map[string]string{path: "two", path + ".link": "one"} {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	entries, err := fsys.OS.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.True(t, strings.Compare(entries[0].Name(), entries[1].Name()) < 0)

	require.NoError(t, fsys.OS.Remove(path))
	_, err = fsys.OS.Lstat(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, fsys.OS.Remove(path), fs.ErrNotExist)
	require.NoError(t, fsys.OS.SyncDir(dir))
	require.ErrorIs(t, fsys.OS.SyncDir(path), fs.ErrNotExist)
}

func TestRenameNew(t *testing.T) {
	for name, rename := range map[string]func(oldname, newname string) error{
		"at once": fsys.OS.RenameNew, "look first": fsys.LookAndRename,
	} {
		t.Run(name, func(t *testing.T) { testRenameNew(t, rename) })
	}
}

func testRenameNew(t *testing.T, rename func(oldname, newname string) error) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for _, taken := range []func() error{
		func() error { return os.WriteFile(two, []byte("2"), 0o600) },
		func() error { return os.Mkdir(two, 0o700) },
		func() error { return os.Symlink("nowhere", two) },
	} {
		require.NoError(t, os.WriteFile(one, []byte("1"), 0o600))
		require.NoError(t, taken())
		before, err := os.Lstat(two)
		require.NoError(t, err)
		require.ErrorIs(t, rename(one, two), fs.ErrExist)
		require.FileExists(t, one)
		after, err := os.Lstat(two)
		require.NoError(t, err)
		require.True(t, os.SameFile(before, after))

		require.NoError(t, os.Remove(two))
		require.NoError(t, rename(one, two))
		require.NoFileExists(t, one)
		require.NoError(t, os.Remove(two))
	}
	require.ErrorIs(t, rename(one, two), fs.ErrNotExist)
}

// A call on a file that another goroutine closes finds it open or closed, never
// another file that has got its descriptor.
func TestCloseDuringCalls(t *testing.T) {
	_, path := newFile(t, []byte("mine"))
	other := path + "2"
	require.NoError(t, os.WriteFile(other, []byte("not!"), 0o600))
	for range 200 {
		f, err := fsys.OS.OpenFile(path, os.O_RDONLY)
		require.NoError(t, err)
		read := make(chan error)
		go func() {
			buf := make([]byte, 4)
			for {
				_, err := f.ReadAt(buf, 0)
				if err == nil && string(buf) != "mine" {
					err = errors.New("read another file's bytes")
				}
				if err != nil {
					read <- err
					return
				}
			}
		}()
		require.NoError(t, f.Close())
		g, err := fsys.OS.OpenFile(other, os.O_RDONLY)
		require.NoError(t, err)
		require.ErrorIs(t, <-read, fs.ErrClosed)
		require.NoError(t, g.Close())
	}
}

func TestOffsetsBeforeTheFile(t *testing.T) {
	f, _ := newFile(t, []byte("0123"))
	_, err := f.ReadAt(make([]byte, 1), -1)
	require.ErrorIs(t, err, unix.EINVAL)
	_, err = f.WriteAt(make([]byte, 1), -1)
	require.ErrorIs(t, err, unix.EINVAL)
	n, err := f.ReadAt(nil, 2)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = f.ReadAt(make([]byte, 1), 4)
	require.Equal(t, io.EOF, err)
}

func TestLinksAreTreatedAsThemselves(t *testing.T) {
	_, target := newFile(t, []byte("precious"))
	dir := t.TempDir()
	link, file := filepath.Join(dir, "link"), filepath.Join(dir, "file")
	require.NoError(t, os.Symlink(target, link))

	info, err := fsys.OS.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())

	require.NoError(t, fsys.OS.Link(link, link+"2")) // a second name of the link
	info, err = fsys.OS.Lstat(link + "2")
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())

	require.NoError(t, os.WriteFile(file, []byte("new"), 0o600))
	require.NoError(t, fsys.OS.Rename(file, link)) // takes the link's place
	require.NoError(t, fsys.OS.Remove(link+"2"))
	got, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "precious", string(got))
}

func TestRenameErrorNamesBoth(t *testing.T) {
	dir := t.TempDir()
	err := fsys.OS.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	var link *os.LinkError
	require.True(t, errors.As(err, &link))
	require.Equal(t, []string{"a", "b"}, []string{filepath.Base(link.Old), filepath.Base(link.New)})
}
