//go:build linux && (amd64 || arm64)

package fsys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Package unix has these calls too, and copies each path to the heap for them.

func (p Path) open(flag int) (fd int, err error) {
	var room [pathRoom]byte
	path, err := p.terminated(room[:0])
	if err != nil {
		return closed, err
	}
	r, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(p.at()), uintptr(unsafe.Pointer(&path[0])), uintptr(flag|unix.O_LARGEFILE), 0o600, 0, 0)
	if errno != 0 {
		return closed, errno
	}
	return int(r), nil
}

func (p Path) stat(st *unix.Stat_t, flag int) error {
	var room [pathRoom]byte
	path, err := p.terminated(room[:0])
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_NEWFSTATAT, uintptr(p.at()), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(st)), uintptr(flag), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
