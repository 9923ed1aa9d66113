package tier

import (
	"container/list"
	"fmt"
	"math"
	"slices"

	"github.com/soastore/soa"
)

// Field is a column as it is known without its elements.
type Field struct {
	Name  string
	DType soa.DType
	Shape []int
}

// value is what Put was given, or Adopt found below.
type value struct {
	id      string
	columns []*column          // in the value's order
	memory  []column           // that they are in; it is made for all, and never moves
	named   map[string]*column // nil for few columns
	bytes   int64              // of all columns

	// Guarded by mu:
	below   bool          // it is there; else it is dirty
	there   stored        // what of it is
	write   *write        // that is under way
	failure error         // of the latest write
	dirty   *list.Element // of Tiers.dirty
	unsaved int64         // bytes that count as dirty
	pinned  bool
	dead    bool // Delete took it out
	reads   int  // under way
	used    int  // columns whose last planned read has been made
	in      [2]int
}

// stored is what of a value is below.
type stored struct {
	columns int
	raw     int64 // bytes of their elements
	disk    int64 // bytes that they take
}

// column is one field of a value. Its elements never change, and are not released
// while somebody uses them: a read or write of the value, a flight, or who packs it.
// Those that Get has given to a caller are kept, and never released.
type column struct {
	value  *value
	field  Field
	bytes  int64
	weight float64

	// Guarded by mu:
	in *pool // that holds it; nil if it is only below, or consumed
	held
	at     int     // place among the victims of in; -1 if it is none
	tick   uint64  // of its last use
	flight *flight // that brings it to raw memory

	uses     []int // positions of its pending reads in the plan
	next     int   // the first of them to be expected; never if there is none
	taken    int   // reads of the plan that are under way
	consumed bool  // the last planned read has been made
	ahead    bool  // it was read ahead, and not yet asked for
	queued   bool  // Prefetch asked for it
	hard     bool  // packing does not pay
	given    bool  // a read that is ending has given its elements to the caller
}

// held are a column's elements: an array in the raw pool, or packed. Of a column that is
// only below it is the zero held.
type held struct {
	array  soa.Array
	packed *packed
}

func (h held) raw() bool   { return h.packed == nil && h.array.DType().Valid() }
func (h held) below() bool { return h.packed == nil && !h.array.DType().Valid() }

// plain returns the array of a column that is not encoded.
func (h held) plain() (a soa.Array, ok bool) {
	if h.packed != nil {
		return h.packed.array, h.packed.codec == nil
	}
	return h.array, true
}

// release gives the memory of the elements back. It does nothing to arrays that have
// been given out, or are somebody else's: those have been kept.
func (h held) release() {
	h.array.Release()
	if h.packed != nil {
		h.packed.array.Release()
	}
}

// size returns the bytes that they take.
func (h held) size() int64 {
	if h.packed != nil {
		return h.packed.size()
	}
	return int64(h.array.NBytes())
}

// never is the next read of a column that the plan expects no more of.
const never = math.MaxInt

// few is up to how many columns are found sooner by looking at each than in a map.
const few = 16

// newValue returns a value that will have n columns.
func newValue(id string, n int) *value {
	v := &value{id: id, columns: make([]*column, 0, n), memory: make([]column, 0, n)}
	if n > few {
		v.named = make(map[string]*column, n)
	}
	return v
}

// add gives v its next column, of a name that it does not have yet. It keeps f's shape.
func (v *value) add(f Field) error {
	n, err := sizeOf(f)
	if err == nil && n > math.MaxInt64-v.bytes {
		err = fmt.Errorf("%w: %v exceeds what can be counted", soa.ErrShape, f.Shape)
	}
	if err != nil {
		return &Error{v.id, f.Name, err}
	}
	i := len(v.memory)
	v.memory = v.memory[:i+1]
	c := &v.memory[i]
	c.value, c.field, c.bytes, c.at, c.next = v, f, n, -1, never
	v.columns = append(v.columns, c)
	if v.named != nil {
		v.named[f.Name] = c
	}
	v.bytes += n
	return nil
}

// valueOf returns the value that is d.
func valueOf(id string, d *soa.Dict) (*value, error) {
	v := newValue(id, d.Len())
	for name, a := range d.All() {
		if err := v.add(Field{name, a.DType(), a.Shape()}); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// valueWith returns the value that has these fields.
func valueWith(id string, fields []Field) (*value, error) {
	v := newValue(id, len(fields))
	for _, f := range fields {
		if v.column(f.Name) != nil {
			return nil, &Error{id, f.Name, fmt.Errorf("%w: it is there twice", soa.ErrField)}
		}
		if err := v.add(f); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// sizeOf returns the bytes of f's elements.
func sizeOf(f Field) (int64, error) {
	if !f.DType.Valid() {
		return 0, soa.ErrDType
	}
	n := int64(f.DType.Size())
	for _, extent := range f.Shape {
		if extent < 0 || extent > 0 && n > math.MaxInt64/int64(extent) {
			return 0, fmt.Errorf("%w: %v", soa.ErrShape, f.Shape)
		}
		n *= int64(extent)
	}
	return n, nil
}

// column returns the column of that name, nil if there is none.
func (v *value) column(name string) *column {
	if v.named != nil {
		return v.named[name]
	}
	for _, c := range v.columns {
		if c.field.Name == name {
			return c
		}
	}
	return nil
}

// find returns the named columns, all if names is nil.
func (v *value) find(names []string) ([]*column, error) {
	if names == nil {
		return v.columns, nil
	}
	columns := make([]*column, len(names))
	for i, name := range names {
		c := v.column(name)
		if c == nil {
			return nil, &soa.FieldError{Field: name, Have: v.names()}
		}
		if slices.Contains(columns[:i], c) {
			return nil, fmt.Errorf("%w: %q is asked for twice", soa.ErrField, name)
		}
		columns[i] = c
	}
	return columns, nil
}

func (v *value) names() []string {
	names := make([]string, len(v.columns))
	for i, c := range v.columns {
		names[i] = c.field.Name
	}
	return names
}

// gone reports that every column has had its last planned read.
func (v *value) gone() bool { return len(v.columns) > 0 && v.used == len(v.columns) }

// wrap says that an error is about c.
func (c *column) wrap(err error) error {
	if err == nil {
		return nil
	}
	return &Error{c.value.id, c.field.Name, err}
}

// check reports an array that is not the column's.
func (c *column) check(a soa.Array) error {
	if a.DType() != c.field.DType || !slices.Equal(a.Shape(), c.field.Shape) {
		return &Error{c.value.id, c.field.Name, fmt.Errorf("%w: %v instead of %v%v", ErrSchema, a, c.field.DType, c.field.Shape)}
	}
	return nil
}

// evictable reports whether c may have to make room.
func (c *column) evictable() bool { return c.bytes > 0 && !c.value.pinned }

// before reports whether a makes room before b: because it is needed later, or
// else weighs less, or else has been used longer ago.
func before(a, b *column) bool {
	switch {
	case a.next != b.next:
		return a.next > b.next
	case a.weight != b.weight:
		return a.weight < b.weight
	}
	return a.tick < b.tick
}
