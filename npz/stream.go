package npz

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/soastore/soa/internal/crc32"
)

// blockLen is how many bytes are read or written and checksummed at a time: few
// enough that they are still in the processor's cache for the second of the two.
const blockLen = 256 << 10

// stream reads the rest of one member, inflated, and its CRC-32 on the way.
type stream struct {
	src      io.ReaderAt // has the next byte of a stored member at off
	off      int64
	crc      uint32
	inflater *inflater // nil for a stored member
}

// newInflating returns a stream of the bytes of m, which is deflated; the archive src
// has the first of them at body. close it.
func newInflating(src window, m *member, body int64) stream {
	z := inflaters.Get().(*inflater)
	z.open(src, body, m.packed)
	return stream{inflater: z}
}

func (s *stream) close() {
	if s.inflater != nil {
		s.inflater.close()
		inflaters.Put(s.inflater)
	}
}

// read reads len(p) bytes. Those of a stored member must be its own.
func (s *stream) read(p []byte) error {
	var err error
	if s.inflater != nil {
		err = s.inflater.read(p)
	} else {
		err = readFullAt(s.src, p, s.off)
		s.off += int64(len(p))
	}
	s.crc = crc32.Update(s.crc, p)
	return err
}

// front returns the front of the member at whose start s is, in the memory of b if
// there is room.
func (s *stream) front(b []byte) front {
	b = b[:0]
	return func(n int64) ([]byte, error) {
		have := len(b)
		b = append(b, make([]byte, int(n)-have)...)
		return b, s.read(b[have:])
	}
}

// skip reads n bytes that are not wanted, of a member that is inflated.
func (s *stream) skip(n int64) error {
	for rest := s.inflater.few[:]; n > 0; n -= int64(len(rest)) {
		rest = rest[:min(n, int64(len(rest)))]
		if err := s.read(rest); err != nil {
			return err
		}
	}
	return nil
}

// fill reads len(p) bytes, block by block, and hands each block to then, which
// may be nil, while it is in cache.
func (s *stream) fill(ctx context.Context, p []byte, then func(block []byte)) error {
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := p[:min(len(p), blockLen)]
		if err := s.read(block); err != nil {
			return err
		}
		if then != nil {
			then(block)
		}
		p = p[len(block):]
	}
	return nil
}

// fillParts reads elements of h that are stored, so many parts of them at once, and
// makes their byte order native.
func (s *stream) fillParts(ctx context.Context, p []byte, h *header, parts int) error {
	n, src, off := int64(len(p)), s.src, s.off
	crc, err := sumParts(s.crc, n, parts, func(lo, hi int64) (uint32, error) {
		part := stream{src: src, off: off + lo}
		err := part.fill(ctx, p[lo:hi], h.native)
		return part.crc, err
	})
	s.crc, s.off = crc, off+n
	return err
}

// finish checks that the member ends here, if it has to be inflated to know, and
// that it has the CRC-32 that the directory gives.
func (s *stream) finish(want uint32) error {
	if s.inflater != nil {
		if err := s.inflater.finish(); err != nil {
			return err
		}
	}
	if s.crc != want {
		return crcError(s.crc, want)
	}
	return nil
}

// inflater undoes deflate.
type inflater struct {
	src     window           // the archive
	section io.SectionReader // of src: the member
	packed  *bufio.Reader    // of section
	plain   io.Reader        // of packed
	few     [256]byte        // memory for what is not kept: most headers fit
}

var inflaters = sync.Pool{New: func() any {
	packed := bufio.NewReaderSize(nil, 32<<10)
	return &inflater{packed: packed, plain: flate.NewReader(packed)}
}}

// open makes z that of n deflated bytes, from offset body of src on. close it.
func (z *inflater) open(src window, body, n int64) {
	z.src = src
	z.section = *io.NewSectionReader(&z.src, body, n)
	z.packed.Reset(&z.section)
	// The error is always nil: there is no dictionary.
	_ = z.plain.(flate.Resetter).Reset(z.packed, nil)
}

// close lets go of the archive.
func (z *inflater) close() { z.src = window{} }

// read reads len(p) bytes.
func (z *inflater) read(p []byte) error {
	_, err := io.ReadFull(z.plain, p)
	return inflateError(err)
}

// finish checks that the deflated data end here, and that they are all there is.
func (z *inflater) finish() error {
	switch n, err := io.ReadFull(z.plain, z.few[:1]); {
	case n > 0:
		return formatf("goes on after its end")
	case err != io.EOF:
		return inflateError(err)
	}
	if _, err := z.packed.ReadByte(); err != io.EOF {
		return formatf("bytes after the end of the deflated data")
	}
	return nil
}

// inflateError is readError for deflated data.
func inflateError(err error) error {
	if err == nil {
		return nil // before corrupt is allocated
	}
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return formatf("deflated data: %w", corrupt)
	}
	return readError(err)
}
