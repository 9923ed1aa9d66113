package soastore

import (
	"context"

	"github.com/soastore/soa"
)

// memReader reads a value that is in memory.
type memReader struct{ mem *soa.Dict }

func (r memReader) lazy() bool { return false }

func (r memReader) fields() []string { return r.mem.Names() }

// get returns views of the value's own memory.
func (r memReader) get(_ context.Context, names []string) (*soa.Dict, error) {
	return r.mem.Select(names...)
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

func (r memReader) view(ctx context.Context, names []string, _ bool, fn func(*soa.Dict) error) error {
	d, err := r.get(ctx, names)
	if err != nil {
		return err
	}
	return fn(d)
}

func (r memReader) close() error { return nil }
