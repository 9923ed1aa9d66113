package memmap

import (
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Handle is what [Guard] can keep open: a *[Region], *[File], *[Array] or
// *[Sparse].
type Handle interface {
	// hold keeps the memory mapped until release, even if the handle is closed
	// meanwhile. The error is an ErrClosed, and then there is nothing to release.
	hold() error
	release()
}

// Guard runs fn and returns its error. Where fn touches memory of this package
// that cannot be read or written (the file was cut short, the disk is full or
// failed, the mapping is read-only), fn ends and Guard returns a *[FaultError];
// without Guard the process would die. Any other panic goes on.
//
// The memory of the handles stays mapped until fn ends, even if another
// goroutine closes them meanwhile. If one is closed already, Guard returns an
// ErrClosed and fn is not run.
//
// A fault in another goroutine, one that fn starts, is not caught. Nor is fn's
// work undone; and what it does in deferred calls must not touch the memory
// again.
func Guard(fn func() error, handles ...Handle) (err error) {
	held := 0
	defer func() {
		for _, h := range handles[:held] {
			h.release()
		}
	}()
	for _, h := range handles {
		if err := h.hold(); err != nil {
			return err
		}
		held++
	}
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if p := recover(); p != nil {
			fault := faultOf(p)
			if fault == nil {
				panic(p)
			}
			err = fault
		}
	}()
	return fn()
}

// faultOf returns what the panic p says of a mapping, nil if it is about nothing
// of this package. The runtime's error of a fault has an Addr method.
func faultOf(p any) error {
	fault, ok := p.(interface{ Addr() uintptr })
	if !ok {
		return nil
	}
	m, at := mappingAt(fault.Addr())
	if m == nil {
		return nil
	}
	cause := m.diagnose(at)
	off := m.off + int64(at)
	_ = m.release() // can fail only for a range that is not mapped
	return &FaultError{m.name, off, cause}
}

// diagnose finds out why the byte at m.data[at] faulted: the signal does not say.
func (m *mapping) diagnose(at int) error {
	if info, err := os.Lstat(m.name); err == nil && m.isFile(info) && info.Size() <= m.off+int64(at) {
		return fmt.Errorf("%w: it has %d bytes now, and had %d", ErrTruncated, info.Size(), m.size)
	}
	if m.mode == ReadOnly && m.readable(at) {
		return ErrReadOnly
	}
	var disk unix.Statfs_t
	if unix.Statfs(m.name, &disk) == nil && disk.Bavail == 0 {
		return fmt.Errorf("%w: a hole was written to (Options.Reserve allocates the space beforehand)", syscall.ENOSPC)
	}
	return fmt.Errorf("%w: the disk failed, or the file was cut short", syscall.EIO)
}

// isFile reports whether info is still about the mapped file.
func (m *mapping) isFile(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && uint64(st.Dev) == m.dev && st.Ino == m.ino
}

func (m *mapping) readable(at int) bool {
	_, ok := peek(&m.data[at])
	return ok
}

// peek is not inlined, so that the load is made though nobody wants the byte.
//
//go:noinline
func peek(p *byte) (b byte, ok bool) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() { ok = recover() == nil }()
	return *p, true
}
