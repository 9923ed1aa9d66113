// Package fsys is the seam between the stores and the file system: the few calls
// they make, as an interface, so that a test can make each of them fail
// ([github.com/soastore/soa/internal/faultfs]).
//
// Nothing here follows a symbolic link in the last element of a name, and new
// files are readable by their owner only: spills may lie in a folder that other
// users can write to.
package fsys

import (
	"io"
	"io/fs"
)

// FS is a file system. Its methods are safe for concurrent use; their errors are
// *fs.PathError or *os.LinkError, as those of package os.
type FS interface {
	// OpenFile opens name with the flags of package os; a new file gets mode 0600.
	OpenFile(name string, flag int) (File, error)
	// Rename gives oldname the name newname, replacing a file of that name.
	Rename(oldname, newname string) error
	// Link gives the file oldname the second name newname, which must be free.
	Link(oldname, newname string) error
	// Remove removes a file.
	Remove(name string) error
	// Lstat describes name without following a symbolic link.
	Lstat(name string) (fs.FileInfo, error)
	// ReadDir lists a folder, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// SyncDir makes the folder's entries durable.
	SyncDir(name string) error
}

// File is an open file. ReadAt and WriteAt are safe for concurrent use.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Name returns the name that the file was opened with.
	Name() string
	// Size returns the file's length in bytes now.
	Size() (int64, error)
	// Truncate sets the file's length.
	Truncate(size int64) error
	// Sync makes what was written durable.
	Sync() error
	// Map maps the first size bytes of the file into memory, read-only. Reading
	// past the end of a file that has become shorter is a fault: see [Guard].
	Map(size int64) (*Mapping, error)
}
