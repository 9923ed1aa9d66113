package npz

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/soastore/soa"
)

// layout is what the headers of a member say.
type layout struct {
	header
	body int64 // where the member's bytes begin in the archive
}

// aheadLen is read at once at the start of a member: it holds the local header
// and the .npy header of most.
const aheadLen = 1 << 10

// maxTrusted is how many times its size in the file a member may inflate to and
// still have memory taken for it unseen.
const maxTrusted = 64

// load returns m's layout. It reads the headers the first time. The member like, which
// is loaded, or nil, may have the same .npy header.
func (m *member) load(src io.ReaderAt, like *member) (*layout, error) {
	m.loading.Lock()
	defer m.loading.Unlock()
	if m.loaded {
		return &m.layout, nil
	}
	l, err := m.readLayout(src, like)
	if err != nil {
		return nil, m.failed(&l, err)
	}
	m.layout, m.loaded = l, true
	return &m.layout, nil
}

func (m *member) readLayout(src io.ReaderAt, like *member) (l layout, err error) {
	near, err := newWindow(src, m.offset, min(aheadLen, m.end-m.offset))
	if err != nil {
		return l, err
	}
	defer near.close()
	if l.body, err = m.parseLocal(&near); err != nil {
		return l, err
	}
	if m.begins(&near, l.body, like) {
		l.header = like.layout.header
		l.shape = append(m.dims[:0], l.shape...)
		return l, l.checkSize(m.plain - l.size)
	}
	if m.method == Stored { // where the window has it
		l.header, err = readHeader(func(n int64) ([]byte, error) { return near.bytes(l.body, n) }, m.plain, m.dims[:0])
	} else {
		l.header, err = m.inflateHeader(near, l.body)
	}
	if err == errNotNPY && !strings.HasSuffix(m.name, suffix) {
		err = nil // numpy.load gives the bytes of such a member; it is no array
	}
	return l, err
}

// begins reports whether m's bytes, which begin at body, begin with the .npy header of
// like. It looks only if all is in memory, and says no otherwise.
func (m *member) begins(near *window, body int64, like *member) bool {
	if near.buf != nil || like == nil || m.method != Stored || like.method != Stored || like.layout.size > m.plain {
		return false
	}
	n := like.layout.size
	own, err := near.bytes(body, n)
	if err != nil {
		return false
	}
	other, err := near.bytes(like.layout.body, n)
	return err == nil && n > 0 && bytes.Equal(own, other)
}

// inflateHeader reads the header of a deflated member, whose bytes begin at body.
func (m *member) inflateHeader(near window, body int64) (header, error) {
	s := newInflating(near, m, body)
	defer s.close()
	return readHeader(s.front(s.inflater.few[:]), m.plain, m.dims[:0])
}

// read reads m's elements, its bytes' CRC-32 checked, if possible into old's
// memory. Its layout is loaded.
func (m *member) read(ctx context.Context, src io.ReaderAt, old soa.Array) (soa.Array, error) {
	if m.plain/maxTrusted > m.packed { // is it all there, before memory is taken for it?
		if err := m.verify(ctx, src, make([]byte, blockLen)); err != nil {
			return soa.Array{}, err
		}
	}
	l := &m.layout
	s, err := m.elements(src, l)
	if err != nil {
		return soa.Array{}, m.failed(l, err)
	}
	defer s.close()
	a, err := readElements(ctx, &s, &l.header, old, func() error { return s.finish(m.crc) })
	if err != nil {
		return soa.Array{}, m.failed(l, err)
	}
	return a, nil
}

// elements returns a stream that stands where m's elements begin. close it.
func (m *member) elements(src io.ReaderAt, l *layout) (stream, error) {
	if m.method == Stored { // the header's CRC is known
		return stream{src: src, off: l.body + l.size, crc: l.crc}, nil
	}
	s := newInflating(window{src: src}, m, l.body)
	if err := s.skip(l.size); err != nil {
		s.close()
		return stream{}, err
	}
	return s, nil
}

// failed returns err as the *FieldError of m. l may be nil.
func (m *member) failed(l *layout, err error) error {
	e := &FieldError{Field: m.field(), Err: err}
	if l != nil {
		e.Descr = l.descr
	}
	return e
}

func crcError(have, want uint32) error {
	return fmt.Errorf("%w: CRC-32 %08x, not %08x", ErrChecksum, have, want)
}
