//go:build linux && (amd64 || arm64)

package fsys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of package unix, which copy each path to the heap to put a zero behind it.

func (p Path) open(flag int) (fd int, err error) {
	var room [pathRoom]byte
	path, err := p.terminated(room[:0])
	if err != nil {
		return closed, err
	}
	r, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(workingDir), uintptr(unsafe.Pointer(&path[0])), uintptr(flag|unix.O_LARGEFILE), 0o600, 0, 0)
	if errno != 0 {
		return closed, errno
	}
	return int(r), nil
}

func (p Path) lstat(st *unix.Stat_t) error {
	var room [pathRoom]byte
	path, err := p.terminated(room[:0])
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_NEWFSTATAT, uintptr(workingDir), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(st)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
