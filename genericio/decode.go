package genericio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/wire"
)

// table is an array of equal structures in the header.
type table struct{ count, size, start uint64 }

// decoder turns the header's bytes into a Header, checking everything that a
// later read relies on.
type decoder struct {
	file  string
	size  int64  // of the file
	raw   []byte // the header, without its checksum
	order binary.ByteOrder
	head  Header

	vars, ranks, blocks table
}

// decode reads and checks the header of d's file. Afterwards d.raw has its bytes, in
// which block headers stay.
func (d *decoder) decode(src io.ReaderAt) error {
	if err := d.load(src); err != nil {
		return err
	}
	if err := d.global(); err != nil {
		return err
	}
	if err := d.variables(); err != nil {
		return err
	}
	return d.rankHeaders()
}

func (d *decoder) fail(offset uint64, format string, args ...any) error {
	return &FormatError{File: d.file, Offset: int64(offset), Reason: fmt.Sprintf(format, args...)}
}

// load reads the header's bytes and checks their checksum. What it allocates is
// bounded by the file's size, and by what the header's tables account for.
func (d *decoder) load(src io.ReaderAt) error {
	if d.size < globalSizeMin {
		return d.fail(0, "%d bytes are too few for a header: not a GenericIO file, or one cut short", d.size)
	}
	lead := d.room(min(uint64(d.size), globalSize))
	if err := readFull(src, lead, 0); err != nil {
		return shortRead(d.file, err)
	}
	switch string(lead[:8]) {
	case magicLittle:
		d.order = binary.LittleEndian
	case magicBig:
		d.order = binary.BigEndian
	default:
		return d.fail(0, "begins with %q, not with the magic of GenericIO", lead[:8])
	}
	headerSize, err := d.tables(lead)
	if err != nil {
		return err
	}
	raw := d.room(headerSize + crcSize)
	if err := readFull(src, raw, 0); err != nil {
		return shortRead(d.file, err)
	}
	if !checksumOK(crc64.Checksum(raw[:headerSize]), raw[headerSize:]) {
		return &FormatError{d.file, 0, "the header is damaged", ErrChecksum}
	}
	d.raw = raw[:headerSize]
	return nil
}

// room returns n bytes for the header, in the memory of raw if that is large enough.
func (d *decoder) room(n uint64) []byte {
	d.raw = slices.Grow(d.raw[:0], int(n))[:n]
	return d.raw
}

// tables finds the header's tables and returns its size without the checksum.
func (d *decoder) tables(lead []byte) (uint64, error) {
	c := wire.NewCursor(lead[48:], d.order)
	for _, t := range []*table{&d.vars, &d.ranks} {
		t.count, t.size, t.start = c.U64(), c.U64(), c.U64()
	}
	globalLen := c.U64()
	if globalLen >= 168 {
		c.Bytes(48)
		d.blocks.size, d.blocks.start = c.U64(), c.U64()
	}
	headerSize := d.order.Uint64(lead[8:])
	if c.Err() != nil || !wire.Fits(headerSize, 1, crcSize, uint64(d.size)) {
		return 0, d.fail(8, "a header of %d bytes in a file of %d: the file is cut short or damaged", headerSize, d.size)
	}
	if globalLen < globalSizeMin || globalLen > headerSize {
		return 0, d.fail(96, "global header of %d bytes", globalLen)
	}
	if d.blocks.size > 0 {
		hi, n := bits.Mul64(d.vars.count, d.ranks.count)
		if hi != 0 {
			return 0, d.fail(48, "%d variables of %d ranks", d.vars.count, d.ranks.count)
		}
		d.blocks.count = n
	}
	return headerSize, d.checkTables(headerSize, globalLen)
}

// checkTables checks that each table lies in the header, and that no more of the
// header than headerSlack is left unaccounted for.
func (d *decoder) checkTables(headerSize, end uint64) error {
	const headerSlack = 1 << 20
	for _, t := range []struct {
		table
		what   string
		min    uint64
		offset uint64
	}{
		{d.vars, "variable", varSizeMin, 48},
		{d.ranks, "rank", rankSizeMin, 72},
		{d.blocks, "block", blockSize, 152},
	} {
		if t.count > 0 && t.size < t.min || !wire.Fits(t.start, t.count, t.size, headerSize) {
			return d.fail(t.offset, "%d %s headers of %d bytes at %d do not fit into a header of %d bytes",
				t.count, t.what, t.size, t.start, headerSize)
		}
		if t.count > 0 {
			end = max(end, t.start+t.count*t.size)
		}
	}
	if headerSize-end > headerSlack {
		return d.fail(8, "a header of %d bytes has tables of only %d", headerSize, end)
	}
	return nil
}

// entry returns a Cursor over the i-th structure of t, and its offset.
func (d *decoder) entry(t table, i int) (*wire.Cursor, uint64) {
	lo := t.start + uint64(i)*t.size
	return wire.NewCursor(d.raw[lo:lo+t.size], d.order), lo
}

func (d *decoder) global() error {
	h := &d.head
	h.ByteOrder = d.order
	h.HasBlocks = d.blocks.size > 0
	globalLen := d.order.Uint64(d.raw[96:])
	c := wire.NewCursor(d.raw[16:min(globalLen, globalSize)], d.order)
	rows := c.U64()
	if rows > math.MaxInt64 {
		return d.fail(16, "%d rows", rows)
	}
	h.Rows = int64(rows)
	for i := range h.Dims {
		if err := d.small(&h.Dims[i], c.U64(), 24, "a dimension"); err != nil {
			return err
		}
	}
	c.Bytes(56)
	for _, v := range []*[3]float64{&h.PhysOrigin, &h.PhysScale} {
		if c.Len() >= 24 {
			*v = [3]float64{c.F64(), c.F64(), c.F64()}
		}
	}
	return nil
}

// small stores a number that a C int can hold.
func (d *decoder) small(to *int, v, offset uint64, what string) error {
	if v > maxInt32 {
		return d.fail(offset, "%d as %s", v, what)
	}
	*to = int(v)
	return nil
}

func (d *decoder) variables() error {
	old := d.head.Variables[:cap(d.head.Variables)] // of the file before, whose names may be the same
	vars := slices.Grow(d.head.Variables[:0], int(d.vars.count))[:d.vars.count]
	d.head.Variables = vars
	var seen map[string]bool
	if len(vars) > few {
		seen = make(map[string]bool, len(vars))
	}
	for i := range vars {
		v, at := &vars[i], d.vars.start+uint64(i)*d.vars.size
		name := ""
		if i < len(old) {
			name = old[i].Name
		}
		if err := d.variable(v, i, name); err != nil {
			return err
		}
		if seen[v.Name] || seen == nil && slices.ContainsFunc(vars[:i], func(o Variable) bool { return o.Name == v.Name }) {
			return d.fail(at, "two variables are named %q", v.Name)
		}
		if seen != nil {
			seen[v.Name] = true
		}
	}
	return nil
}

// few is up to how many names are found sooner by looking at each than in a map.
const few = 16

// variable decodes the i-th variable header into v. The name like is used again if v
// has the same.
func (d *decoder) variable(v *Variable, i int, like string) error {
	c, at := d.entry(d.vars, i)
	name, _, _ := bytes.Cut(c.Bytes(nameSize), []byte{0})
	flags, size := Flags(c.U64()), c.U64()
	element := size
	if c.Len() >= 8 {
		element = c.U64()
	}
	if size > math.MaxInt32 || element == 0 || size == 0 || size%element != 0 {
		return d.fail(at, "variable %q has rows of %d bytes and elements of %d", name, size, element)
	}
	if string(name) != like {
		like = string(name)
	}
	*v = Variable{like, dtypeOf(element, flags), int(size / element), int(size), flags}
	return nil
}

func (d *decoder) rankHeaders() error {
	d.head.Ranks = slices.Grow(d.head.Ranks[:0], int(d.ranks.count))[:d.ranks.count]
	total := uint64(0)
	for i := range d.head.Ranks {
		c, at := d.entry(d.ranks, i)
		r := &d.head.Ranks[i]
		for k := range r.Coords {
			if err := d.small(&r.Coords[k], c.U64(), at, "a coordinate"); err != nil {
				return err
			}
		}
		rows, start := c.U64(), c.U64()
		if total += rows; rows > math.MaxInt64 || total > math.MaxInt64 {
			return d.fail(at, "rank %d has %d rows", i, rows)
		}
		if start > uint64(d.size) {
			return d.fail(at, "rank %d begins at %d, past the end of the file at %d", i, start, d.size)
		}
		r.Rows, r.start, r.GlobalRank = int64(rows), int64(start), i
		if c.Len() >= 8 {
			if err := d.small(&r.GlobalRank, c.U64(), at, "a rank"); err != nil {
				return err
			}
		}
	}
	if total != uint64(d.head.Rows) {
		return d.fail(16, "%d rows in all, but the ranks have %d", d.head.Rows, total)
	}
	return nil
}

// shortRead makes the error of reading a header one of this package.
func shortRead(file string, err error) error {
	if errors.Is(err, errShort) {
		return &FormatError{file, 0, "header", err}
	}
	return fmt.Errorf("genericio: %s: header: %w", file, err)
}

// errShort is the error of a file that ends before what it was said to hold.
var errShort = fmt.Errorf("%w: the file has become shorter: %w", ErrFormat, io.ErrUnexpectedEOF)

// readFull reads len(p) bytes at offset. A file that ends before is an errShort,
// and one that neither reads nor fails is too.
func readFull(src io.ReaderAt, p []byte, offset int64) error {
	n, err := src.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return errShort
	}
	return err
}

// checksumOK reports whether the stored checksum is that of bytes whose CRC is
// crc.
func checksumOK(crc uint64, stored []byte) bool {
	return binary.LittleEndian.Uint64(stored) == ^crc
}
