package arena

import (
	"context"
	"errors"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
)

// Verify reads all versions of all keys, and returns an *Error for each field, header
// and slot that is damaged, joined. If ctx ends it stops, and ctx's error is among
// them.
func (a *Arena) Verify(ctx context.Context) error {
	if err := a.enter(); err != nil {
		return a.failed("verify", err)
	}
	versions, errs := a.holdAll()
	for _, v := range versions {
		if ctx.Err() == nil {
			errs = append(errs, a.verify(ctx, v))
		}
		a.done(v)
	}
	err := errors.Join(append(errs, ctx.Err())...)
	a.leave(&err)
	return err
}

// holdAll returns all versions, each with one more reader, and what Open found
// damaged.
func (a *Arena) holdAll() (all []*version, errs []error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.keys {
		all = append(all, e.all()...)
	}
	for _, v := range all {
		v.readers++
	}
	for _, d := range a.damaged {
		errs = append(errs, &Error{Op: "verify", File: a.name, Offset: d.at, Err: d.err})
	}
	return all, errs
}

// verify reads the header and the columns of v.
func (a *Arena) verify(ctx context.Context, v *version) error {
	head := make([]byte, v.head)
	_, err := a.file.ReadAt(head, v.ext.off)
	if err == nil {
		_, err = parseHeader(head, a.super.id, v.seq, v.size)
	}
	if err != nil {
		return &Error{Op: "verify", File: a.name, Key: v.key, Offset: v.ext.off, Err: err}
	}
	buf := blocks.Get().(*[block]byte)
	defer blocks.Put(buf)
	var errs []error
	for i := range v.fields {
		f := &v.fields[i]
		if err := a.verifyField(ctx, v, i, buf); err != nil {
			errs = append(errs, &Error{Op: "verify", File: a.name, Key: v.key, Field: f.name, Offset: v.ext.off + f.off, Err: err})
		}
	}
	return errors.Join(errs...)
}

// verifyField reads the column of field i, block by block.
func (a *Arena) verifyField(ctx context.Context, v *version, i int, buf *[block]byte) error {
	f, sum := &v.fields[i], uint64(0)
	off, end := v.ext.off+f.off, v.ext.off+f.off+f.len
	for off < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(block, end-off)]
		if _, err := a.file.ReadAt(p, off); err != nil {
			return err
		}
		if f.dtype == soa.Bool && !areBools(p) {
			return formatf("a bool is neither 0 nor 1")
		}
		sum = crc64.Update(sum, p)
		off += int64(len(p))
	}
	return compare(v.sums[i], sum)
}
