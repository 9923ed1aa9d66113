package soa

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Marshal returns a Dict of the slices of the struct v, or of the struct that v
// points to. It copies no elements: the Dict shares the slices' memory.
//
// Each exported field is a slice of an [Element] type (one dimension), a slice
// of Go arrays of one ([][3]float32 has the shape [N 3]), or an [Array]. Its
// name in the Dict is the field's own, or the one in its tag: `soa:"name"`.
// `soa:"-"` leaves a field out. An embedded struct's fields count as the struct's
// own. Any other field is an ErrDType that names it; a name used twice is an
// ErrField.
func Marshal(v any) (*Dict, error) {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if rv.Kind() != reflect.Struct {
		return nil, fmt.Errorf("soa: marshal %T: %w: want a struct or a pointer to one", v, ErrDType)
	}
	d := NewDict()
	err := eachField(rv, func(f fieldInfo, fv reflect.Value) error {
		if d.Has(f.name) {
			return fmt.Errorf("soa: marshal %T: %w: two fields are named %q", v, ErrField, f.name)
		}
		if a, ok := fv.Interface().(Array); ok {
			d.Set(f.name, a)
			return nil
		}
		dtype, row, ok := elementOf(fv.Type())
		if !ok {
			return fmt.Errorf("soa: marshal %T: %w: field %q is a %v, not a slice of elements", v, ErrDType, f.name, fv.Type())
		}
		d.Set(f.name, Array{dtype, append([]int{fv.Len()}, row...), memoryOf(fv, fv.Len())})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Unmarshal copies d's arrays into the slices of the struct that v points to,
// the inverse of [Marshal]. A slice whose capacity suffices is reused, so a
// struct that is read into again and again allocates once. A field of type Array
// gets a view of d's memory instead.
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
	type move struct {
		from Array
		to   reflect.Value
	}
	var moves []move
	err := eachField(rv.Elem(), func(f fieldInfo, fv reflect.Value) error {
		a, ok := d.Get(f.name)
		if !ok {
			if f.optional {
				return nil
			}
			return &FieldError{f.name, d.Names()}
		}
		if err := fits(f.name, a, fv.Type()); err != nil {
			return err
		}
		moves = append(moves, move{a, fv})
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range moves {
		fill(m.to, m.from)
	}
	return nil
}

type fieldInfo struct {
	name     string
	optional bool
}

// eachField calls fn for every exported field of the struct rv that takes part.
func eachField(rv reflect.Value, fn func(fieldInfo, reflect.Value) error) error {
	t := rv.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, hasTag := sf.Tag.Lookup("soa")
		name, option, _ := strings.Cut(tag, ",")
		if sf.Anonymous && !hasTag && sf.Type.Kind() == reflect.Struct && sf.Type != arrayType {
			if err := eachField(rv.Field(i), fn); err != nil {
				return err
			}
			continue
		}
		if !sf.IsExported() || tag == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		if option != "" && option != "optional" {
			return fmt.Errorf("soa: field %s: unknown tag option %q (there is \"optional\")", sf.Name, option)
		}
		if err := fn(fieldInfo{name, option == "optional"}, rv.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

var arrayType = reflect.TypeFor[Array]()

// elementOf returns the element type and the shape of one row of a slice type.
func elementOf(t reflect.Type) (dtype DType, row []int, ok bool) {
	if t.Kind() != reflect.Slice {
		return Invalid, nil, false
	}
	t = t.Elem()
	for t.Kind() == reflect.Array {
		row = append(row, t.Len())
		t = t.Elem()
	}
	dtype = dtypeOf(t)
	return dtype, row, dtype.Valid()
}

// memoryOf returns the memory of the first n rows of the slice fv.
func memoryOf(fv reflect.Value, n int) []byte {
	size := n * int(fv.Type().Elem().Size())
	if size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(fv.UnsafePointer()), size)
}

// fits reports why array a cannot go into a struct field of type t.
func fits(name string, a Array, t reflect.Type) error {
	if t == arrayType {
		return nil
	}
	dtype, row, ok := elementOf(t)
	switch {
	case !ok:
		return fmt.Errorf("soa: unmarshal: %w: field %q is a %v, not a slice of elements", ErrDType, name, t)
	case dtype != a.dtype:
		return &DTypeError{name, a.dtype, dtype}
	case a.NDim() == 0 || !slices.Equal(a.shape[1:], row):
		return fmt.Errorf("soa: unmarshal: %w: field %q has the shape %v, which does not fit a %v", ErrShape, name, a.shape, t)
	}
	return nil
}

// fill copies a into the slice (or Array) fv, which a fits.
func fill(fv reflect.Value, a Array) {
	if fv.Type() == arrayType {
		fv.Set(reflect.ValueOf(a))
		return
	}
	n := a.Rows()
	if fv.IsNil() || fv.Cap() < n {
		fv.Set(reflect.MakeSlice(fv.Type(), n, n))
	} else {
		fv.SetLen(n)
	}
	copy(memoryOf(fv, n), a.data)
}
