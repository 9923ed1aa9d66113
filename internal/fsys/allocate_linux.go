package fsys

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

func (f osFile) Allocate(off, size int64) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if ctlErr := conn.Control(func(fd uintptr) {
		for err = unix.EINTR; errors.Is(err, unix.EINTR); {
			err = unix.Fallocate(int(fd), 0, off, size)
		}
	}); ctlErr != nil {
		return ctlErr
	}
	if err != nil {
		return &fs.PathError{Op: "allocate", Path: f.Name(), Err: err}
	}
	return nil
}
