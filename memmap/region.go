package memmap

import (
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/soastore/soa/internal/fsys"
)

// A Region is a range of bytes of any file, in memory: what the arrays of this
// package lie in, and a way to map arrays that lie inside files of other formats
// (soa.FromBytes types the bytes).
//
// Its methods are safe for concurrent use. But a slice of its memory must not be
// used once it is closed; see [Guard] for goroutines that cannot know.
type Region struct {
	name   string
	data   []byte
	at     int      // of data in m.data
	m      *mapping // nil if data is empty: the kernel maps no empty range
	mode   Mode
	closed atomic.Bool // set under table.mu
}

// Map maps size bytes at offset of the file name; a size of -1 means up to the
// file's end. The offset need not be aligned in any way, but the elements of a
// typed array must be. The error is an ErrRange if the file is too short, an
// ErrMode, or an *fs.PathError.
func Map(name string, mode Mode, offset, size int64) (*Region, error) {
	if err := mode.check(); err != nil {
		return nil, err
	}
	f, err := openRegular(fsys.Path{Stem: name}, mode.open())
	if err != nil {
		return nil, err
	}
	defer f.close()
	if size == -1 {
		size = f.size() - offset
	}
	if offset < 0 || size < 0 || offset > f.size() || size > f.size()-offset {
		return nil, fmt.Errorf("memmap: %s: %w: %d bytes at offset %d of a file of %d", name, ErrRange, size, offset, f.size())
	}
	return newRegion(&f, mode, offset, size)
}

// newRegion maps a range that lies in the file f.
func newRegion(f *descriptor, mode Mode, offset, size int64) (r *Region, err error) {
	r = &Region{name: f.name(), mode: mode}
	if size == 0 {
		return r, nil
	}
	if r.m, err = acquire(f, keyOf(f, offset, size), mode); err != nil {
		return nil, err
	}
	r.at = int(offset - r.m.off)
	r.data = r.m.data[r.at:][:size:size]
	return r, nil
}

// Bytes returns the memory. The error is an ErrClosed.
func (r *Region) Bytes() ([]byte, error) {
	if r.closed.Load() {
		return nil, r.errClosed()
	}
	return r.data, nil
}

func (r *Region) errClosed() error { return fmt.Errorf("memmap: %s: %w", r.name, ErrClosed) }

// Sync returns once all changes to a ReadWrite region are on the disk. For other
// modes there is nothing to do. The error is an ErrClosed, or an *fs.PathError of
// the disk's failure: full, for example.
func (r *Region) Sync() error {
	return r.withPages(func(pages []byte) error {
		if r.mode != ReadWrite {
			return nil
		}
		return r.pathError("msync", unix.Msync(pages, unix.MS_SYNC))
	})
}

// Advise tells the kernel how the memory is going to be used. The error is an
// ErrClosed, an ErrRange for an advice that there is not, or an ErrMode for
// DontNeed of a CopyOnWrite region, which would throw its changes away.
func (r *Region) Advise(a Advice) error {
	advice, err := a.madvise(r.mode)
	if err != nil {
		return err
	}
	return r.withPages(func(pages []byte) error {
		return r.pathError("madvise", unix.Madvise(pages, advice))
	})
}

// withPages calls fn with the whole pages that the region lies in, if there are
// any, and keeps them mapped meanwhile.
func (r *Region) withPages(fn func(pages []byte) error) error {
	if err := r.hold(); err != nil {
		return err
	}
	defer r.release()
	if r.m == nil {
		return nil
	}
	first := r.at &^ (os.Getpagesize() - 1)
	return fn(r.m.data[first : r.at+len(r.data)])
}

func (r *Region) pathError(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: r.name, Err: err}
}

// hold keeps the memory mapped until release, even if r is closed meanwhile.
func (r *Region) hold() error {
	table.mu.Lock()
	defer table.mu.Unlock()
	if r.closed.Load() {
		return r.errClosed()
	}
	if r.m != nil {
		r.m.refs++
	}
	return nil
}

func (r *Region) release() {
	if r.m != nil {
		_ = r.m.release() // can fail only for a range that is not mapped
	}
}

// Close gives the memory back, once every other Region that shares it is closed
// too. The error of a second Close is an ErrClosed.
func (r *Region) Close() error {
	table.mu.Lock()
	again := r.closed.Swap(true)
	table.mu.Unlock()
	switch {
	case again:
		return r.errClosed()
	case r.m == nil:
		return nil
	}
	return r.m.release()
}
