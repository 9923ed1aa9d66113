//go:build !linux

package fsys

import "golang.org/x/sys/unix"

const openFolder = unix.O_RDONLY | unix.O_DIRECTORY

func (d *Folder) ownEntries(fn func(name string, regular bool) error) error { return d.readDir(fn) }
