package arena

import (
	"fmt"

	"github.com/soastore/soa"
)

// layout is where the columns of a value lie. It never changes: values share it. Most
// have the fields of the one that was staged before, and to see that they have takes
// less time than to lay them out, and touches less memory.
type layout struct {
	fields    []field
	described int64 // bytes of the header that are about the fields
	first     int64 // offset of the first column
	columns   int64 // bytes from there to the end of the last
}

// newLayout lays out d, after a header whose key and stamp have names bytes.
func newLayout(d *soa.Dict, names int64) (*layout, error) {
	l := &layout{fields: make([]field, 0, d.Len())}
	for name, arr := range d.All() {
		if !arr.DType().Valid() {
			return nil, fmt.Errorf("field %q is the zero Array: %w", name, soa.ErrDType)
		}
		if len(name) > nameMax || arr.NDim() > nameMax {
			return nil, fmt.Errorf("%w: field name of %d bytes, %d dimensions", ErrName, len(name), arr.NDim())
		}
		f := field{name: name, dtype: arr.DType(), shape: arr.Shape(), off: roundUp(l.columns, align), len: int64(arr.NBytes())}
		l.columns = f.off + f.len
		l.described += f.bytes()
		l.fields = append(l.fields, f)
	}
	head := l.head(names)
	if head > headerMax {
		return nil, fmt.Errorf("%w: the names take %d bytes", ErrName, head)
	}
	l.first = l.start(head)
	for i := range l.fields {
		l.fields[i].off += l.first
	}
	return l, nil
}

// head returns the bytes of a header whose key and stamp have names bytes.
func (l *layout) head(names int64) int64 { return headerMin + names + l.described }

// start returns where columns begin after a header of head bytes.
func (l *layout) start(head int64) int64 {
	if at := roundUp(head, align); at+l.columns <= block {
		return at
	}
	return roundUp(head, page)
}

// size returns the bytes of the value: header and columns.
func (l *layout) size() int64 { return l.first + l.columns }

// fits reports whether l is the layout of d after a header whose key and stamp have
// names bytes. A nil l is none's.
func (l *layout) fits(d *soa.Dict, names int64) bool {
	if l == nil || len(l.fields) != d.Len() || l.first != l.start(l.head(names)) {
		return false
	}
	i := 0
	for name, arr := range d.All() {
		if !l.fields[i].describes(name, arr) {
			return false
		}
		i++
	}
	return true
}
