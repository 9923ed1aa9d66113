package npz

import (
	"context"
	"fmt"
	"io"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/together"
)

// readElements reads the elements that h describes from s, which is where they
// begin, into an array: in C order, native byte order, and in old's memory if
// that is large enough. done checks the bytes when all are read; without an error
// the array holds what was written. Several parts of many stored elements are read at
// once.
func readElements(ctx context.Context, s *stream, h *header, old soa.Array, done func() error) (soa.Array, error) {
	a, err := old.Resize(h.dtype, h.shape...)
	if err != nil {
		return soa.Array{}, err
	}
	parts := together.Parts(int64(a.NBytes()))
	switch {
	case h.transposed():
		err = readTransposed(ctx, s, h, a)
	case parts > 1 && s.inflater == nil:
		err = s.fillParts(ctx, a.Bytes(), h, parts)
	default:
		err = s.fill(ctx, a.Bytes(), h.native)
	}
	if err == nil {
		err = done()
	}
	if err == nil && h.dtype == soa.Bool {
		err = checkBools(a.Bytes())
	}
	if err != nil && h.dtype == soa.Bool {
		clear(a.Bytes()) // old's owner may see them as Go bools, which are 0 or 1
	}
	return a, err
}

// native makes the byte order of a block of whole elements native.
func (h *header) native(block []byte) {
	if h.swapped() {
		swapBytes(block, h.dtype)
	}
}

// readTransposed reads elements in Fortran order, a block at a time.
func readTransposed(ctx context.Context, s *stream, h *header, a soa.Array) error {
	scratch, err := soa.New(soa.Uint64, (min(a.NBytes(), blockLen)+7)/8)
	if err != nil {
		return err
	}
	places := newScatter(h.shape)
	for left := a.NBytes(); left > 0; {
		block := scratch.Bytes()[:min(left, blockLen)]
		if err := s.fill(ctx, block, h.native); err != nil {
			return err
		}
		places.put(a.Bytes(), block, h.dtype.Size())
		left -= len(block)
	}
	return nil
}

// checkBools returns an ErrFormat if p has bools other than 0 and 1, which NumPy
// never writes and which are no Go bools.
func checkBools(p []byte) error {
	if _, err := soa.FromBytes(soa.Bool, p, len(p)); err != nil {
		return formatf("%w", err)
	}
	return nil
}

// ReadArray reads the .npy file of size bytes, as numpy.save writes it. The array
// owns its memory. Elements in Fortran order or foreign byte order are put in C
// order and native byte order. The error is a *FieldError without a field name.
// The format has no checksum: wrong elements cannot be noticed.
func ReadArray(src io.ReaderAt, size int64) (soa.Array, error) {
	s := stream{src: src}
	h, err := readHeader(s.front(nil), size, nil)
	if err == nil && !h.dtype.Valid() {
		err = ErrDType
	}
	if err != nil {
		return soa.Array{}, &FieldError{Descr: h.descr, Err: err}
	}
	a, err := readElements(context.Background(), &stream{src: src, off: h.size}, &h, soa.Array{}, func() error { return nil })
	if err != nil {
		return soa.Array{}, &FieldError{Descr: h.descr, Err: err}
	}
	return a, nil
}

// WriteArray writes a as a .npy file, as numpy.save does.
func WriteArray(w io.Writer, a soa.Array) error {
	head, err := appendHeader(nil, a)
	if err != nil {
		return fmt.Errorf("npz: %w", err)
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err = w.Write(a.Bytes())
	return err
}
