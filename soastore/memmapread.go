package soastore

import (
	"context"
	"errors"

	"github.com/soastore/soa"
	"github.com/soastore/soa/memmap"
)

// memmapReader reads the arrays of one folder.
type memmapReader struct {
	folder string
	names  []string
	scalar map[string]bool
	mode   memmap.Mode // of views
}

func (r *memmapReader) lazy() bool { return true }

func (r *memmapReader) fields() []string { return r.names }

func (r *memmapReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r *memmapReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	return r.mapped(names, memmap.ReadOnly, func(views *soa.Dict) error {
		for name, view := range views.All() {
			if err := ctx.Err(); err != nil {
				return err
			}
			have, _ := d.Get(name)
			to, err := have.Resize(view.DType(), view.Shape()...)
			if err != nil {
				return err
			}
			copy(to.Bytes(), view.Bytes())
			d.Set(name, to)
		}
		return nil
	})
}

func (r *memmapReader) view(ctx context.Context, names []string, _ bool, fn func(*soa.Dict) error) error {
	return r.mapped(names, r.mode, fn)
}

// mapped calls fn with views of the named fields, which end with it. A file that is
// cut short meanwhile is an error.
func (r *memmapReader) mapped(names []string, mode memmap.Mode, fn func(*soa.Dict) error) (err error) {
	views := soa.NewDict()
	var handles []memmap.Handle
	for _, name := range names {
		f, err := memmap.OpenFile(memmap.FieldPath(r.folder, name), mode)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		handles = append(handles, f)
		a, err := r.array(f, name)
		if err != nil {
			return err
		}
		views.Set(name, a)
	}
	return memmap.Guard(func() error { return fn(views) }, handles...)
}

// array returns the elements of an open field.
func (r *memmapReader) array(f *memmap.File, name string) (soa.Array, error) {
	d, err := f.Dict()
	if err != nil {
		return soa.Array{}, err
	}
	a, ok := d.Get("array")
	if !ok {
		return soa.Array{}, &Error{Op: "get", Field: name, Err: memmap.ErrKind}
	}
	if r.scalar[name] {
		return a.Reshape()
	}
	return a, nil
}

func (r *memmapReader) close() error { return nil }
