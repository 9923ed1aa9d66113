package npz

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc32"
	"github.com/soastore/soa/internal/fsys"
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
	defer z.close()
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
	out     out
	opts    Options
	deflate *flate.Writer // nil until it is needed
	level   int           // of deflate

	entries   uint64
	directory []byte // the entries so far
	scratch   []byte // of whoever needs some for a moment
}

// writers keeps the memory of writers that are closed.
var writers = sync.Pool{New: func() any { return new(writer) }}

// newWriter returns a writer to w. close it.
func newWriter(w io.WriterAt, opts Options) (*writer, error) {
	if err := checkComment(opts.Comment); err != nil {
		return nil, err
	}
	if opts.Level < 0 || opts.Level > 9 {
		return nil, fmt.Errorf("npz: level %d: there are 0 (stored) and 1 to 9", opts.Level)
	}
	z := writers.Get().(*writer)
	z.out = out{w: w, piece: fsys.PieceSize(w), buf: z.out.buf[:0]}
	z.opts, z.entries, z.directory = opts, 0, z.directory[:0]
	return z, nil
}

func (z *writer) close() {
	z.out.w = nil
	writers.Put(z)
}

// add writes the array a as a member.
func (z *writer) add(ctx context.Context, name string, a soa.Array) (err error) {
	if z.scratch, err = appendHeader(z.scratch[:0], a); err != nil {
		return err
	}
	m := member{name: name + suffix, plain: int64(len(z.scratch) + a.NBytes())}
	if !isASCII(name) {
		m.flags = flagUTF8
	}
	return z.member(ctx, &m, z.scratch, a.Bytes())
}

// member writes m, whose name, flags and size are known, and whose bytes are head
// and then elements.
func (z *writer) member(ctx context.Context, m *member, head, elements []byte) error {
	if z.opts.Level > 0 {
		m.method = Deflated
	}
	m.offset = z.out.size
	local := m.localSize()
	if err := z.out.reserve(local); err != nil {
		return err
	}
	if err := z.body(ctx, m, head, elements); err != nil {
		return err
	}
	m.packed = z.out.size - m.offset - int64(local)
	z.directory = m.appendEntry(z.directory)
	z.entries++
	z.scratch = m.appendLocal(z.scratch[:0])
	return z.out.patch(z.scratch, m.offset)
}

// deflater returns a writer of deflated bytes to z.out.
func (z *writer) deflater() (_ *flate.Writer, err error) {
	if z.deflate == nil || z.level != z.opts.Level {
		z.level = z.opts.Level
		z.deflate, err = flate.NewWriter(&z.out, z.level)
		return z.deflate, err
	}
	z.deflate.Reset(&z.out)
	return z.deflate, nil
}

// body writes a member's bytes: a .npy header, then elements.
func (z *writer) body(ctx context.Context, m *member, head, elements []byte) error {
	var w io.Writer = &z.out
	piece := z.out.piece
	if m.method == Deflated {
		deflate, err := z.deflater()
		if err != nil {
			return err
		}
		w, piece = deflate, blockLen
	}
	for block := head; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.crc = crc32.Update(m.crc, block)
		if _, err := w.Write(block); err != nil {
			return err
		}
		if len(elements) == 0 {
			break
		}
		block = elements[:min(int64(len(elements)), piece-z.out.size%piece)] // in whole pages
		elements = elements[len(block):]
	}
	if m.method == Deflated {
		return z.deflate.Close()
	}
	return nil
}

// finish writes the directory and returns the length of the file.
func (z *writer) finish() (int64, error) {
	d := directory{entries: z.entries, size: int64(len(z.directory)), offset: z.out.size, comment: z.opts.Comment}
	if _, err := z.out.Write(z.directory); err != nil {
		return 0, err
	}
	z.scratch = d.appendEnd(z.scratch[:0])
	if _, err := z.out.Write(z.scratch); err != nil {
		return 0, err
	}
	return z.out.size, z.out.flush()
}
