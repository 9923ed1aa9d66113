//go:build !(linux && (amd64 || arm64))

package fsys

import "golang.org/x/sys/unix"

func (p Path) open(flag int) (fd int, err error) { return unix.Open(p.String(), flag, 0o600) }

func (p Path) lstat(st *unix.Stat_t) error { return unix.Lstat(p.String(), st) }
