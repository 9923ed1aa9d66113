package genericio

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/fsys"
)

// WriteRank writes this rank's columns, out of a Dict of the same columns and
// rows that the Layout was made for; rank 0 writes the header too. The file is whole
// when all ranks have done so. Nothing is written outside of the rank's part of the
// file. Local. The error is one of w, of ctx, or a soa.ErrField, soa.ErrDType or
// soa.ErrShape if d is not as it was, an ErrChecksum if the values of a compressed
// column are not, or an fs.ErrClosed after Release.
func (l *Layout) WriteRank(ctx context.Context, w io.WriterAt, d *soa.Dict) error {
	if err := l.check(d); err != nil {
		return err
	}
	buf := buffers.Get().(*[chunk + crcSize]byte)
	defer buffers.Put(buf)
	s := &sink{ctx: ctx, w: w, piece: fsys.PieceSize(w), at: l.begin, buf: buf[:0]}
	// The header comes last, but in a file that is written at once.
	headerLast := l.rank == 0 && l.size > int64(len(buf))
	switch {
	case headerLast:
		s.at = l.headerSize() + crcSize
	case l.rank == 0:
		s.at, s.buf = 0, l.encode(s.buf)
	}
	for i, v := range l.head.Variables {
		a, _ := d.Get(v.Name)
		p, err := l.block(i, a.Bytes())
		if err != nil {
			return err
		}
		s.pad(l.offsets[i])
		s.block(p)
	}
	s.flush()
	if headerLast {
		s.at = 0
		s.put(l.encode(nil))
	}
	if s.err != nil {
		return fmt.Errorf("genericio: write of rank %d at offset %d: %w", l.rank, s.at, s.err)
	}
	return nil
}

// check reports what in d is not as it was when the file was planned.
func (l *Layout) check(d *soa.Dict) error {
	if l.released {
		return fmt.Errorf("genericio: write: %w: the layout was released", fs.ErrClosed)
	}
	for _, v := range l.head.Variables {
		a, ok := d.Get(v.Name)
		if !ok {
			return fmt.Errorf("genericio: write: %w", &soa.FieldError{Field: v.Name, Have: d.Names()})
		}
		have, err := variableOf(v.Name, a, v.Flags&givenFlags)
		if err == nil && have != v {
			err = fmt.Errorf("genericio: write: %w: array %q is now %v", soa.ErrDType, v.Name, a)
		} else if rows := l.head.Ranks[l.rank].Rows; err == nil && int64(a.Rows()) != rows {
			err = fmt.Errorf("genericio: write: %w: array %q now has %d rows, not %d", soa.ErrShape, v.Name, a.Rows(), rows)
		}
		if err != nil {
			return err
		}
	}
	if d.Len() != len(l.head.Variables) {
		return fmt.Errorf("genericio: write: %w: the arrays are now %q", soa.ErrField, d.Names())
	}
	return nil
}

// sink writes bytes one after another, gathering small pieces. After an error it
// does nothing.
type sink struct {
	ctx   context.Context
	w     io.WriterAt
	piece int64  // of large blocks; see fsys.PieceSize
	at    int64  // where buf will be written
	buf   []byte // what was gathered
	err   error
}

// block writes a block: the bytes p and their checksum. Each piece is summed and then
// written while it is in the cache, in whole pages.
func (s *sink) block(p []byte) {
	crc := uint64(0)
	for len(p) > 0 && s.err == nil {
		n := min(int64(len(p)), s.piece-(s.at+int64(len(s.buf)))%s.piece)
		crc = crc64.Update(crc, p[:n])
		s.write(p[:n])
		p = p[n:]
	}
	s.room(crcSize)
	s.buf = binary.LittleEndian.AppendUint64(s.buf, ^crc)
}

var zeros [1 << 10]byte

// pad writes zeros up to offset.
func (s *sink) pad(offset int64) {
	for s.err == nil {
		gap := offset - s.at - int64(len(s.buf))
		if gap <= 0 {
			return
		}
		s.write(zeros[:min(gap, int64(len(zeros)))])
	}
}

// write writes p, now or, if it is less than a chunk, later.
func (s *sink) write(p []byte) {
	if len(p) >= chunk {
		s.flush()
		s.put(p)
		return
	}
	s.room(len(p))
	s.buf = append(s.buf, p...)
}

// room makes room for n bytes in buf.
func (s *sink) room(n int) {
	if len(s.buf)+n > cap(s.buf) {
		s.flush()
	}
}

// flush writes what was gathered.
func (s *sink) flush() {
	if len(s.buf) > 0 {
		s.put(s.buf)
		s.buf = s.buf[:0]
	}
}

// put writes p where the last piece ended.
func (s *sink) put(p []byte) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return
	}
	n, err := s.w.WriteAt(p, s.at)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if s.err = err; err == nil {
		s.at += int64(len(p))
	}
}
