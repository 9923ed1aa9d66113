//go:build !linux

package fsys

import "errors"

func (osFS) Exchange(a, b string) error {
	return linkError("exchange", a, b, errors.ErrUnsupported)
}

func (s osFS) RenameNew(oldname, newname string) error { return s.lookAndRename(oldname, newname) }
