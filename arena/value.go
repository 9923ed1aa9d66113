package arena

import (
	"fmt"
	"slices"

	"github.com/soastore/soa"
)

// Value is a version of a key that was current when Get was called. It stays as it
// is, whatever is changed meanwhile, until Close. Its methods may be called by
// several goroutines at once.
type Value struct {
	a      *Arena
	v      *version
	closed bool // under a.mu
}

// Get returns the value of key. The error is an ErrNotFound if there is none.
func (a *Arena) Get(key string) (*Value, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, a.failedKey("get", key, ErrClosed)
	}
	e := a.keys[key]
	if e == nil || e.current == nil {
		return nil, a.failedKey("get", key, ErrNotFound)
	}
	e.current.readers++
	e.current.seen = true
	return &Value{a: a, v: e.current}, nil
}

// Close ends the use of the value, once calls of its methods have ended. The space
// of a value that was replaced or removed becomes free with its last Close.
func (v *Value) Close() error {
	v.a.mu.Lock()
	closed, gone := v.closed, v.a.closed
	v.closed = true
	v.a.mu.Unlock()
	switch {
	case closed:
		return v.failed("close", ErrClosed)
	case !gone && v.a.enter() == nil:
		v.a.done(v.v)
		return v.failed("close", v.a.exit())
	}
	return nil
}

// enter begins a call that reads the value; leave ends it.
func (v *Value) enter() error {
	v.a.mu.Lock()
	defer v.a.mu.Unlock()
	if v.closed || v.a.closed {
		return ErrClosed
	}
	v.a.users++
	v.v.readers++
	return nil
}

func (v *Value) leave(err *error) {
	v.a.done(v.v)
	v.a.leave(err)
}

// Key returns the value's key.
func (v *Value) Key() string { return v.v.key }

// Stamp returns the stamp that Stage was given.
func (v *Value) Stamp() string { return v.v.stamp }

// Names returns the names of all fields, in order, as a slice of the caller's own.
func (v *Value) Names() []string { return v.v.names() }

func (v *version) names() []string {
	names := make([]string, len(v.fields))
	for i := range names {
		names[i] = v.fields[i].name
	}
	return names
}

// Field describes a field of a value.
type Field struct {
	Name   string
	DType  soa.DType
	Shape  []int
	Bytes  int64
	Offset int64 // of the first element, in the file
}

// Fields describes all fields, in order.
func (v *Value) Fields() []Field {
	fields := make([]Field, len(v.v.fields))
	for i, f := range v.v.fields {
		fields[i] = Field{f.name, f.dtype, slices.Clone(f.shape), f.len, v.v.ext.off + f.off}
	}
	return fields
}

// NBytes returns the bytes of all elements.
func (v *Value) NBytes() (n int64) {
	for i := range v.v.fields {
		n += v.v.fields[i].len
	}
	return n
}

// pick appends the numbers of the named fields, or of all if no names are given, to
// picked, which is empty.
func (v *version) pick(picked []int, names []string) ([]int, error) {
	if len(names) == 0 {
		for i := range v.fields {
			picked = append(picked, i)
		}
		return picked, nil
	}
	for _, name := range names {
		i := v.find(name)
		if i < 0 {
			return picked, &soa.FieldError{Field: name, Have: v.names()}
		}
		if slices.Contains(picked, i) {
			return picked, fmt.Errorf("%w: %q is asked for twice", soa.ErrField, name)
		}
		picked = append(picked, i)
	}
	return picked, nil
}

func (v *version) find(name string) int {
	return slices.IndexFunc(v.fields, func(f field) bool { return f.name == name })
}

func (v *Value) failed(op string, err error) error { return v.a.failedKey(op, v.v.key, err) }
