package npz

import (
	"bufio"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
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

// newStream returns a stream of m's bytes, of which the archive src has the first
// at body. close it.
func newStream(src io.ReaderAt, m *member, body int64) stream {
	if m.method == Stored {
		return stream{src: src, off: body}
	}
	z := inflaters.Get().(*inflater)
	z.reset(io.NewSectionReader(src, body, m.packed))
	return stream{inflater: z}
}

func (s *stream) close() {
	if s.inflater != nil {
		s.inflater.reset(nil)
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
	s.crc = crc32.Update(s.crc, crc32.IEEETable, p)
	return err
}

// front returns the front of the member at whose start s is.
func (s *stream) front() front {
	var b []byte
	return func(n int64) ([]byte, error) {
		have := len(b)
		b = append(b, make([]byte, int(n)-have)...)
		return b, s.read(b[have:])
	}
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
	packed *bufio.Reader
	plain  io.Reader
}

var inflaters = sync.Pool{New: func() any {
	packed := bufio.NewReaderSize(nil, 32<<10)
	return &inflater{packed, flate.NewReader(packed)}
}}

func (z *inflater) reset(r io.Reader) {
	z.packed.Reset(r)
	// The error is always nil: there is no dictionary.
	_ = z.plain.(flate.Resetter).Reset(z.packed, nil)
}

// read reads len(p) bytes.
func (z *inflater) read(p []byte) error {
	_, err := io.ReadFull(z.plain, p)
	return inflateError(err)
}

// finish checks that the deflated data end here, and that they are all there is.
func (z *inflater) finish() error {
	switch n, err := io.ReadFull(z.plain, make([]byte, 1)); {
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
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return formatf("deflated data: %w", corrupt)
	}
	return readError(err)
}
