package fsys

import (
	"fmt"
	"io/fs"
	"math"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Mapping is a part of a file in memory, read-only: writing to Data kills the
// process. It stays valid when the file is closed or removed, until Unmap, and is
// never freed without. Goroutines may read it at once, Guard included; Unmap must
// come after all of them.
type Mapping struct {
	Data []byte
	name string
}

func (f osFile) Map(size int64) (*Mapping, error) {
	m := &Mapping{name: f.Name()}
	if size == 0 { // the kernel maps no empty range
		return m, nil
	}
	have, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size < 0 || size > have || size > math.MaxInt {
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: fmt.Errorf("%d bytes of a file of %d: %w", size, have, fs.ErrInvalid)}
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var mapErr error
	if err := conn.Control(func(fd uintptr) {
		m.Data, mapErr = unix.Mmap(int(fd), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	}); err != nil {
		return nil, err
	}
	if mapErr != nil {
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: mapErr}
	}
	return m, nil
}

// Unmap ends the mapping. Data must not be used afterwards. A second call does
// nothing.
func (m *Mapping) Unmap() error {
	if m.Data == nil {
		return nil
	}
	data := m.Data
	m.Data = nil
	if err := unix.Munmap(data); err != nil {
		return &fs.PathError{Op: "munmap", Path: m.name, Err: err}
	}
	return nil
}

// Guard runs fn, which reads m.Data. A fault inside the mapping (the file was
// made shorter, or the disk failed) becomes an error that names the file and the
// offset, and fn ends there; any other panic goes on.
//
// It protects the calling goroutine only: one that fn starts and that reads Data
// needs a Guard of its own, or a fault in it kills the process. A fault in C code
// always does. A system call that is handed Data fails with EFAULT, guarded or
// not. Since fn may end at any read of Data, it releases locks and cleans up by
// defer.
func (m *Mapping) Guard(fn func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if p := recover(); p != nil {
			off, ok := m.offsetOf(p)
			if !ok {
				panic(p)
			}
			err = &fs.PathError{Op: "read mapping of", Path: m.name,
				Err: fmt.Errorf("fault at offset %d of %d: the file was cut short or the disk failed: %w", off, len(m.Data), fs.ErrInvalid)}
		}
	}()
	return fn()
}
