package genericio

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/soastore/soa/internal/fsys"
)

// Source is an open file, for reading. *os.File needs only a Size to be one.
type Source interface {
	io.ReaderAt
	io.Closer
	Size() (int64, error)
}

// File is a Reader of a file that it opened itself.
type File struct {
	*Reader
	src Source
}

// Open opens the named file, following symbolic links, and reads its header.
// Local.
func Open(name string, opts ReadOptions) (*File, error) {
	return openWith(openOS, name, opts)
}

// Close closes the file. The Reader must not be used afterwards.
func (f *File) Close() error { return f.src.Close() }

func openWith(open func(string) (Source, error), name string, opts ReadOptions) (*File, error) {
	if opts.Name == "" {
		opts.Name = name
	}
	src, err := open(name)
	if err != nil {
		return nil, err
	}
	size, err := src.Size()
	if err == nil {
		var r *Reader
		if r, err = NewReader(src, size, opts); err == nil {
			return &File{r, src}, nil
		}
	}
	src.Close() // only read from: the first error is the one to report
	return nil, err
}

// openOS opens a regular file of the machine's file system; a named pipe would
// wait for a writer.
func openOS(name string) (Source, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(real); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: it is no regular file", fs.ErrInvalid)}
	}
	return fsys.OS.OpenFile(real, os.O_RDONLY)
}
