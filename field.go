package soa

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// field is a field of a struct that [Marshal] and [Unmarshal] treat: a slice of
// rows, or an Array.
type field struct {
	name     string // in the Dict
	optional bool
	value    reflect.Value
	dtype    DType // of the elements; Invalid for an Array, which takes any
	row      []int // the shape of one row
}

var arrayType = reflect.TypeFor[Array]()

// fieldsOf returns the fields of the struct rv that take part, in order.
func fieldsOf(rv reflect.Value) ([]field, error) {
	fields, err := appendFields(nil, rv)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if seen[f.name] {
			return nil, fmt.Errorf("%w: two fields are named %q", ErrField, f.name)
		}
		seen[f.name] = true
	}
	return fields, nil
}

func appendFields(fields []field, rv reflect.Value) ([]field, error) {
	for i := range rv.NumField() {
		sf := rv.Type().Field(i)
		tag, tagged := sf.Tag.Lookup("soa")
		if tag == "-" || !sf.IsExported() && !sf.Anonymous && !tagged {
			continue
		}
		var err error
		if sf.Anonymous && !tagged && sf.Type.Kind() == reflect.Struct && sf.Type != arrayType {
			fields, err = appendFields(fields, rv.Field(i))
		} else {
			var f field
			f, err = fieldOf(sf, tag, rv.Field(i))
			fields = append(fields, f)
		}
		if err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// fieldOf returns the field sf, whose tag and value are given. A field that
// cannot be treated is an error rather than passed over: it would be data lost.
func fieldOf(sf reflect.StructField, tag string, value reflect.Value) (field, error) {
	name, option, _ := strings.Cut(tag, ",")
	if option != "" && option != "optional" {
		return field{}, fmt.Errorf("%w: %s: unknown tag option %q (there is \"optional\")", ErrField, sf.Name, option)
	}
	if !sf.IsExported() {
		return field{}, fmt.Errorf("%w: %s is not exported, so it cannot be read or set: export it, or tag it `soa:\"-\"`", ErrField, sf.Name)
	}
	if name == "" {
		name = sf.Name
	}
	f := field{name: name, optional: option == "optional", value: value}
	if sf.Type == arrayType {
		return f, nil
	}
	if f.dtype, f.row = elementOf(sf.Type); !f.dtype.Valid() {
		return field{}, fmt.Errorf("%w: field %q is a %v: want a slice of a type of fixed size, such as []float64 or []int64, or tag it `soa:\"-\"`",
			ErrDType, name, sf.Type)
	}
	return f, nil
}

// elementOf returns the element type and the shape of one row of a slice type,
// and Invalid for a type that is no slice of elements.
func elementOf(t reflect.Type) (dtype DType, row []int) {
	if t.Kind() != reflect.Slice {
		return Invalid, nil
	}
	t = t.Elem()
	for t.Kind() == reflect.Array {
		row = append(row, t.Len())
		t = t.Elem()
	}
	return dtypeOf(t), row
}

func (f *field) isArray() bool { return f.dtype == Invalid }

// unset reports whether the slice is nil, or the Array the zero one.
func (f *field) unset() bool {
	if f.isArray() {
		return !f.array().dtype.Valid()
	}
	return f.value.IsNil()
}

// array returns the field's value, sharing its memory.
func (f *field) array() Array {
	if f.isArray() {
		return f.value.Interface().(Array)
	}
	n := f.value.Len()
	return Array{dtype: f.dtype, shape: append([]int{n}, f.row...), data: f.memory(n)}
}

// memory returns the memory of the first n rows of the slice.
func (f *field) memory(n int) []byte {
	size := n * int(f.value.Type().Elem().Size())
	if size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(f.value.UnsafePointer()), size)
}

// accepts reports why the field cannot take its array of d.
func (f *field) accepts(d *Dict) error {
	a, ok := d.Get(f.name)
	switch {
	case !ok && f.optional, ok && f.isArray():
		return nil
	case !ok:
		return &FieldError{f.name, d.Names()}
	case f.dtype != a.dtype:
		return &DTypeError{f.name, a.dtype, f.dtype}
	case a.NDim() == 0 || !slices.Equal(a.shape[1:], f.row):
		return fmt.Errorf("soa: unmarshal: %w: field %q has the shape %v, which does not fit a %v", ErrShape, f.name, a.shape, f.value.Type())
	}
	return nil
}

// fill copies a, which the field accepts, into the slice, or sets the Array to it.
func (f *field) fill(a Array) {
	if f.isArray() {
		f.value.Set(reflect.ValueOf(a))
		return
	}
	n := a.Rows()
	if f.value.IsNil() || f.value.Cap() < n {
		f.value.Set(reflect.MakeSlice(f.value.Type(), n, n))
	} else {
		f.value.SetLen(n)
	}
	copy(f.memory(n), a.data)
}
