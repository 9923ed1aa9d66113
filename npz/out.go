package npz

import "io"

// out writes a file from the start on. It gathers small writes, so that a file of
// many small fields takes few calls of w, and passes large ones through.
type out struct {
	w     io.WriterAt
	piece int64  // of large content; see fsys.PieceSize
	buf   []byte // not yet written: the last bytes of the file
	size  int64  // of the file, with buf
}

// Write appends p to the file.
func (o *out) Write(p []byte) (int, error) {
	if err := o.room(len(p)); err != nil {
		return 0, err
	}
	if len(p) >= blockLen {
		if err := writeAt(o.w, p, o.size); err != nil {
			return 0, err
		}
	} else {
		o.buf = append(o.buf, p...)
	}
	o.size += int64(len(p))
	return len(p), nil
}

// reserve appends n bytes, fewer than blockLen, that patch will write.
func (o *out) reserve(n int) error {
	if err := o.room(n); err != nil {
		return err
	}
	o.buf = append(o.buf, make([]byte, n)...)
	o.size += int64(n)
	return nil
}

// room writes what is gathered if with n more bytes it would be more than a block.
func (o *out) room(n int) error {
	if len(o.buf)+n > blockLen {
		return o.flush()
	}
	return nil
}

// patch writes p again at off.
func (o *out) patch(p []byte, off int64) error {
	if start := o.size - int64(len(o.buf)); off >= start {
		copy(o.buf[off-start:], p)
		return nil
	}
	return writeAt(o.w, p, off)
}

func (o *out) flush() error {
	err := writeAt(o.w, o.buf, o.size-int64(len(o.buf)))
	o.buf = o.buf[:0]
	return err
}

// writeAt is w.WriteAt for an implementation that says it wrote less without
// saying why.
func writeAt(w io.WriterAt, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	n, err := w.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}
