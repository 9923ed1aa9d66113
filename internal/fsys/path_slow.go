//go:build !(linux && (amd64 || arm64))

package fsys

import "golang.org/x/sys/unix"

func (p Path) open(flag int) (fd int, err error) {
	return unix.Openat(p.at(), p.relative(), flag, 0o600)
}

func (p Path) stat(st *unix.Stat_t, flag int) error {
	return unix.Fstatat(p.at(), p.relative(), st, flag)
}

// relative returns the path from p.at on.
func (p Path) relative() string {
	if p.dir != 0 {
		p.Folder = ""
	}
	return p.String()
}
