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
	// RenameNew is Rename for a newname that must be free: else the error is an
	// fs.ErrExist. Where the file system cannot do both at once, it looks first.
	RenameNew(oldname, newname string) error
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
	// TypeOf says what file system the file or folder name is on.
	TypeOf(name string) (Type, error)
}

// File is an open file. ReadAt, ReadvAt, WriteAt and WritevAt are safe for
// concurrent use.
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
	// ReadvAt fills bufs, one after another, with the bytes from off on. That the
	// file ends before is an io.ErrUnexpectedEOF.
	ReadvAt(bufs [][]byte, off int64) error
	// WritevAt writes all of bufs, one after another, from off on.
	WritevAt(bufs [][]byte, off int64) error
	// Allocate reserves disk space for the bytes from off to off+size: writing there
	// will not run out of it. A shorter file becomes that long, and what was not
	// written yet reads as zeros. After an error a part may be reserved, and the
	// file longer. The error is an errors.ErrUnsupported where the file system
	// cannot reserve.
	Allocate(off, size int64) error
	// Punch gives back the disk space of those bytes, as far as they fill whole
	// blocks. They read as zeros then; the length stays. The error is an
	// errors.ErrUnsupported where the file system cannot.
	Punch(off, size int64) error
	// Lock takes the file for its holder alone until it is closed, which the end of
	// the process does too. It is an ErrLocked at once if another has it, and binds
	// only those who call Lock. The error is an errors.ErrUnsupported where the file
	// system has no locks.
	Lock() error
	// Alone reports whether the file, which is open for writing, has one name and is
	// neither open nor mapped anywhere else, by no process, and its length. False may
	// also mean that the file system cannot tell. On an overlay, mappings count only
	// while the files are open that they were made with.
	Alone() (size int64, alone bool, err error)
	// Sync makes what was written durable.
	Sync() error
	// Map maps the first size bytes of the file into memory, read-only; the file
	// must have as many. Reading past the end of a file that has become shorter
	// since is a fault, which kills the process except in [Mapping.Guard].
	Map(size int64) (*Mapping, error)
	// MapShared maps the first size bytes of the file into memory for reading and
	// writing. The file may have fewer: what lies beyond its end is a fault until
	// the file has grown to it. So is writing where the disk is full, unless the
	// space was allocated.
	MapShared(size int64) (*Mapping, error)
}
