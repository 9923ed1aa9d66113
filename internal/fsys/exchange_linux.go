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

// workingDir is a variable since a constant below 0 cannot be made a uintptr.
var workingDir = unix.AT_FDCWD

// renameat2 is that of package unix without its copies of the names on the heap.
func renameat2(oldname, newname string, flag uint) error {
	var rooms [2][pathRoom]byte
	from, err := Path{Stem: oldname}.terminated(rooms[0][:0])
	if err != nil {
		return err
	}
	to, err := Path{Stem: newname}.terminated(rooms[1][:0])
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_RENAMEAT2, uintptr(workingDir), uintptr(unsafe.Pointer(&from[0])), uintptr(workingDir), uintptr(unsafe.Pointer(&to[0])), uintptr(flag), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
