package fsys

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Alone asks the kernel for a write lease, which it gives only while there is no
// other open file description of the file (fcntl(2), F_SETLEASE), and gives it back.
func (f osFile) Alone() (bool, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	var st unix.Stat_t
	if ctlErr := conn.Control(func(fd uintptr) {
		if err = unix.Fstat(int(fd), &st); err != nil {
			return
		}
		if _, err = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_WRLCK); err == nil {
			_, err = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		}
	}); ctlErr != nil {
		return false, ctlErr
	}
	switch {
	case err == nil:
		return st.Nlink == 1, nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EACCES), errors.Is(err, unix.ENOTSUP):
		return false, nil // it is not, or nobody can tell
	}
	return false, &fs.PathError{Op: "lease", Path: f.Name(), Err: err}
}
