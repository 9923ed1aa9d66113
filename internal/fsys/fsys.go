// Package fsys is the seam between the stores and the file system: the few calls
// they make, as an interface, so that a test can make each of them fail
// ([github.com/soastore/soa/internal/faultfs]).
//
// Spills may lie in a folder that other users can write to. So a symbolic link in
// a file's place is refused, not followed; a pipe there makes calls fail, not
// hang; and new files are for their owner only. Links among the folders that lead
// to a file are followed, as everywhere.
package fsys

import (
	"io"
	"io/fs"
)

// FS is a file system. Its methods are safe for concurrent use; their errors are
// or wrap an *fs.PathError or an *os.LinkError, as those of package os.
type FS interface {
	// OpenFile opens name with the flags of package os. A new file gets the mode
	// 0600, which a umask can only narrow.
	OpenFile(name string, flag int) (File, error)
	// Mkdir makes a folder of mode 0700; its name must be free.
	Mkdir(name string) error
	// Rename gives oldname, a file or a folder, the name newname, replacing a file
	// or an empty folder of that name.
	Rename(oldname, newname string) error
	// Exchange makes each of two names that of the other's file or folder, at once.
	// Where the file system cannot, the error is an errors.ErrUnsupported.
	Exchange(a, b string) error
	// Link gives the file oldname the second name newname, which must be free.
	Link(oldname, newname string) error
	// Remove removes a file, an empty folder, or a symbolic link itself.
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
	// Allocate reserves the blocks of a range of size > 0 bytes, and makes the file as
	// long as its end if it is shorter. What was not written reads as zeros. Where the
	// file system cannot, the error is an errors.ErrUnsupported.
	Allocate(off, size int64) error
	// Alone reports whether the file, which is open for writing, has one name and is
	// neither open nor mapped anywhere else, by no process. False may also mean that
	// the file system cannot tell.
	Alone() (bool, error)
	// Sync makes what was written durable.
	Sync() error
	// Map maps the first size bytes of the file into memory, read-only; the file
	// must have as many. Reading past the end of a file that has become shorter
	// since is a fault, which kills the process except in [Mapping.Guard].
	Map(size int64) (*Mapping, error)
}
