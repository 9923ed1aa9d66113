package faultfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
)

const create = os.O_RDWR | os.O_CREATE | os.O_EXCL

// newFile returns an open file of ten bytes, and its name.
func newFile(t testing.TB, f *faultfs.FS, name string) (fsys.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	file, err := f.OpenFile(path, create)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte("0123456789"), 0)
	require.NoError(t, err)
	return file, path
}

// operations has one call of each kind; each succeeds on a file of newFile, and
// none stands in another's way.
var operations = []struct {
	op   faultfs.Op
	call func(f *faultfs.FS, file fsys.File, path string) error
}{
	{faultfs.OpenFile, func(f *faultfs.FS, _ fsys.File, path string) error {
		file, err := f.OpenFile(path, os.O_RDONLY)
		if err != nil {
			return err
		}
		return file.Close()
	}},
	{faultfs.Link, func(f *faultfs.FS, _ fsys.File, path string) error { return f.Link(path, path+".link") }},
	{faultfs.Rename, func(f *faultfs.FS, _ fsys.File, path string) error { return f.Rename(path+".link", path+".new") }},
	{faultfs.RenameNew, func(f *faultfs.FS, _ fsys.File, path string) error {
		if err := f.RenameNew(path+".new", path+".newer"); err != nil {
			return err
		}
		return os.Rename(path+".newer", path+".new")
	}},
	{faultfs.Remove, func(f *faultfs.FS, _ fsys.File, path string) error { return f.Remove(path + ".new") }},
	{faultfs.Lstat, func(f *faultfs.FS, _ fsys.File, path string) error { _, err := f.Lstat(path); return err }},
	{faultfs.ReadDir, func(f *faultfs.FS, _ fsys.File, path string) error {
		_, err := f.ReadDir(filepath.Dir(path))
		return err
	}},
	{faultfs.SyncDir, func(f *faultfs.FS, _ fsys.File, path string) error { return f.SyncDir(filepath.Dir(path)) }},
	{faultfs.WriteAt, func(_ *faultfs.FS, file fsys.File, _ string) error {
		_, err := file.WriteAt([]byte("abcd"), 0)
		return err
	}},
	{faultfs.ReadAt, func(_ *faultfs.FS, file fsys.File, _ string) error {
		_, err := file.ReadAt(make([]byte, 4), 0)
		return err
	}},
	{faultfs.WritevAt, func(_ *faultfs.FS, file fsys.File, _ string) error {
		return file.WritevAt([][]byte{[]byte("ab"), []byte("cd")}, 0)
	}},
	{faultfs.ReadvAt, func(_ *faultfs.FS, file fsys.File, _ string) error {
		return file.ReadvAt([][]byte{make([]byte, 3), make([]byte, 1)}, 0)
	}},
	{faultfs.Lock, func(_ *faultfs.FS, file fsys.File, _ string) error { return file.Lock() }},
	{faultfs.Allocate, func(_ *faultfs.FS, file fsys.File, _ string) error {
		return supported(file.Allocate(0, 4))
	}},
	{faultfs.Punch, func(_ *faultfs.FS, file fsys.File, _ string) error {
		return supported(file.Punch(4, 4))
	}},
	{faultfs.Alone, func(_ *faultfs.FS, file fsys.File, _ string) error {
		_, _, err := file.Alone()
		return err
	}},
	{faultfs.Truncate, func(_ *faultfs.FS, file fsys.File, _ string) error { return file.Truncate(8) }},
	{faultfs.Sync, func(_ *faultfs.FS, file fsys.File, _ string) error { return file.Sync() }},
	{faultfs.Size, func(_ *faultfs.FS, file fsys.File, _ string) error { _, err := file.Size(); return err }},
	{faultfs.Map, func(_ *faultfs.FS, file fsys.File, _ string) error {
		m, err := file.Map(4)
		if err != nil {
			return err
		}
		return m.Unmap()
	}},
	{faultfs.MapShared, func(_ *faultfs.FS, file fsys.File, _ string) error {
		m, err := file.MapShared(4)
		if err != nil {
			return err
		}
		return m.Unmap()
	}},
	{faultfs.TypeOf, func(f *faultfs.FS, _ fsys.File, path string) error {
		_, err := f.TypeOf(filepath.Dir(path))
		return err
	}},
	{faultfs.Close, func(_ *faultfs.FS, file fsys.File, _ string) error { return file.Close() }},
}

// supported is err, unless it says that the file system of the test cannot do it.
func supported(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func TestWithoutFaultsAllGoesThrough(t *testing.T) {
	f := faultfs.New(fsys.OS)
	file, path := newFile(t, f, "a")
	for _, o := range operations {
		before := f.Count(o.op)
		require.NoError(t, o.call(f, file, path), o.op)
		require.Equal(t, before+1, f.Count(o.op), o.op)
	}
	require.Empty(t, f.Fired())
	require.Empty(t, f.Open())
	require.Equal(t, len(f.Calls()), f.Count(""))
}

func TestEveryOperationCanFail(t *testing.T) {
	for _, o := range operations {
		t.Run(string(o.op), func(t *testing.T) {
			f := faultfs.New(fsys.OS)
			file, path := newFile(t, f, "a")
			require.NoError(t, os.Link(path, path+".link"))
			require.NoError(t, os.Link(path, path+".new"))
			if o.op == faultfs.Link {
				require.NoError(t, os.Remove(path+".link"))
			}
			f.Inject(faultfs.Fault{Op: o.op, Err: syscall.ENOSPC})

			err := o.call(f, file, path)
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorContains(t, err, filepath.Base(path))
			fired := f.Fired()
			require.Len(t, fired, 1)
			require.Equal(t, o.op, fired[0].Op)
			require.Equal(t, syscall.ENOSPC, fired[0].Err)

			// Close has closed the file although it failed; all else has done nothing
			// and, as the fault is over, succeeds now.
			err = o.call(f, file, path)
			if o.op == faultfs.Close {
				require.ErrorIs(t, err, os.ErrClosed)
				require.Empty(t, f.Open())
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{path}, f.Open())
			require.NoError(t, file.Close())
		})
	}
}

func TestErrorsAreThoseOfPackageOS(t *testing.T) {
	f := faultfs.New(fsys.OS)
	f.Inject(faultfs.Fault{Span: faultfs.Always})

	var path *fs.PathError
	require.ErrorAs(t, f.Remove("a"), &path)
	require.Equal(t, "a", path.Path)
	require.ErrorIs(t, path, syscall.EIO, "the default")

	var link *os.LinkError
	require.ErrorAs(t, f.Rename("a", "b"), &link)
	require.Equal(t, []string{"a", "b"}, []string{link.Old, link.New})
}

func TestSpans(t *testing.T) {
	tests := []struct {
		span       faultfs.Span
		wantLstat  []bool // whether the calls 0, 1, 2, 3 fail
		wantOthers bool   // whether a call that the fault does not fit fails after that
	}{
		{faultfs.Once, []bool{false, true, false, false}, false},
		{faultfs.Always, []bool{false, true, true, true}, false},
		{faultfs.Crash, []bool{false, true, true, true}, true},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.span), func(t *testing.T) {
			dir := t.TempDir()
			f := faultfs.New(fsys.OS)
			f.Inject(faultfs.Fault{Op: faultfs.Lstat, Skip: 1, Span: test.span})
			for i, fails := range test.wantLstat {
				_, err := f.ReadDir(dir)
				require.Equal(t, test.wantOthers && i > 1, err != nil, "ReadDir %d", i)
				_, err = f.Lstat(dir)
				require.Equal(t, fails, err != nil, "Lstat %d", i)
			}
			f.Heal()
			_, err := f.Lstat(dir)
			require.NoError(t, err)
			require.NotEmpty(t, f.Fired(), "Heal forgets no history")
		})
	}
}

func TestAfterACrashAFileStillCloses(t *testing.T) {
	f := faultfs.New(fsys.OS)
	file, _ := newFile(t, f, "a")
	f.Inject(faultfs.Fault{Op: faultfs.Sync, Span: faultfs.Crash})
	require.Error(t, file.Sync())
	_, err := file.WriteAt([]byte("late"), 0)
	require.Error(t, err)
	require.Error(t, file.Close())
	require.Empty(t, f.Open())
	f.Heal()
	require.ErrorIs(t, file.Close(), os.ErrClosed)
}

func TestNamePattern(t *testing.T) {
	f := faultfs.New(fsys.OS)
	f.Inject(faultfs.Fault{Name: "*.gio#[0-9]", Span: faultfs.Always, Err: syscall.ENOSPC})
	require.ErrorIs(t, f.Remove("/x.gio#1/dir.gio#2"), syscall.ENOSPC)
	require.ErrorIs(t, f.Rename("/none/part", "/none/a.gio#3"), syscall.ENOSPC, "the new name counts")
	require.ErrorIs(t, f.Remove("/none.gio#1/other"), fs.ErrNotExist, "the folder does not")
	require.Panics(t, func() { f.Inject(faultfs.Fault{Name: "[a"}) })
}

func TestShortWrite(t *testing.T) {
	f := faultfs.New(fsys.OS)
	file, path := newFile(t, f, "a")
	f.Inject(faultfs.Fault{Op: faultfs.WriteAt, Err: syscall.ENOSPC, Short: true})
	n, err := file.WriteAt([]byte("abcde"), 4)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, 2, n)
	require.NoError(t, file.Close())
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "0123ab6789", string(got))
}

func TestShortVectorWrite(t *testing.T) {
	f := faultfs.New(fsys.OS)
	file, path := newFile(t, f, "a")
	f.Inject(faultfs.Fault{Op: faultfs.WritevAt, Err: syscall.ENOSPC, Short: true})
	err := file.WritevAt([][]byte{[]byte("a"), []byte("bc"), []byte("de")}, 4)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, file.Close())
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "0123ab6789", string(got))
}

func TestShortWriteThatTheDiskRefusesToo(t *testing.T) {
	f := faultfs.New(fsys.OS)
	_, path := newFile(t, f, "a")
	file, err := f.OpenFile(path, os.O_RDONLY)
	require.NoError(t, err)
	f.Inject(faultfs.Fault{Short: true})
	n, err := file.WriteAt([]byte("abcd"), 0)
	require.Zero(t, n)
	require.ErrorIs(t, err, syscall.EBADF, "the disk's own error")
}

func TestSeveralFaults(t *testing.T) {
	f := faultfs.New(fsys.OS)
	f.Inject(faultfs.Fault{Op: faultfs.Remove, Err: syscall.EACCES})
	f.Inject(faultfs.Fault{Skip: 1, Err: syscall.ENOSPC})
	require.ErrorIs(t, f.Remove("/none/a"), syscall.EACCES)
	require.ErrorIs(t, f.Remove("/none/b"), syscall.ENOSPC, "the second fault saw both")
	require.ErrorIs(t, f.Remove("/none/c"), fs.ErrNotExist)
}

func TestRecord(t *testing.T) {
	f := faultfs.New(fsys.OS)
	file, path := newFile(t, f, "a")
	f.Inject(faultfs.Fault{Op: faultfs.Rename})
	require.Error(t, f.Rename(path, path+"2"))
	require.NoError(t, file.Close())
	require.Equal(t, []faultfs.Call{
		{Op: faultfs.OpenFile, Name: path},
		{Op: faultfs.WriteAt, Name: path},
		{Op: faultfs.Rename, Name: path, To: path + "2", Err: syscall.EIO},
		{Op: faultfs.Close, Name: path},
	}, f.Calls())
	require.Equal(t, "Rename "+path+" -> "+path+"2: input/output error", f.Fired()[0].String())
	require.Equal(t, "Close a", faultfs.Call{Op: faultfs.Close, Name: "a"}.String())
}

func TestOpenListsAFileAsOftenAsItIsOpen(t *testing.T) {
	f := faultfs.New(fsys.OS)
	first, path := newFile(t, f, "a")
	second, err := f.OpenFile(path, os.O_RDONLY)
	require.NoError(t, err)
	require.Equal(t, []string{path, path}, f.Open())
	require.NoError(t, first.Close())
	require.Equal(t, []string{path}, f.Open())
	require.Error(t, first.Close(), "twice")
	require.Equal(t, []string{path}, f.Open())
	require.NoError(t, second.Close())
	require.Empty(t, f.Open())
	_, err = f.OpenFile(path, create)
	require.ErrorIs(t, err, fs.ErrExist)
	require.Empty(t, f.Open())
}

func TestConcurrentUse(t *testing.T) {
	const workers, each, bad = 8, 50, 20
	f := faultfs.New(fsys.OS)
	file, _ := newFile(t, f, "a")
	f.Inject(faultfs.Fault{Op: faultfs.ReadAt, Skip: workers*each - bad, Span: faultfs.Always})
	var wg sync.WaitGroup
	failed := make([]int, workers)
	for w := range workers {
		wg.Go(func() {
			for range each {
				if _, err := file.ReadAt(make([]byte, 1), 0); errors.Is(err, syscall.EIO) {
					failed[w]++
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range failed {
		sum += n
	}
	require.Equal(t, bad, sum)
	require.Equal(t, workers*each, f.Count(faultfs.ReadAt))
	require.NoError(t, file.Close())
}
