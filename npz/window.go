package npz

import (
	"errors"
	"io"
)

// window is a source of which a part has been read ahead, because several small
// records in it will be asked for.
type window struct {
	io.ReaderAt
	start int64
	ahead []byte
}

// newWindow reads n bytes of src ahead.
func newWindow(src io.ReaderAt, start, n int64) (*window, error) {
	ahead, err := readAt(src, start, n)
	if err != nil {
		return nil, err
	}
	return &window{src, start, ahead}, nil
}

func (w *window) ReadAt(p []byte, off int64) (int, error) {
	if at := off - w.start; at >= 0 && at <= int64(len(w.ahead)) && int64(len(p)) <= int64(len(w.ahead))-at {
		return copy(p, w.ahead[at:]), nil
	}
	return w.ReaderAt.ReadAt(p, off)
}

// readAt returns n bytes of src from off on. The caller has made sure that n is
// no more than src has.
func readAt(src io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	return b, readFull(io.NewSectionReader(src, off, n), b)
}

// readFull is io.ReadFull for a source that must have the bytes.
func readFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
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
