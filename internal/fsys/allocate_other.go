//go:build !linux

package fsys

import (
	"errors"
	"io/fs"
)

func (f osFile) Allocate(off, size int64) error {
	return &fs.PathError{Op: "allocate", Path: f.Name(), Err: errors.ErrUnsupported}
}
