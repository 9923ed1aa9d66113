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
	r        io.Reader
	crc      uint32
	inflater *inflater // nil for a stored member
}

// newStream returns a stream of m's bytes, of which the archive src has the first
// at body. close it.
func newStream(src io.ReaderAt, m *member, body int64) *stream {
	packed := io.NewSectionReader(src, body, m.packed)
	if m.method == Stored {
		return &stream{r: packed}
	}
	z := inflaters.Get().(*inflater)
	z.reset(packed)
	return &stream{r: z.plain, inflater: z}
}

func (s *stream) close() {
	if s.inflater != nil {
		s.inflater.reset(nil)
		inflaters.Put(s.inflater)
	}
}

// Read makes a stream an io.Reader, whose errors are of this package.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.crc = crc32.Update(s.crc, crc32.IEEETable, p[:n])
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		err = formatf("deflated data: %w", corrupt)
	}
	return n, err
}

// fill reads len(p) bytes, block by block, and hands each block to then, which
// may be nil, while it is in cache.
func (s *stream) fill(ctx context.Context, p []byte, then func(block []byte)) error {
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := p[:min(len(p), blockLen)]
		if err := readFull(s, block); err != nil {
			return err
		}
		if then != nil {
			then(block)
		}
		p = p[len(block):]
	}
	return nil
}

// finish checks that the member ends here, in the file and inflated, and that it
// has the CRC-32 that the directory gives.
func (s *stream) finish(want uint32) error {
	var more [1]byte
	switch n, err := s.Read(more[:]); {
	case n > 0:
		return formatf("goes on after its end")
	case err != io.EOF:
		return readError(err)
	}
	if s.inflater != nil && !s.inflater.drained() {
		return formatf("bytes after the end of the deflated data")
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

// drained reports whether deflate used all its input.
func (z *inflater) drained() bool {
	_, err := z.packed.ReadByte()
	return err == io.EOF
}
