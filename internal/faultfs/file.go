package faultfs

import (
	"slices"

	"github.com/soastore/soa/internal/fsys"
)

// file is an open file of an FS.
type file struct {
	fsys.File
	fs *FS
}

func (f *file) do(op Op) (short bool, err error) {
	return f.fs.do(Call{Op: op, Name: f.Name()})
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.do(ReadAt); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	short, err := f.do(WriteAt)
	if short {
		n, werr := f.File.WriteAt(p[:len(p)/2], off)
		if werr != nil {
			err = werr
		}
		return n, err
	}
	if err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *file) ReadvAt(bufs [][]byte, off int64) error {
	if _, err := f.do(ReadvAt); err != nil {
		return err
	}
	return f.File.ReadvAt(bufs, off)
}

func (f *file) WritevAt(bufs [][]byte, off int64) error {
	short, err := f.do(WritevAt)
	if short {
		all := slices.Concat(bufs...)
		if _, werr := f.File.WriteAt(all[:len(all)/2], off); werr != nil {
			err = werr
		}
	}
	if err != nil {
		return err
	}
	return f.File.WritevAt(bufs, off)
}

func (f *file) Truncate(size int64) error {
	if _, err := f.do(Truncate); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *file) Allocate(off, size int64) error {
	if _, err := f.do(Allocate); err != nil {
		return err
	}
	return f.File.Allocate(off, size)
}

func (f *file) Punch(off, size int64) error {
	if _, err := f.do(Punch); err != nil {
		return err
	}
	return f.File.Punch(off, size)
}

func (f *file) Lock() error {
	if _, err := f.do(Lock); err != nil {
		return err
	}
	return f.File.Lock()
}

func (f *file) Alone() (int64, bool, error) {
	if _, err := f.do(Alone); err != nil {
		return 0, false, err
	}
	return f.File.Alone()
}

func (f *file) Sync() error {
	if _, err := f.do(Sync); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *file) Size() (int64, error) {
	if _, err := f.do(Size); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *file) Map(size int64) (*fsys.Mapping, error) {
	if _, err := f.do(Map); err != nil {
		return nil, err
	}
	return f.File.Map(size)
}

func (f *file) MapShared(size int64) (*fsys.Mapping, error) {
	if _, err := f.do(MapShared); err != nil {
		return nil, err
	}
	return f.File.MapShared(size)
}

// Close closes the file even when it fails, as close(2) does on Linux: the
// descriptor is gone, and only the data may be too.
func (f *file) Close() error {
	_, err := f.do(Close)
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	delete(f.fs.open, f)
	return err
}
