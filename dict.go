package soa

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Dict is an ordered set of named arrays: one partition's fields. The arrays may
// differ in type and shape. The zero Dict is empty and ready to use; a nil *Dict
// can be read as an empty one. A Dict is handed on by pointer: [Dict.Share], not
// an assignment, makes a second one.
type Dict struct {
	fields []named
	index  map[string]int // position by name; nil while there are few fields
}

// named is an array with its name.
type named struct {
	name  string
	array Array
}

// few is up to how many names are found sooner by looking at each than in a map.
const few = 16

// NewDict returns an empty Dict.
func NewDict() *Dict { return &Dict{} }

// find returns the position of name, -1 if it is not there.
func (d *Dict) find(name string) int {
	if d == nil {
		return -1
	}
	if d.index != nil {
		if i, ok := d.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range d.fields {
		if d.fields[i].name == name {
			return i
		}
	}
	return -1
}

// Set puts the array a under name: in place of the one that has that name, else
// after all others. It keeps the view, not a copy of the elements.
func (d *Dict) Set(name string, a Array) {
	if i := d.find(name); i >= 0 {
		d.fields[i].array = a
		return
	}
	d.fields = append(d.fields, named{name, a})
	switch {
	case d.index != nil:
		d.index[name] = len(d.fields) - 1
	case len(d.fields) > few:
		d.reindex()
	}
}

// reindex makes the index that there should be.
func (d *Dict) reindex() {
	d.index = nil
	if len(d.fields) <= few {
		return
	}
	d.index = make(map[string]int, 2*len(d.fields))
	for i := range d.fields {
		d.index[d.fields[i].name] = i
	}
}

// Get returns the array under name, and whether there is one.
func (d *Dict) Get(name string) (Array, bool) {
	if i := d.find(name); i >= 0 {
		return d.fields[i].array, true
	}
	return Array{}, false
}

// Has reports whether there is an array under name.
func (d *Dict) Has(name string) bool { return d.find(name) >= 0 }

// Delete takes the array under name out; without one it does nothing.
func (d *Dict) Delete(name string) {
	if i := d.find(name); i >= 0 {
		d.fields = slices.Delete(d.fields, i, i+1)
		d.reindex()
	}
}

// Clear takes all arrays out.
func (d *Dict) Clear() {
	if d != nil {
		clear(d.fields) // so that nothing holds on to the arrays
		d.fields, d.index = d.fields[:0], nil
	}
}

// Len returns the number of arrays.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.fields)
}

// Names returns the names in order, as a slice of the caller's own.
func (d *Dict) Names() []string {
	if d.Len() == 0 {
		return nil
	}
	names := make([]string, len(d.fields))
	for i := range names {
		names[i] = d.fields[i].name
	}
	return names
}

// All runs over names and arrays in order. The Dict must not change meanwhile.
func (d *Dict) All() iter.Seq2[string, Array] {
	return func(yield func(string, Array) bool) {
		if d == nil {
			return
		}
		for i := range d.fields {
			if !yield(d.fields[i].name, d.fields[i].array) {
				return
			}
		}
	}
}

// Rows returns the number of rows that the arrays share, and whether they agree
// on it. An empty Dict has 0 rows and agrees.
func (d *Dict) Rows() (rows int, agree bool) {
	first := true
	for _, a := range d.All() {
		if first {
			rows, first = a.Rows(), false
		} else if a.Rows() != rows {
			return 0, false
		}
	}
	return rows, true
}

// NBytes returns the bytes of all elements.
func (d *Dict) NBytes() int {
	n := 0
	for _, a := range d.All() {
		n += a.NBytes()
	}
	return n
}

// Select returns a Dict of the named arrays in that order, sharing their memory.
// The error is a *FieldError for a name that is not there, or an ErrField for
// one given twice.
func (d *Dict) Select(names ...string) (*Dict, error) {
	out := NewDict()
	for _, name := range names {
		a, ok := d.Get(name)
		if !ok {
			return nil, &FieldError{name, d.Names()}
		}
		if out.Has(name) {
			return nil, fmt.Errorf("soa: %w: %q is asked for twice", ErrField, name)
		}
		out.Set(name, a)
	}
	return out, nil
}

// Share returns a Dict of its own with the same arrays, sharing their memory.
func (d *Dict) Share() *Dict {
	out := NewDict()
	if d != nil {
		out.fields = slices.Clone(d.fields)
		out.reindex()
	}
	return out
}

// Clone returns a copy whose arrays own their memory, which Release can give back.
func (d *Dict) Clone() *Dict {
	out := d.Share()
	all := make([]copying, len(out.fields))
	for i := range out.fields {
		f := &out.fields[i]
		from := f.array
		f.array = from.blank()
		all[i] = copying{f.array.data, from.data}
	}
	copyAll(all)
	return out
}

// Equal reports whether d and e hold equal arrays ([Array.Equal]) under the same
// names in the same order.
func (d *Dict) Equal(e *Dict) bool {
	if !slices.Equal(d.Names(), e.Names()) {
		return false
	}
	for name, a := range d.All() {
		if b, _ := e.Get(name); !a.Equal(b) {
			return false
		}
	}
	return true
}

// String returns names, types and shapes on one line.
func (d *Dict) String() string {
	var b strings.Builder
	for name, a := range d.All() {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s:%v", name, a)
	}
	return "{" + b.String() + "}"
}

// Column returns the elements of d's field name as a slice that shares its
// memory. The error is a *FieldError, or a *DTypeError naming the field.
func Column[T Element](d *Dict, name string) ([]T, error) {
	a, ok := d.Get(name)
	if !ok {
		return nil, &FieldError{name, d.Names()}
	}
	if want := DTypeOf[T](); a.dtype != want {
		return nil, &DTypeError{name, a.dtype, want}
	}
	return Values[T](a)
}
