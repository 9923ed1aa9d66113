//go:build !linux

package fsys

import (
	"errors"
	"io/fs"
)

func (f *osFile) Allocate(_, _ int64) error {
	return &fs.PathError{Op: "fallocate", Path: f.Name(), Err: errors.ErrUnsupported}
}

func (f *osFile) Punch(off, size int64) error { return f.Allocate(off, size) }
