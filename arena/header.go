package arena

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/wire"
)

// A value's extent begins with its header, which names the slot's seq: an extent
// that was used again is never taken for what it was before.
//
//	0  8  "soavalue"
//	8  8  seq
//	   4  length of the key         4  length of the stamp       4  number of fields
//	      key, stamp
//	then for each field, in order:
//	   8  offset of the column in the extent, a multiple of 64
//	   8  bytes of the column
//	   8  CRC-64 of the column, which begins with 0
//	   4  length of the name        2  number of dimensions      1  element type
//	      name
//	   8  for each dimension, its extent
//	at the end
//	   8  CRC-64 of all before, which begins with the id
//
// Columns follow each other in the order of the fields, each at the next multiple
// of 64; in a value of more than a block the first begins a page, so that no page is
// written twice.
const (
	valueMagic = "soavalue"
	headerMin  = 8 + 8 + 12 + 8
	headerMax  = 64 << 20
	align      = 64
	nameMax    = math.MaxUint16
	fieldMin   = 3*8 + 7
)

// field is a column of a value.
type field struct {
	name  string
	dtype soa.DType
	shape []int
	off   int64 // in the extent
	len   int64
}

// bytes returns how many bytes of the header are about the field.
func (f *field) bytes() int64 { return fieldMin + int64(len(f.name)) + 8*int64(len(f.shape)) }

// describes reports whether f, but for its offset, is that of arr under that name.
func (f *field) describes(name string, arr soa.Array) bool {
	return f.name == name && f.dtype == arr.DType() && f.len == int64(arr.NBytes()) && slices.Equal(f.shape, arr.Shape())
}

// header is what is written about a value besides its slot.
type header struct {
	key, stamp string
	fields     []field  // a layout's, which values share: they never change
	sums       []uint64 // CRC-64 of each column
}

// append appends the header of a value whose slot has seq to p, which is empty.
func (h *header) append(p []byte, id, seq uint64) []byte {
	p = append(p, valueMagic...)
	p = native.AppendUint64(p, seq)
	p = native.AppendUint32(p, uint32(len(h.key)))
	p = native.AppendUint32(p, uint32(len(h.stamp)))
	p = native.AppendUint32(p, uint32(len(h.fields)))
	p = append(append(p, h.key...), h.stamp...)
	for i := range h.fields {
		p = h.fields[i].append(p, h.sums[i])
	}
	return native.AppendUint64(p, crc64.Update(id, p))
}

func (f *field) append(p []byte, sum uint64) []byte {
	p = native.AppendUint64(p, uint64(f.off))
	p = native.AppendUint64(p, uint64(f.len))
	p = native.AppendUint64(p, sum)
	p = native.AppendUint32(p, uint32(len(f.name)))
	p = native.AppendUint16(p, uint16(len(f.shape)))
	p = append(append(p, byte(f.dtype)), f.name...)
	for _, n := range f.shape {
		p = native.AppendUint64(p, uint64(n))
	}
	return p
}

// errStale says that a header is whole but of another value: its extent was used
// again. Only a power failure can leave its slot behind.
var errStale = fmt.Errorf("%w: the extent is another value's by now", ErrFormat)

// parseHeader takes all bytes of the header of a value whose slot has seq and size.
func parseHeader(p []byte, id, seq uint64, size int64) (*header, error) {
	body, sum := p[:len(p)-8], native.Uint64(p[len(p)-8:])
	if have := crc64.Update(id, body); have != sum {
		return nil, fmt.Errorf("%w: header of a value: %#x, not %#x", ErrChecksum, have, sum)
	}
	c := wire.NewCursor(body, native)
	if string(c.Bytes(8)) != valueMagic {
		return nil, formatf("a value does not begin as one does")
	}
	if c.U64() != seq {
		return nil, errStale
	}
	h := &header{}
	key, stamp, n := c.U32(), c.U32(), c.U32()
	h.key, h.stamp = string(c.Bytes(int(key))), string(c.Bytes(int(stamp)))
	if !wire.Fits(0, uint64(n), fieldMin, uint64(c.Len())) {
		return nil, formatf("%d fields in a header of %d bytes", n, len(p))
	}
	h.fields, h.sums = make([]field, n), make([]uint64, n)
	seen := make(map[string]bool, n)
	at := int64(len(p))
	for i := range h.fields {
		f := &h.fields[i]
		var err error
		if h.sums[i], err = f.parse(c, at, size); err != nil {
			return nil, err
		}
		if seen[f.name] {
			return nil, formatf("two fields are named %q", f.name)
		}
		seen[f.name], at = true, f.off+f.len
	}
	if c.Err() != nil || c.Len() != 0 || h.key == "" {
		return nil, formatf("the header of a value has other lengths than it says")
	}
	return h, nil
}

// parse reads the field, whose column lies between at and size, and returns its sum.
func (f *field) parse(c *wire.Cursor, at, size int64) (sum uint64, err error) {
	off, n := c.U64(), c.U64()
	sum = c.U64()
	name, ndim := c.U32(), c.U16()
	if p := c.Bytes(1); p != nil {
		f.dtype = soa.DType(p[0])
	}
	f.name = string(c.Bytes(int(name)))
	if !wire.Fits(0, uint64(ndim), 8, uint64(c.Len())) {
		return 0, formatf("field %q has %d dimensions", f.name, ndim)
	}
	f.shape = make([]int, ndim)
	for i := range f.shape {
		f.shape[i] = int(min(c.U64(), math.MaxInt))
	}
	if off%align != 0 || off < uint64(at) || !wire.Fits(off, n, 1, uint64(size)) {
		return 0, formatf("field %q lies at %d to %d of a value of %d bytes", f.name, off, off+n, size)
	}
	f.off, f.len = int64(off), int64(n)
	if want, ok := bytesOf(f.dtype, f.shape); !ok || want != f.len {
		return 0, formatf("field %q has %d bytes for %v elements of %v", f.name, f.len, f.shape, f.dtype)
	}
	return sum, nil
}

// bytesOf returns how many bytes elements of type dtype in that shape take, and
// whether there can be as many.
func bytesOf(dtype soa.DType, shape []int) (int64, bool) {
	size, fits := uint64(dtype.Size()), true
	for _, n := range shape {
		hi, lo := bits.Mul64(size, uint64(n))
		if n == 0 {
			return 0, dtype.Valid()
		}
		size, fits = lo, fits && hi == 0 && lo <= math.MaxInt64
	}
	return int64(size), fits && dtype.Valid()
}
