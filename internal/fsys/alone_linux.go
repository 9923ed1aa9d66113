package fsys

import (
	"golang.org/x/sys/unix"
)

// Alone asks the kernel for a write lease, which it gives only while there is no
// other open file description of the file (fcntl(2), F_SETLEASE), and gives it back.
func (f *osFile) Alone() (size int64, alone bool, err error) {
	err = f.control("lease", func(fd int) error {
		var st unix.Stat_t
		if err := untilDone(func() error { return unix.Fstat(fd, &st) }); err != nil {
			return err
		}
		_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK)
		if err == nil {
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
		}
		size, alone = st.Size, err == nil && st.Nlink == 1
		switch err {
		case unix.EAGAIN, unix.EINVAL, unix.EACCES, unix.ENOTSUP:
			return nil // it is not, or nobody can tell
		}
		return err
	})
	return size, alone, err
}
