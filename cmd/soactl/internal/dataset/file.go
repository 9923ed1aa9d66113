package dataset

import (
	"fmt"
	"os"
)

// File is an open regular file that counts what is read of it.
type File struct {
	*os.File
	size  int64
	count func(n int64)
}

// OpenFile opens a file, following symbolic links. count, which may be nil, is
// called with the bytes of each read, possibly by several goroutines at once.
func OpenFile(name string, count func(n int64)) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a named pipe would wait for its writer
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if count == nil {
		count = func(int64) {}
	}
	return &File{f, info.Size(), count}, nil
}

// Size returns the length of the file when it was opened.
func (f *File) Size() (int64, error) { return f.size, nil }

// ReadAt is os.File's, counted.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	f.count(int64(n))
	return n, err
}
