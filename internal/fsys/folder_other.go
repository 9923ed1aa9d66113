//go:build !linux

package fsys

func (d *Folder) ownEntries(fn func(name string, regular bool) error) error { return d.readDir(fn) }
