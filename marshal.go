package soa

import (
	"fmt"
	"reflect"
)

// Marshal returns a Dict of the slices of the struct v, or of the struct that v
// points to. It copies no elements: the Dict shares the slices' memory.
//
// Each exported field is a slice of an [Element] type (one dimension), a slice
// of Go arrays of one ([][3]float32 has the shape [N 3]), or an [Array]. Its
// name in the Dict is the field's own, or the one in its tag: `soa:"name"`.
// `soa:"-"` leaves a field out, and `soa:"name,optional"` leaves it out while it
// is nil. An embedded struct's fields count as the struct's own. Any other field
// is an ErrDType that names it; a name used twice, and a tag that cannot be
// followed, is an ErrField.
func Marshal(v any) (*Dict, error) {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if rv.Kind() != reflect.Struct {
		return nil, fmt.Errorf("soa: marshal %T: %w: want a struct or a pointer to one", v, ErrDType)
	}
	fields, err := fieldsOf(rv)
	if err != nil {
		return nil, fmt.Errorf("soa: marshal %T: %w", v, err)
	}
	d := NewDict()
	for _, f := range fields {
		if !f.optional || !f.unset() {
			d.Set(f.name, f.array())
		}
	}
	return d, nil
}

// Unmarshal copies d's arrays into the slices of the struct that v points to,
// the inverse of [Marshal]. A slice whose capacity suffices is reused, so a
// struct that is read into again and again allocates once; a slice that must not
// grow into what lies behind it needs its capacity clipped. A field of type Array
// gets a view of d's memory instead. Beyond that, d must not share memory with v,
// unless d is the Marshal of v.
//
// A field that d lacks is a *FieldError, unless its tag ends in ",optional"; then
// it keeps its value. Another element type is a *DTypeError, another row shape an
// ErrShape; in each case v is unchanged. Arrays that v has no field for are
// passed over.
func Unmarshal(d *Dict, v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("soa: unmarshal into %T: %w: want a pointer to a struct", v, ErrDType)
	}
	fields, err := fieldsOf(rv.Elem())
	if err != nil {
		return fmt.Errorf("soa: unmarshal into %T: %w", v, err)
	}
	for _, f := range fields {
		if err := f.accepts(d); err != nil {
			return err
		}
	}
	for _, f := range fields {
		if a, ok := d.Get(f.name); ok {
			f.fill(a)
		}
	}
	return nil
}
