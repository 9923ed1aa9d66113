package fsys_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/soastore/soa/internal/fsys"
)

// other is a file system that is not the machine's, to a Folder.
type other struct{ fsys.FS }

// eachFolder runs a test with a Folder of the machine's file system and of another.
func eachFolder(t *testing.T, fn func(t *testing.T, d *fsys.Folder)) {
	for name, files := range map[string]fsys.FS{"the machine's": fsys.OS, "another": other{fsys.OS}} {
		t.Run(name, func(t *testing.T) { fn(t, &fsys.Folder{FS: files, Path: t.TempDir()}) })
	}
}

func TestFolderOpenFile(t *testing.T) {
	eachFolder(t, func(t *testing.T, d *fsys.Folder) {
		for _, text := range []string{"one", "two"} { // in the same memory
			f, err := d.OpenFile(text, ".txt", create)
			require.NoError(t, err)
			path := filepath.Join(d.Path, text+".txt")
			require.Equal(t, path, f.Name())
			_, err = f.WriteAt([]byte(text), 0)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.ErrorIs(t, f.Close(), fs.ErrClosed)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, text, string(got))
			info, err := os.Lstat(path)
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o600), info.Mode())
		}
		require.NoError(t, os.Symlink("one.txt", filepath.Join(d.Path, "link")))
		for name, want := range map[string]error{"none": fs.ErrNotExist, "link": unix.ELOOP, "one.txt\x00": unix.EINVAL} {
			_, err := d.OpenFile(name, "", os.O_RDONLY)
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, filepath.Join(d.Path, name))
		}
		_, err := d.OpenFile("one", ".txt", create)
		require.ErrorIs(t, err, fs.ErrExist)
	})
}

// TestFolderTwoFiles: a file that is open stays what it is when another is opened.
func TestFolderTwoFiles(t *testing.T) {
	eachFolder(t, func(t *testing.T, d *fsys.Folder) {
		a, err := d.OpenFile("a", "", create)
		require.NoError(t, err)
		b, err := d.OpenFile("b", "", create)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(d.Path, "a"), a.Name())
		_, err = a.WriteAt([]byte("a"), 0)
		require.NoError(t, err)
		require.NoError(t, a.Close())
		require.NoError(t, b.Close())
		got, err := os.ReadFile(filepath.Join(d.Path, "a"))
		require.NoError(t, err)
		require.Equal(t, "a", string(got))
	})
}

// TestFolderEntries: as os.ReadDir tells, also of more than the system tells at once.
func TestFolderEntries(t *testing.T) {
	eachFolder(t, func(t *testing.T, d *fsys.Folder) {
		require.NoError(t, os.Mkdir(filepath.Join(d.Path, "folder"), 0o700))
		require.NoError(t, os.Symlink("folder", filepath.Join(d.Path, ".link")))
		require.NoError(t, unix.Mkfifo(filepath.Join(d.Path, "pipe"), 0o600))
		for i := range 300 {
			name := strings.Repeat("é\n", i%50) + string(rune('a'+i/50))
			require.NoError(t, os.WriteFile(filepath.Join(d.Path, name), nil, 0o600))
		}
		entries, err := os.ReadDir(d.Path)
		require.NoError(t, err)
		want, have := map[string]bool{}, map[string]bool{}
		for _, e := range entries {
			want[e.Name()] = e.Type().IsRegular()
		}
		for range 2 {
			clear(have)
			require.NoError(t, d.Entries(func(name string, regular bool) error {
				require.NotContains(t, have, name)
				have[name] = regular
				return nil
			}))
			require.Equal(t, want, have)
		}
		calls := 0
		require.ErrorIs(t, d.Entries(func(string, bool) error {
			calls++
			return unix.EIO
		}), unix.EIO)
		require.Equal(t, 1, calls)
		for name, want := range map[string]error{"none": fs.ErrNotExist, "pipe": unix.ENOTDIR} {
			bad := fsys.Folder{FS: d.FS, Path: filepath.Join(d.Path, name)}
			err := bad.Entries(nil)
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, bad.Path)
		}
	})
}

// TestFolderAllocations: a file takes none, and the entries take one together.
func TestFolderAllocations(t *testing.T) {
	d := fsys.Folder{FS: fsys.OS, Path: t.TempDir()}
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, os.WriteFile(filepath.Join(d.Path, name), nil, 0o600))
	}
	require.Zero(t, testing.AllocsPerRun(20, func() {
		f, err := d.OpenFile("a", "", os.O_RDONLY)
		if err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}))
	require.LessOrEqual(t, testing.AllocsPerRun(20, func() {
		if err := d.Entries(func(string, bool) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}), 1.0)
}

func TestPath(t *testing.T) {
	long := strings.Repeat("x", 200)
	dir := filepath.Join(t.TempDir(), long, long, long) // more than is put together on the stack
	require.NoError(t, os.MkdirAll(dir, 0o700))
	path := fsys.Path{Folder: dir, Stem: "a"}.With(".b")
	require.Equal(t, filepath.Join(dir, "a.b"), path.String())
	for _, p := range []fsys.Path{path, {Stem: path.String()}} {
		fd, err := p.Open(os.O_WRONLY | os.O_CREATE | os.O_EXCL)
		require.NoError(t, err)
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		require.NoError(t, err)
		require.NotZero(t, flags&unix.FD_CLOEXEC)
		var opened, named unix.Stat_t
		require.NoError(t, unix.Fstat(fd, &opened))
		require.NoError(t, p.Lstat(&named))
		require.Equal(t, opened.Ino, named.Ino)
		require.NoError(t, unix.Close(fd))
		require.NoError(t, os.Remove(p.String()))
		require.NoError(t, os.Symlink("none", p.String()))
		require.NoError(t, p.Lstat(&named))
		require.EqualValues(t, unix.S_IFLNK, named.Mode&unix.S_IFMT)
		require.NoError(t, os.Remove(p.String()))
		require.Equal(t, unix.ENOENT, p.Lstat(&named))
		_, err = p.Open(os.O_RDONLY)
		require.Equal(t, unix.ENOENT, err)
	}
	for _, p := range []fsys.Path{{Stem: "\x00"}, {Folder: "a\x00", Stem: "b"}, {Stem: "b", Suffix: "\x00"}} {
		_, err := p.Open(os.O_RDONLY)
		require.Equal(t, unix.EINVAL, err)
		require.Equal(t, unix.EINVAL, p.Lstat(new(unix.Stat_t)))
	}
}

// TestOpenFolder: what is open stays what it is when its name is given to another.
func TestOpenFolder(t *testing.T) {
	eachFolder(t, func(t *testing.T, d *fsys.Folder) {
		moved := d.Path + " moved"
		require.NoError(t, os.WriteFile(filepath.Join(d.Path, "a"), []byte("first"), 0o600))
		p, err := fsys.Path{Folder: d.Path, Stem: "a"}.OpenFolder()
		require.NoError(t, err)
		defer p.CloseFolder()
		require.NoError(t, d.Open())
		defer d.Close()
		require.True(t, p.FolderStays())

		require.NoError(t, os.Rename(d.Path, moved))
		require.False(t, p.FolderStays())
		require.NoError(t, os.Mkdir(d.Path, 0o700))
		require.False(t, p.FolderStays())
		_, err = fsys.Path{Folder: d.Path, Stem: "a"}.Open(os.O_RDONLY)
		require.Equal(t, unix.ENOENT, err)
		fd, err := p.Open(os.O_RDONLY)
		require.NoError(t, err)
		require.NoError(t, unix.Close(fd))
		require.NoError(t, p.Lstat(new(unix.Stat_t)))
		require.Equal(t, filepath.Join(d.Path, "a"), p.String())
		if d.FS == fsys.OS {
			f, err := d.OpenFile("a", "", os.O_RDONLY)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.NoError(t, d.Entries(func(name string, regular bool) error {
				require.True(t, name == "a" && regular)
				return nil
			}))
			d.Close()
			_, err = d.OpenFile("a", "", os.O_RDONLY)
			require.ErrorIs(t, err, fs.ErrNotExist)

			require.ErrorIs(t, (&fsys.Folder{FS: d.FS, Path: filepath.Join(moved, "a")}).Open(), unix.ENOTDIR)
		}
		require.NoError(t, os.Remove(d.Path))
		require.NoError(t, os.Rename(moved, d.Path))
		require.True(t, p.FolderStays())
	})
}
