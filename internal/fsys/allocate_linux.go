package fsys

import (
	"errors"

	"golang.org/x/sys/unix"
)

func (f *osFile) Allocate(off, size int64) error { return f.fallocate(0, off, size) }

func (f *osFile) Punch(off, size int64) error {
	return f.fallocate(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, size)
}

// pieceMin is how small a piece a call that signals interrupt is cut into.
const pieceMin = 1 << 20

// fallocate goes on with smaller pieces after a signal: tmpfs takes a piece back
// that a signal interrupts, so a large one might never be done.
func (f *osFile) fallocate(mode uint32, off, size int64) error {
	if size <= 0 { // which the system call refuses
		return nil
	}
	return f.control("fallocate", func(fd int) error {
		for piece := size; size > 0; {
			n := min(piece, size)
			switch err := unix.Fallocate(fd, mode, off, n); {
			case errors.Is(err, unix.EINTR):
				piece = max(piece/2, pieceMin)
			case err != nil:
				return err
			default:
				off, size = off+n, size-n
			}
		}
		return nil
	})
}
