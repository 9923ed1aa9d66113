package fsys

import (
	"errors"

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
	err := untilDone(func() error { return unix.Renameat2(unix.AT_FDCWD, oldname, unix.AT_FDCWD, newname, flag) })
	if err == unix.EINVAL { // how a file system says that it has no such call
		return unix.ENOTSUP
	}
	return err
}
