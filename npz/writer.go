package npz

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/soastore/soa"
)

// Options say how [Write] writes. The zero value is numpy.savez's way.
type Options struct {
	// Level is how hard to compress with deflate, from 1 (fastest) to 9
	// (smallest); 0 stores the elements as they are. numpy.savez_compressed
	// uses 6. The default is 0.
	Level int
	// Comment is the archive's comment, any bytes, at most 65,535. The default
	// is none.
	Comment string
}

// Write writes d's arrays as a .npz file to w, which must be empty, and returns
// the file's length. numpy.load reads it. Equal Dicts and Options make equal
// bytes.
//
// The memory of the arrays is read once: each block is checksummed and written
// while it is in cache, and a member's header, which has the checksum, is written
// after its elements. Stored elements begin at multiples of 64 in the file, so
// that [Reader.View] need not copy them.
//
// A dict that cannot be stored is an ErrName or, with the zero Array in it, an
// ErrDType. Other errors are ctx's, those of w, and of opts. All but the last name
// the field, as a *FieldError. After an error what w has is no .npz file.
func Write(ctx context.Context, w io.WriterAt, d *soa.Dict, opts Options) (int64, error) {
	z, err := newWriter(w, opts)
	if err != nil {
		return 0, err
	}
	for name, a := range d.All() {
		err := checkName(name)
		if err == nil {
			err = checkTwin(name, d)
		}
		if err == nil {
			err = z.add(ctx, name, a)
		}
		if err != nil {
			return 0, &FieldError{Field: name, Err: err}
		}
	}
	return z.finish()
}

// checkTwin refuses a field "x.npy" beside a field "x": numpy.load would give the
// elements of "x" for both.
func checkTwin(name string, d *soa.Dict) error {
	if twin, ok := strings.CutSuffix(name, suffix); ok && d.Has(twin) {
		return fmt.Errorf("%w: NumPy cannot tell it from the field %q", ErrName, twin)
	}
	return nil
}

// writer writes members one after the other.
type writer struct {
	out     *out
	method  Method
	deflate *flate.Writer // nil if stored
	members []*member
	comment string
}

func newWriter(w io.WriterAt, opts Options) (*writer, error) {
	if err := checkComment(opts.Comment); err != nil {
		return nil, err
	}
	z := &writer{out: &out{w: w}, comment: opts.Comment}
	if opts.Level == 0 {
		return z, nil
	}
	if opts.Level < 0 || opts.Level > 9 {
		return nil, fmt.Errorf("npz: level %d: there are 0 (stored) and 1 to 9", opts.Level)
	}
	var err error
	z.method = Deflated
	z.deflate, err = flate.NewWriter(z.out, opts.Level)
	return z, err
}

// add writes the array a as a member.
func (z *writer) add(ctx context.Context, name string, a soa.Array) error {
	head, err := appendHeader(nil, a)
	if err != nil {
		return err
	}
	m := &member{name: name + suffix, method: z.method, offset: z.out.size, plain: int64(len(head) + a.NBytes())}
	if !isASCII(name) {
		m.flags = flagUTF8
	}
	local := m.localSize()
	if err := z.out.reserve(local); err != nil {
		return err
	}
	if err := z.body(ctx, m, head, a.Bytes()); err != nil {
		return err
	}
	m.packed = z.out.size - m.offset - int64(local)
	z.members = append(z.members, m)
	return z.out.patch(m.appendLocal(nil), m.offset)
}

// body writes a member's bytes: a .npy header, then elements.
func (z *writer) body(ctx context.Context, m *member, head, elements []byte) error {
	var w io.Writer = z.out
	if z.deflate != nil {
		z.deflate.Reset(z.out)
		w = z.deflate
	}
	for block := head; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.crc = crc32.Update(m.crc, crc32.IEEETable, block)
		if _, err := w.Write(block); err != nil {
			return err
		}
		if len(elements) == 0 {
			break
		}
		block = elements[:min(len(elements), blockLen)]
		elements = elements[len(block):]
	}
	if z.deflate != nil {
		return z.deflate.Close()
	}
	return nil
}

// finish writes the directory and returns the length of the file.
func (z *writer) finish() (int64, error) {
	d := directory{entries: uint64(len(z.members)), offset: z.out.size, comment: z.comment}
	var entry []byte
	for _, m := range z.members {
		entry = m.appendEntry(entry[:0])
		if _, err := z.out.Write(entry); err != nil {
			return 0, err
		}
	}
	d.size = z.out.size - d.offset
	if _, err := z.out.Write(d.appendEnd(nil)); err != nil {
		return 0, err
	}
	return z.out.size, z.out.flush()
}
