package fsys

import (
	"bytes"
	"cmp"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Path is the path of a file in parts, for who opens many files of one folder: for
// the system they are put together on the stack, and else only for an error.
type Path struct {
	Folder       string // "" if the rest is the whole path
	Stem, Suffix string // which make the file's name
	dir          int    // 1 more than the descriptor of Folder, if it is open; else 0
}

// OpenFolder opens p's Folder: paths made of the result are found in that one, whatever
// its name becomes, and sooner, since the system need not follow the path to it each
// time. The caller closes it. The error is an Errno.
func (p Path) OpenFolder() (Path, error) {
	fd, err := Path{Stem: cmp.Or(p.Folder, ".")}.Open(openFolder)
	p.dir = fd + 1
	return p, err
}

// CloseFolder closes what OpenFolder opened, if it did; paths made of p are of no use
// then.
func (p Path) CloseFolder() {
	if p.dir != 0 {
		_ = unix.Close(p.at()) // nothing was written
	}
}

// FolderStays reports whether the open folder still has the path it was opened with.
func (p Path) FolderStays() bool {
	var open, now unix.Stat_t
	err := untilDone(func() error { return unix.Fstat(p.at(), &open) })
	if err == nil {
		err = untilDone(func() error { return Path{Stem: cmp.Or(p.Folder, ".")}.stat(&now, 0) })
	}
	return err == nil && open.Dev == now.Dev && open.Ino == now.Ino
}

// at returns the descriptor of the folder that the system begins at.
func (p Path) at() int {
	if p.dir == 0 {
		return unix.AT_FDCWD
	}
	return p.dir - 1
}

// String returns the path in one piece.
func (p Path) String() string {
	if p.Folder == "" {
		return p.Stem + p.Suffix
	}
	return filepath.Join(p.Folder, p.Stem+p.Suffix)
}

// With returns the path with another suffix.
func (p Path) With(suffix string) Path {
	p.Suffix = suffix
	return p
}

// pathRoom is how long a path may be for which nothing is allocated.
const pathRoom = 512

// terminated appends the path, from p.at on, to b as system calls take it, with a zero
// byte behind it. A path that has one already is an EINVAL, as for package os.
func (p Path) terminated(b []byte) ([]byte, error) {
	if p.Folder != "" && p.dir == 0 {
		b = append(append(b, p.Folder...), filepath.Separator)
	}
	b = append(append(b, p.Stem...), p.Suffix...)
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, unix.EINVAL
	}
	return append(b, 0), nil
}

// Open is open(2), close-on-exec; a new file gets the mode 0600. The error is an Errno.
func (p Path) Open(flag int) (fd int, err error) {
	err = untilDone(func() (err error) {
		fd, err = p.open(flag | unix.O_CLOEXEC)
		return err
	})
	return fd, err
}

// Lstat is lstat(2). The error is an Errno.
func (p Path) Lstat(st *unix.Stat_t) error {
	return untilDone(func() error { return p.stat(st, unix.AT_SYMLINK_NOFOLLOW) })
}
