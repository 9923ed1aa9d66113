package npz

import (
	"errors"
	"io"
	"slices"
	"sync"
)

// window is a source of which a part has been read ahead, because several small
// records in it will be asked for. close it.
type window struct {
	src   io.ReaderAt
	start int64
	ahead []byte
}

// windows keeps the memory of windows that are closed.
var windows = sync.Pool{New: func() any { return new(window) }}

// newWindow reads n bytes of src ahead.
func newWindow(src io.ReaderAt, start, n int64) (*window, error) {
	w := windows.Get().(*window)
	w.src, w.start, w.ahead = src, start, slices.Grow(w.ahead[:0], int(n))[:n]
	if err := readFullAt(src, w.ahead, start); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// close ends the use of w and of what bytes returned.
func (w *window) close() {
	w.src = nil
	windows.Put(w)
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
