package fsys

import (
	"fmt"
	"io/fs"
	"math"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Mapping is a part of a file in memory. Writing to the Data of a Map kills the
// process; what is written to that of a MapShared is in the file at once. It stays
// valid when the file is closed or removed, until Unmap, and is never freed
// without. Goroutines may use it at once, Guard included; Unmap must come after
// all of them.
type Mapping struct {
	Data []byte
	name string
}

func (f *osFile) Map(size int64) (*Mapping, error) {
	if size == 0 { // the kernel maps no empty range
		return &Mapping{name: f.Name()}, nil
	}
	have, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size < 0 || size > have || size > math.MaxInt {
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: fmt.Errorf("%d bytes of a file of %d: %w", size, have, fs.ErrInvalid)}
	}
	return f.mmap(size, unix.PROT_READ)
}

func (f *osFile) MapShared(size int64) (*Mapping, error) {
	if size <= 0 || size > math.MaxInt {
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: fmt.Errorf("%d bytes: %w", size, fs.ErrInvalid)}
	}
	return f.mmap(size, unix.PROT_READ|unix.PROT_WRITE)
}

func (f *osFile) mmap(size int64, prot int) (*Mapping, error) {
	m := &Mapping{name: f.Name()}
	err := f.control("mmap", func(fd int) (err error) {
		m.Data, err = unix.Mmap(fd, 0, int(size), prot, unix.MAP_SHARED)
		return err
	})
	if err != nil {
		return nil, err
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

// Guard runs fn, which uses m.Data. A fault inside the mapping (the file was
// made shorter, or the disk failed) becomes an error that names the file and the
// offset, and fn ends there; any other panic goes on.
//
// It protects the calling goroutine only: one that fn starts and that uses Data
// needs a Guard of its own, or a fault in it kills the process. A fault in C code
// always does. A system call that is handed Data fails with EFAULT, guarded or
// not. Since fn may end at any use of Data, it releases locks and cleans up by
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
			err = &fs.PathError{Op: "use mapping of", Path: m.name,
				Err: fmt.Errorf("fault at offset %d of %d: the file was cut short, or the disk is full or failed: %w", off, len(m.Data), fs.ErrInvalid)}
		}
	}()
	return fn()
}
