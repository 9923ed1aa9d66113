package fsys_test

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var page = os.Getpagesize()

func TestMap(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), page)
	f, path := newFile(t, content)
	m, err := f.Map(int64(len(content)) - 3)
	require.NoError(t, err)
	require.Equal(t, content[:len(content)-3], m.Data)

	_, err = f.WriteAt([]byte("ab"), 1)
	require.NoError(t, err)
	require.Equal(t, "0ab3", string(m.Data[:4]), "one memory with the file")

	require.NoError(t, f.Close())
	require.NoError(t, os.Remove(path))
	require.Equal(t, "0ab3", string(m.Data[:4]), "without the file")

	require.NoError(t, m.Unmap())
	require.Nil(t, m.Data)
	require.NoError(t, m.Unmap(), "twice")
}

func TestMapNothing(t *testing.T) {
	for _, content := range []string{"", "some"} {
		f, _ := newFile(t, []byte(content))
		m, err := f.Map(0)
		require.NoError(t, err)
		require.Empty(t, m.Data)
		require.NoError(t, m.Guard(func() error { return nil }))
		require.NoError(t, m.Unmap())
	}
}

func TestMapRefusesWhatIsNotThere(t *testing.T) {
	f, path := newFile(t, make([]byte, 10))
	for _, size := range []int64{11, -1, 1 << 62} {
		_, err := f.Map(size)
		require.ErrorIs(t, err, fs.ErrInvalid, size)
		require.ErrorContains(t, err, path)
	}
}

func TestMapOfAFileOpenForWritingOnly(t *testing.T) {
	_, path := newFile(t, make([]byte, 10))
	f, err := fsys.OS.OpenFile(path, os.O_WRONLY)
	require.NoError(t, err)
	_, err = f.Map(10)
	require.ErrorIs(t, err, unix.EACCES)
	require.ErrorContains(t, err, path)
	require.NoError(t, f.Close())
}

// cut returns a mapping of four pages of ones of a file that has one page left.
func cut(t testing.TB) (m *fsys.Mapping, path string) {
	t.Helper()
	f, path := newFile(t, bytes.Repeat([]byte{1}, 4*page))
	m, err := f.Map(int64(4 * page))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Unmap()) })
	require.NoError(t, f.Truncate(int64(page)))
	return m, path
}

func TestGuardTurnsAFaultIntoAnError(t *testing.T) {
	m, path := cut(t)
	var sink byte
	copied := bytes.Repeat([]byte{1}, len(m.Data))
	reads := map[string]func(){
		"index":   func() { sink = m.Data[page+5] },
		"range":   func() { sum(m.Data) },
		"copy":    func() { copy(copied, m.Data) },
		"compare": func() { bytes.Equal(copied, m.Data) },
		"hash":    func() { crc32.ChecksumIEEE(m.Data) },
		"deferred": func() {
			defer func() { sink = m.Data[page] }()
		},
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			cleaned := false
			err := m.Guard(func() error {
				defer func() { cleaned = true }()
				read()
				return nil
			})
			require.Error(t, err, sink)
			var pathErr *fs.PathError
			require.True(t, errors.As(err, &pathErr))
			require.Equal(t, path, pathErr.Path)
			require.ErrorIs(t, err, fs.ErrInvalid)
			require.True(t, cleaned)
		})
	}
	err := m.Guard(func() error { sink = m.Data[3*page]; return nil })
	require.ErrorContains(t, err, "offset "+strconv.Itoa(3*page)+" of "+strconv.Itoa(4*page))
}

func TestGuardOfWhatIsStillThere(t *testing.T) {
	m, _ := cut(t)
	require.NoError(t, m.Guard(func() error {
		require.Equal(t, page, sum(m.Data[:page]))
		return nil
	}))
	own := errors.New("own")
	require.Equal(t, own, m.Guard(func() error { return own }))
}

func TestGuardLetsOtherPanicsPass(t *testing.T) {
	m, _ := cut(t)
	other, _ := cut(t)
	require.PanicsWithValue(t, "mine", func() { _ = m.Guard(func() error { panic("mine") }) })
	require.Panics(t, func() {
		_ = m.Guard(func() error { var p *int; *p = 1; return nil })
	}, "a nil pointer is no fault of the file")
	require.Panics(t, func() {
		_ = m.Guard(func() error { sum(other.Data); return nil })
	}, "nor is another mapping's")

	var inner error
	outer := other.Guard(func() error {
		inner = m.Guard(func() error { sum(other.Data); return nil })
		return nil
	})
	require.NoError(t, inner)
	require.Error(t, outer, "its own Guard has it, around this one")
}

func TestGuardEndsWithTheGoroutine(t *testing.T) {
	m, _ := cut(t)
	done := make(chan struct{})
	returned := false
	var panicked any
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		_ = m.Guard(func() error {
			runtime.Goexit() // as a failed require does
			return nil
		})
		returned = true
	}()
	<-done
	require.False(t, returned)
	require.Nil(t, panicked)
}

func TestGuardRestoresTheSetting(t *testing.T) {
	m, _ := cut(t)
	for _, on := range []bool{true, false} {
		old := debug.SetPanicOnFault(on)
		require.Error(t, m.Guard(func() error { sum(m.Data); return nil }))
		require.Equal(t, on, debug.SetPanicOnFault(old))
	}
}

func TestGuardInManyGoroutines(t *testing.T) {
	m, _ := cut(t)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			for range 20 {
				n := page
				if i%2 == 0 { // every other one stays within what is there
					n = len(m.Data)
				}
				errs[i] = m.Guard(func() error { sum(m.Data[:n]); return nil })
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		require.Equal(t, i%2 == 0, err != nil, "goroutine %d: %v", i, err)
	}
}

// The file becomes shorter while it is read, rather than before.
func TestGuardWhileTheFileIsCut(t *testing.T) {
	f, _ := newFile(t, bytes.Repeat([]byte{1}, 64*page))
	m, err := f.Map(int64(64 * page))
	require.NoError(t, err)
	started := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- m.Guard(func() error {
			close(started)
			for {
				sum(m.Data)
			}
		})
	}()
	<-started
	require.NoError(t, f.Truncate(int64(page)))
	require.ErrorContains(t, <-ended, "fault at offset")
	require.NoError(t, m.Unmap())
}

func TestASystemCallFailsWithoutGuard(t *testing.T) {
	m, _ := cut(t)
	f, _ := newFile(t, nil)
	_, err := f.WriteAt(m.Data[page:], 0)
	require.ErrorIs(t, err, unix.EFAULT)
}

//go:noinline
func sum(b []byte) int {
	s := 0
	for _, v := range b {
		s += int(v)
	}
	return s
}

// newFileIn returns an open, empty file of that folder.
func newFileIn(t testing.TB, dir string) fsys.File {
	t.Helper()
	f, err := fsys.OS.OpenFile(filepath.Join(dir, "file"), create)
	require.NoError(t, err)
	return f
}

func TestMapShared(t *testing.T) {
	f, path := newFile(t, bytes.Repeat([]byte{1}, page))
	m, err := f.MapShared(int64(3 * page))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Unmap()) })
	m.Data[1] = 7
	got := make([]byte, 3)
	_, err = f.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 7, 1}, got)

	write := func() error { m.Data[2*page] = 5; return nil }
	err = m.Guard(write)
	require.ErrorIs(t, err, fs.ErrInvalid, "beyond the end of the file")
	require.ErrorContains(t, err, path)
	require.NoError(t, f.Truncate(int64(3*page)))
	require.NoError(t, m.Guard(write), "once the file has grown")
	_, err = f.ReadAt(got[:1], int64(2*page))
	require.NoError(t, err)
	require.EqualValues(t, 5, got[0])

	for _, size := range []int64{0, -1} {
		_, err := f.MapShared(size)
		require.ErrorIs(t, err, fs.ErrInvalid)
	}
	require.NoError(t, f.Close())
	_, err = f.MapShared(1)
	require.ErrorIs(t, err, fs.ErrClosed)
}
