package memmap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/soastore/soa/internal/fsys"
)

// A descriptor is a plain file that is open for reading or mapping, and what the
// system said of it when it was opened. An os.File would be offered to the runtime's
// poller, which takes no plain files, and be watched by the garbage collector: with a
// file as small as a YAML file that takes as long as reading it.
//
// It is used by one goroutine, or by several that read.
type descriptor struct {
	path fsys.Path
	fd   int
	stat unix.Stat_t
}

// openRegular opens a file that is neither a symbolic link nor anything but a
// plain file; a named pipe does not make it wait.
func openRegular(path fsys.Path, flag int) (d descriptor, err error) {
	d.path = path
	if d.fd, err = path.Open(flag | unix.O_NOFOLLOW | unix.O_NONBLOCK); err != nil {
		return d, &fs.PathError{Op: "open", Path: d.name(), Err: err}
	}
	err = d.untilDone("stat", func() error { return unix.Fstat(d.fd, &d.stat) })
	if err == nil && !isRegular(&d.stat) {
		err = &fs.PathError{Op: "map", Path: d.name(), Err: fmt.Errorf("%w: it is not a plain file", fs.ErrInvalid)}
	}
	if err != nil {
		d.close()
	}
	return d, err
}

func isRegular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

func (d *descriptor) name() string { return d.path.String() }

// size returns the bytes that the file had when it was opened.
func (d *descriptor) size() int64 { return d.stat.Size }

// readAt fills p from offset off. At the end of the file it returns io.EOF and how
// many bytes there were.
func (d *descriptor) readAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		m := 0
		err = d.untilDone("read", func() (err error) {
			m, err = unix.Pread(d.fd, p[n:], off+int64(n))
			return err
		})
		switch {
		case err != nil:
			return n, err
		case m == 0:
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

// untouched reports whether the file still has its name, and nothing was done to it
// since it was opened: a change that was undone moved it away and back, which shows in
// the time of its last status change.
func (d *descriptor) untouched() bool {
	var now unix.Stat_t
	return d.path.Lstat(&now) == nil && now.Dev == d.stat.Dev && now.Ino == d.stat.Ino && now.Ctim == d.stat.Ctim
}

// close needs no error: nothing was written.
func (d *descriptor) close() { _ = unix.Close(d.fd) }

// untilDone calls fn again when a signal interrupts it. Its error names the file.
func (d *descriptor) untilDone(op string, fn func() error) error {
	for {
		switch err := fn(); {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EINTR):
			return &fs.PathError{Op: op, Path: d.name(), Err: err}
		}
	}
}
