// Package wire decodes the fixed structures at the front of a file. Every read
// is checked against the bytes that there are, so that a damaged or hostile
// file becomes an error and never a panic or a large allocation.
package wire

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
)

// A Cursor reads one value after another from a slice. The first read past the
// end fails; from then on every value is zero and Err is the failure, so that a
// caller reads a whole structure and checks once.
type Cursor struct {
	rest  []byte
	order binary.ByteOrder
	err   error
}

// NewCursor returns a Cursor at the start of p, whose numbers are in the given
// byte order. Nothing is copied.
func NewCursor(p []byte, order binary.ByteOrder) *Cursor {
	return &Cursor{rest: p, order: order}
}

// Err returns io.ErrUnexpectedEOF once a read went past the end, else nil.
func (c *Cursor) Err() error { return c.err }

// Len returns the number of bytes that are left.
func (c *Cursor) Len() int { return len(c.rest) }

// Bytes returns the next n bytes as a part of the Cursor's slice, or nil if
// fewer are left.
func (c *Cursor) Bytes(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.rest) {
		c.rest, c.err = nil, io.ErrUnexpectedEOF
		return nil
	}
	p := c.rest[:n:n]
	c.rest = c.rest[n:]
	return p
}

// Text returns the next n bytes up to the first NUL among them, if any.
func (c *Cursor) Text(n int) string {
	p, _, _ := bytes.Cut(c.Bytes(n), []byte{0})
	return string(p)
}

// U16 returns the next 2 bytes as an unsigned integer.
func (c *Cursor) U16() uint16 {
	if p := c.Bytes(2); p != nil {
		return c.order.Uint16(p)
	}
	return 0
}

// U32 returns the next 4 bytes as an unsigned integer.
func (c *Cursor) U32() uint32 {
	if p := c.Bytes(4); p != nil {
		return c.order.Uint32(p)
	}
	return 0
}

// U64 returns the next 8 bytes as an unsigned integer.
func (c *Cursor) U64() uint64 {
	if p := c.Bytes(8); p != nil {
		return c.order.Uint64(p)
	}
	return 0
}

// F64 returns the next 8 bytes as an IEEE 754 number.
func (c *Cursor) F64() float64 { return math.Float64frombits(c.U64()) }

// Fits reports whether count structures of size bytes each, beginning at start,
// end at or before limit. It is right for all values: nothing overflows.
func Fits(start, count, size, limit uint64) bool {
	hi, n := bits.Mul64(count, size)
	end, carry := bits.Add64(start, n, 0)
	return hi == 0 && carry == 0 && end <= limit
}
