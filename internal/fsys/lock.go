package fsys

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another has the file locked.
var ErrLocked = errors.New("locked by another process or opener")

func (f *osFile) Lock() error {
	return f.control("lock", func(fd int) error {
		for {
			switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); {
			case errors.Is(err, unix.EWOULDBLOCK):
				return ErrLocked
			case !errors.Is(err, unix.EINTR):
				return err
			}
		}
	})
}
