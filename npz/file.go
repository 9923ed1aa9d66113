package npz

import (
	"os"

	"github.com/soastore/soa/internal/fsys"
)

// File is an open .npz file. Close it.
type File struct {
	*Reader
	file fsys.File
}

// Open opens the .npz file name for reading. A symbolic link is refused. Other
// errors are those of [NewReader].
func Open(name string) (*File, error) {
	f, err := fsys.OS.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err == nil {
		var r *Reader
		if r, err = NewReader(f, size); err == nil {
			return &File{r, f}, nil
		}
	}
	_ = f.Close() // the first error says more
	return nil, err
}

// Close closes the file. What was read stays valid.
func (f *File) Close() error { return f.file.Close() }
