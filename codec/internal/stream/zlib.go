package stream

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// Zlib writes zlib streams (RFC 1950).
var Zlib = Coder{MaxRatio: 1032, Encode: encodeZlib, Decode: decodeZlib}

var (
	deflaters [10]sync.Pool // by level
	inflaters sync.Pool
)

// limited is a Writer to a slice, which refuses what does not fit.
type limited struct {
	dst  []byte
	used int
}

func (l *limited) Write(p []byte) (int, error) {
	n := copy(l.dst[l.used:], p)
	l.used += n
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

func encodeZlib(dst, src []byte, level int) int {
	out := &limited{dst: dst}
	w, _ := deflaters[level].Get().(*zlib.Writer)
	if w == nil {
		w, _ = zlib.NewWriterLevel(out, level) // no error: levels are 1 to 9
	} else {
		w.Reset(out)
	}
	defer deflaters[level].Put(w)
	if _, err := w.Write(src); err != nil {
		return 0
	}
	if w.Close() != nil {
		return 0
	}
	return out.used
}

// An inflater has the source and the decoder that reads it, to use them again.
type inflater struct {
	src bytes.Reader
	r   io.ReadCloser
}

func (z *inflater) open(src []byte) (err error) {
	z.src.Reset(src)
	if z.r == nil {
		z.r, err = zlib.NewReader(&z.src)
		return err
	}
	return z.r.(zlib.Resetter).Reset(&z.src, nil)
}

func decodeZlib(dst, src []byte) error {
	z, _ := inflaters.Get().(*inflater)
	if z == nil {
		z = new(inflater)
	}
	defer inflaters.Put(z)
	if z.open(src) != nil {
		return ErrCorrupt
	}
	if _, err := io.ReadFull(z.r, dst); err != nil {
		return ErrCorrupt
	}
	var end [1]byte
	if n, err := z.r.Read(end[:]); n != 0 || err != io.EOF { // reads the checksum too
		return ErrCorrupt
	}
	return nil
}
