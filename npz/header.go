package npz

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc32"
)

// A .npy file, by NumPy's description of its format (numpy.lib.format):
//
//	offset  size
//	0       6     "\x93NUMPY"
//	6       1     version: 1, 2 or 3
//	7       1     0
//	8       2     n, the length of the text; 4 bytes from version 2 on
//	10|12   n     text, see literal.go: Latin-1, UTF-8 in version 3; ends in
//	              spaces and a newline so that the elements begin at a multiple
//	              of 64
//	...           elements, C order or Fortran order, nothing between or after
//
// All integers are least significant byte first.

const (
	npyMagic  = "\x93NUMPY"
	alignment = 64 // of the elements

	// maxHeader bounds the text. NumPy itself reads no more than 10,000
	// characters unless told to.
	maxHeader = 64 << 10
)

// header is what stands before the elements of a .npy file.
type header struct {
	descr     string // a string's characters, or the text of a list
	dtype     soa.DType
	bigEndian bool
	fortran   bool
	shape     []int
	size      int64  // bytes before the elements
	crc       uint32 // of these bytes
}

// front returns the first n bytes of a .npy file, called with larger and larger n.
// What it returned before may change.
type front func(n int64) ([]byte, error)

// readHeader reads the header of a .npy file of total bytes, and checks that its
// elements fill the rest exactly, if their type is known. The shape is in the memory
// of dims if there is room.
func readHeader(first front, total int64, dims []int) (header, error) {
	b, start, err := readText(first, total)
	if err != nil {
		return header{}, err
	}
	h, err := parseHeader(b[start:], b[6], dims)
	if err != nil {
		return header{}, err
	}
	h.size = int64(len(b))
	h.crc = crc32.Update(0, b)
	return h, h.checkSize(total - h.size)
}

// readText reads a header and returns where its text starts.
func readText(first front, total int64) (b []byte, start int64, err error) {
	if total < 8 {
		return nil, 0, errNotNPY
	}
	if b, err = first(8); err != nil {
		return nil, 0, err
	}
	if string(b[:6]) != npyMagic {
		return nil, 0, errNotNPY
	}
	version := b[6]
	if version < 1 || version > 3 || b[7] != 0 {
		return nil, 0, formatf("version %d.%d of the .npy format: only 1.0, 2.0 and 3.0 are known", version, b[7])
	}
	start = 10
	if version > 1 {
		start = 12
	}
	if start > total {
		return nil, 0, formatf("ends too soon")
	}
	if b, err = first(start); err != nil {
		return nil, 0, err
	}
	n := textLen(b[8:])
	if n > maxHeader || n > total-start {
		return nil, 0, formatf(".npy header of %d bytes in %d", n, total)
	}
	b, err = first(start + n)
	return b, start, err
}

// errNotNPY is also how a member that is no array shows.
var errNotNPY = formatf("does not begin as a .npy file does")

func textLen(b []byte) int64 {
	if len(b) == 2 {
		return int64(binary.LittleEndian.Uint16(b))
	}
	return int64(binary.LittleEndian.Uint32(b))
}

func parseHeader(text []byte, version byte, dims []int) (header, error) {
	if h, ok := parseUsual(text, dims); ok {
		return h, nil
	}
	return parseAny(text, version)
}

// parseAny understands every text that NumPy writes.
func parseAny(text []byte, version byte) (header, error) {
	s := string(text)
	switch {
	case version < 3:
		s = latin1(text)
	case !utf8.Valid(text):
		return header{}, formatf(".npy header of version 3 that is not UTF-8")
	}
	h, err := parseLiteral(s)
	if err != nil {
		return header{}, err
	}
	h.dtype, h.bigEndian = parseDescr(h.descr)
	return h, nil
}

func latin1(text []byte) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// checkSize compares the size that the shape asks for with the bytes there are,
// before anything is allocated for it.
func (h *header) checkSize(have int64) error {
	if !h.dtype.Valid() {
		return nil
	}
	if want, ok := sizeOf(h.dtype, h.shape); !ok || want != have {
		return formatf("%d bytes of elements do not fill the shape %v of %v", have, h.shape, h.dtype)
	}
	return nil
}

// sizeOf returns the bytes of an array, and whether an int64 holds them.
func sizeOf(dtype soa.DType, shape []int) (int64, bool) {
	size, fits, zero := uint64(dtype.Size()), true, false
	for _, d := range shape {
		zero = zero || d == 0
		hi, lo := bits.Mul64(size, uint64(d))
		fits = fits && hi == 0 && int64(lo) >= 0
		size = lo
	}
	if zero {
		return 0, true
	}
	return int64(size), fits
}

// swapped reports whether the elements' bytes must be reversed to be native.
func (h *header) swapped() bool { return h.dtype.Size() > 1 && h.bigEndian != soa.NativeBigEndian() }

// transposed reports whether the elements' order in the file is not C order.
func (h *header) transposed() bool {
	long := 0
	for _, d := range h.shape {
		if d > 1 {
			long++
		}
	}
	return h.fortran && long > 1
}

// appendHeader appends the header, of version 1, of a .npy file that holds a.
func appendHeader(b []byte, a soa.Array) ([]byte, error) {
	if !a.DType().Valid() {
		return b, fmt.Errorf("%w: the array is the zero Array", ErrDType)
	}
	if a.NDim() > maxDims {
		return b, fmt.Errorf("%w: %d dimensions, more than %d", soa.ErrShape, a.NDim(), maxDims)
	}
	start := len(b)
	b = append(b, npyMagic+"\x01\x00??"...)
	b = append(b, usualDescr...)
	b = append(b, descrOf(a.DType())...)
	b = append(b, usualShape...)
	b = appendTuple(b, a.Shape())
	b = append(b, usualEnd...)
	for (len(b)-start+1)%alignment != 0 {
		b = append(b, ' ')
	}
	b = append(b, '\n')
	binary.LittleEndian.PutUint16(b[start+8:], uint16(len(b)-start-10))
	return b, nil
}

// appendTuple appends a shape as Python writes it: (), (3,), (3, 4).
func appendTuple(b []byte, shape []int) []byte {
	b = append(b, '(')
	for i, d := range shape {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, int64(d), 10)
	}
	if len(shape) == 1 {
		b = append(b, ',')
	}
	return append(b, ')')
}
