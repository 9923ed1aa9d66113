package soastore

import (
	"context"

	"github.com/soastore/soa"
)

// memReader reads a value that is in memory.
type memReader struct{ mem *soa.Dict }

func (r memReader) lazy() bool { return true }

func (r memReader) fields() []string { return r.mem.Names() }

// get returns views of the value's own memory, which stays in use whatever becomes
// of the value.
func (r memReader) get(_ context.Context, names []string) (*soa.Dict, error) {
	d, err := r.mem.Select(names...)
	d.Keep()
	return d, err
}

// read copies: what d holds afterwards is the caller's to change.
func (r memReader) read(_ context.Context, d *soa.Dict, names []string) error {
	for _, name := range names {
		a, _ := r.mem.Get(name)
		old, _ := d.Get(name)
		to, err := old.Resize(a.DType(), a.Shape()...)
		if err != nil {
			return err
		}
		copy(to.Bytes(), a.Bytes())
		d.Set(name, to)
	}
	return nil
}

func (r memReader) view(_ context.Context, names []string, _ bool, fn func(*soa.Dict) error) error {
	d, err := r.mem.Select(names...)
	if err != nil {
		return err
	}
	return fn(d)
}

func (r memReader) close() error { return nil }
