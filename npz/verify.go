package npz

import (
	"context"
	"errors"
	"io"

	"github.com/soastore/soa"
)

// Verify reads all of the file, fields of unsupported types too, and joins the
// *FieldErrors of those that are damaged. It keeps nothing of what it reads. If
// ctx ends it stops, and ctx's error is among those returned.
func (r *Reader) Verify(ctx context.Context) error {
	var errs []error
	block := make([]byte, min(blockLen, max(r.size, 1)))
	for _, m := range r.members {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		if err := m.verify(ctx, r.src, block); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// verify reads all of m into block, again and again.
func (m *member) verify(ctx context.Context, src io.ReaderAt, block []byte) error {
	l, err := m.load(src, nil)
	if err != nil {
		return err
	}
	s, err := m.elements(src, l)
	if err != nil {
		return m.failed(l, err)
	}
	defer s.close()
	check := func([]byte) {}
	var bad error
	if l.dtype == soa.Bool {
		check = func(p []byte) { bad = errors.Join(bad, checkBools(p)) }
	}
	for left := m.plain - l.size; left > 0 && err == nil; left -= int64(len(block)) {
		err = s.fill(ctx, block[:min(left, int64(len(block)))], check)
	}
	if err == nil {
		err = s.finish(m.crc)
	}
	if err = errors.Join(err, bad); err != nil {
		return m.failed(l, err)
	}
	return nil
}
