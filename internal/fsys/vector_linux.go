package fsys

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

func (f *osFile) ReadvAt(bufs [][]byte, off int64) error {
	return f.control("read", func(fd int) error {
		return transfer(bufs, off, io.ErrUnexpectedEOF, func(batch [][]byte, off int64) (int, error) {
			return unix.Preadv(fd, batch, off)
		})
	})
}

func (f *osFile) WritevAt(bufs [][]byte, off int64) error {
	return f.control("write", func(fd int) error {
		return transfer(bufs, off, io.ErrShortWrite, func(batch [][]byte, off int64) (int, error) {
			return unix.Pwritev(fd, batch, off)
		})
	})
}

// maxVector is how many slices one system call takes, IOV_MAX.
const maxVector = 1024

// transfer moves all of bufs by call, which may move less than it is given. That it
// moves nothing is the error none.
func transfer(bufs [][]byte, off int64, none error, call func([][]byte, int64) (int, error)) error {
	for at := 0; ; { // at: bytes of bufs[0] that are done
		for len(bufs) > 0 && len(bufs[0]) == at {
			bufs, at = bufs[1:], 0
		}
		if len(bufs) == 0 {
			return nil
		}
		batch := bufs[:min(len(bufs), maxVector)]
		if at > 0 { // a slice of its own: bufs is the caller's
			batch = [][]byte{bufs[0][at:]}
		}
		n, err := call(batch, off)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err == nil && n == 0 {
			err = none
		}
		if err != nil {
			return err
		}
		off += int64(n)
		for n > 0 {
			m := min(n, len(bufs[0])-at)
			n, at = n-m, at+m
			if at == len(bufs[0]) {
				bufs, at = bufs[1:], 0
			}
		}
	}
}
