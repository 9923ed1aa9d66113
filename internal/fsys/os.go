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
	flag |= unix.O_NOFOLLOW
	// A pipe in the file's place would make the open wait for its other end.
	f, err := os.OpenFile(name, flag|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.EWOULDBLOCK) {
		// A file, then, that another process holds a lease on, such as an NFS server
		// for a client; the kernel is now taking it back, which ends within a time.
		f, err = os.OpenFile(name, flag, 0o600)
	}
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Mkdir(name string) error                    { return os.Mkdir(name, 0o700) }
func (osFS) Link(oldname, newname string) error         { return os.Link(oldname, newname) }
func (osFS) Remove(name string) error                   { return os.Remove(name) }
func (osFS) Lstat(name string) (fs.FileInfo, error)     { return os.Lstat(name) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Rename is os.Rename without its look at newname before.
func (osFS) Rename(oldname, newname string) error {
	err := unix.Rename(oldname, newname)
	for errors.Is(err, unix.EINTR) {
		err = unix.Rename(oldname, newname)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
	}
	return nil
}

func (osFS) SyncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type osFile struct{ *os.File }

// control calls fn with the file's descriptor, which stays open meanwhile. It is
// for calls that package os does not have.
func (f osFile) control(op string, fn func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if conn.Control(func(fd uintptr) { failed = fn(int(fd)) }) != nil {
		failed = fs.ErrClosed
	}
	if failed != nil {
		return &fs.PathError{Op: op, Path: f.Name(), Err: failed}
	}
	return nil
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
