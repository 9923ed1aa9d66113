package fsys

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// osFile is an open file by its descriptor. An os.File would be offered to the
// runtime's poller at each open, which takes no regular files, and be watched by the
// garbage collector: half of what opening and closing a small file takes.
type osFile struct {
	path Path
	// mu is read-locked during each call, so that the number of a descriptor that is
	// being closed does not become another file's meanwhile.
	mu sync.RWMutex
	fd int // closed once the file is
}

const closed = -1

// untilDone calls fn again when a signal interrupts it.
func untilDone(fn func() error) error {
	for {
		if err := fn(); err != unix.EINTR { // system calls return it as it is
			return err
		}
	}
}

// open opens the file of f's path, which is closed.
func (f *osFile) open(flag int) (err error) {
	flag |= unix.O_NOFOLLOW
	// A pipe in the file's place would make the open wait for its other end.
	f.fd, err = f.path.Open(flag | unix.O_NONBLOCK)
	if err == unix.EWOULDBLOCK {
		// A file, then, that another process holds a lease on, such as an NFS server
		// for a client; the kernel is now taking it back, which ends within a time.
		f.fd, err = f.path.Open(flag)
	}
	if err != nil {
		f.fd = closed
		return f.failed("open", err)
	}
	return nil
}

func (f *osFile) Name() string { return f.path.String() }

// control calls fn with the file's descriptor, which stays open meanwhile.
func (f *osFile) control(op string, fn func(fd int) error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	err := fs.ErrClosed
	if f.fd != closed {
		err = fn(f.fd)
	}
	return f.failed(op, err)
}

// failed makes an error of an operation on the file one that names it, but for those
// that are part of a method's contract.
func (f *osFile) failed(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &fs.PathError{Op: op, Path: f.Name(), Err: err}
}

func (f *osFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fd == closed {
		return f.failed("close", fs.ErrClosed)
	}
	err := unix.Close(f.fd)
	f.fd = closed
	if errors.Is(err, unix.EINTR) { // the descriptor is gone all the same
		err = nil
	}
	return f.failed("close", err)
}

func (f *osFile) Size() (size int64, err error) {
	err = f.control("stat", func(fd int) error {
		var st unix.Stat_t
		err := untilDone(func() error { return unix.Fstat(fd, &st) })
		size = st.Size
		return err
	})
	return size, err
}

func (f *osFile) Truncate(size int64) error {
	return f.control("truncate", func(fd int) error {
		return untilDone(func() error { return unix.Ftruncate(fd, size) })
	})
}

func (f *osFile) Sync() error {
	return f.control("sync", func(fd int) error {
		return untilDone(func() error { return unix.Fsync(fd) })
	})
}

// maxTransfer is how much one call is asked to move: some systems refuse 2 GiB.
const maxTransfer = 1 << 30

func (f *osFile) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.control("read", func(fd int) error {
		n, err = move(fd, p, off, unix.Pread)
		if err == nil && n < len(p) {
			err = io.EOF
		}
		return err
	})
	return n, err
}

func (f *osFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.control("write", func(fd int) error {
		n, err = move(fd, p, off, unix.Pwrite)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		return err
	})
	return n, err
}

// move moves p by call, which may move less than it is given, until it moves nothing.
func move(fd int, p []byte, off int64, call func(fd int, p []byte, off int64) (int, error)) (n int, err error) {
	for n < len(p) {
		m, err := call(fd, p[n:min(len(p), n+maxTransfer)], off+int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil || m <= 0 {
			return n, err
		}
		n += m
	}
	return n, nil
}

// SyscallConn gives a caller the descriptor, for what File has no call for.
func (f *osFile) SyscallConn() (syscall.RawConn, error) { return conn{f}, nil }

type conn struct{ *osFile }

func (c conn) Control(fn func(fd uintptr)) error {
	return c.control("control", func(fd int) error { fn(uintptr(fd)); return nil })
}

func (c conn) Read(func(fd uintptr) bool) error  { return errors.ErrUnsupported }
func (c conn) Write(func(fd uintptr) bool) error { return errors.ErrUnsupported }
