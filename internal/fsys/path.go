package fsys

import (
	"bytes"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Path is the path of a file in parts, for who opens many files of one folder: for
// the system they are put together on the stack, and else only for an error.
type Path struct {
	Folder       string // "" if the rest is the whole path
	Stem, Suffix string // which make the file's name
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

// terminated appends the path to b as system calls take it, with a zero byte behind it.
// A path that has one already is an EINVAL, as for package os.
func (p Path) terminated(b []byte) ([]byte, error) {
	if p.Folder != "" {
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
	return untilDone(func() error { return p.lstat(st) })
}
