package fsys

import "io"

// Content is the content of a file, in memory. A format that is handed one, as a
// pointer in an io.ReaderAt, may look at the bytes where they are.
type Content []byte

// ReadAt implements io.ReaderAt.
func (c Content) ReadAt(p []byte, off int64) (n int, err error) {
	if off >= 0 && off < int64(len(c)) {
		n = copy(p, c[off:])
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}
