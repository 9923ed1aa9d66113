package npz

import (
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/soastore/soa/internal/fsys"
)

// window is a source of which a part is in memory, because several small records in
// it will be asked for. close it.
type window struct {
	src   io.ReaderAt
	start int64
	ahead []byte
	buf   *[]byte // the memory that it was read ahead into; nil for the source's own
}

// buffers keeps the memory of windows that are closed.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// newWindow reads n bytes of src ahead, unless all of it is in memory.
func newWindow(src io.ReaderAt, start, n int64) (window, error) {
	if content, ok := src.(*fsys.Content); ok {
		return window{src: src, ahead: *content}, nil
	}
	buf := buffers.Get().(*[]byte)
	*buf = slices.Grow((*buf)[:0], int(n))[:n]
	w := window{src, start, *buf, buf}
	if err := readFullAt(src, w.ahead, start); err != nil {
		w.close()
		return window{}, err
	}
	return w, nil
}

// close ends the use of w and of what bytes returned.
func (w *window) close() {
	if w.buf != nil {
		buffers.Put(w.buf)
	}
}

// bytes returns n bytes from off on, which are the window's own if it has them.
// The caller has made sure that n is no more than the source has.
func (w *window) bytes(off, n int64) ([]byte, error) {
	if at := off - w.start; at >= 0 && at <= int64(len(w.ahead)) && n <= int64(len(w.ahead))-at {
		return w.ahead[at:][:n:n], nil
	}
	b := make([]byte, n)
	return b, readFullAt(w.src, b, off)
}

// ReadAt makes a window an io.ReaderAt.
func (w *window) ReadAt(p []byte, off int64) (int, error) {
	if at := off - w.start; at >= 0 && at <= int64(len(w.ahead)) && int64(len(p)) <= int64(len(w.ahead))-at {
		return copy(p, w.ahead[at:]), nil
	}
	return w.src.ReadAt(p, off)
}

// readFullAt reads len(p) bytes of src, which must have them, from off on.
func readFullAt(src io.ReaderAt, p []byte, off int64) error {
	n, err := src.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil: // against io.ReaderAt's contract
		return io.ErrNoProgress
	}
	return readError(err)
}

// readError makes an error of reading an ErrFormat where the data are to blame,
// not the disk.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return formatf("ends too soon")
	}
	return err
}
