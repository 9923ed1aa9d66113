package fsys

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (osFS) Exchange(a, b string) error {
	return linkError("exchange", a, b, renameWith(a, b, unix.RENAME_EXCHANGE))
}

func (s osFS) RenameNew(oldname, newname string) error {
	err := renameWith(oldname, newname, unix.RENAME_NOREPLACE)
	if errors.Is(err, errors.ErrUnsupported) {
		return s.lookAndRename(oldname, newname)
	}
	return linkError("rename", oldname, newname, err)
}

// renameWith renames with one of the flags of renameat2. The error is an
// errors.ErrUnsupported where the file system does not know it.
func renameWith(oldname, newname string, flag uint) error {
	err := untilDone(func() error { return renameat2(oldname, newname, flag) })
	if err == unix.EINVAL { // how a file system says that it has no such call
		return unix.ENOTSUP
	}
	return err
}

// renameat2 is that of package unix without its copies of the names on the heap.
func renameat2(oldname, newname string, flag uint) error {
	var rooms [2][pathRoom]byte
	from, to := Path{Stem: oldname}, Path{Stem: newname}
	a, err := from.terminated(rooms[0][:0])
	if err != nil {
		return err
	}
	b, err := to.terminated(rooms[1][:0])
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_RENAMEAT2, uintptr(from.at()), uintptr(unsafe.Pointer(&a[0])), uintptr(to.at()), uintptr(unsafe.Pointer(&b[0])), uintptr(flag), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
