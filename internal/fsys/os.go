package fsys

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// OS is the machine's file system.
var OS FS = osFS{}

type osFS struct{}

func (osFS) OpenFile(name string, flag int) (File, error) {
	f := &osFile{path: Path{Stem: name}, fd: closed}
	if err := f.open(flag); err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) Mkdir(name string) error                    { return os.Mkdir(name, 0o700) }
func (osFS) Link(oldname, newname string) error         { return os.Link(oldname, newname) }
func (osFS) Remove(name string) error                   { return os.Remove(name) }
func (osFS) Lstat(name string) (fs.FileInfo, error)     { return os.Lstat(name) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Rename is os.Rename without its look at newname before.
func (osFS) Rename(oldname, newname string) error {
	return linkError("rename", oldname, newname, untilDone(func() error { return unix.Rename(oldname, newname) }))
}

// lookAndRename is RenameNew where the system cannot do both at once.
func (s osFS) lookAndRename(oldname, newname string) error {
	_, err := s.Lstat(newname)
	if err == nil {
		return linkError("rename", oldname, newname, unix.EEXIST)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.Rename(oldname, newname)
}

// linkError returns err as one that names both files, nil for nil.
func linkError(op, oldname, newname string, err error) error {
	if err == nil {
		return nil
	}
	return &os.LinkError{Op: op, Old: oldname, New: newname, Err: err}
}

func (osFS) SyncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
