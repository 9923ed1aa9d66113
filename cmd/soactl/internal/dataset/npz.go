package dataset

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/npz"
)

func openNPZ(_ context.Context, f *File) (*Set, error) {
	r, err := npz.NewReader(f, f.size)
	if err != nil {
		return nil, err
	}
	s := newArrays(npzFile{r, f})
	fields, err := r.Fields()
	for _, d := range fields {
		s.addArray(d.Name, d.DType, d.Descr, d.Shape)
	}
	if len(fields) < len(r.Names()) { // some are damaged: the others serve no one unnoticed
		return nil, err
	}
	return s, nil
}

// openNPY reads the whole array: there is no telling its shape otherwise.
func openNPY(_ context.Context, f *File) (*Set, error) {
	a, err := npz.ReadArray(f, f.size)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(f.Name()), ".npy")
	s := newArrays(npyArray{name, a})
	s.addArray(name, a.DType(), a.DType().String(), a.Shape())
	return s, nil
}

// newArrays returns a Set of what has no ranks.
func newArrays(r reader) *Set { return &Set{Ranks: []int{0}, place: []int{0}, reader: r} }

func (s *Set) addArray(name string, dtype soa.DType, descr string, shape []int) {
	f := Field{Name: name, DType: dtype, Type: dtype.String(), Scalar: len(shape) == 0, Rows: []int{1}}
	if !dtype.Valid() {
		f.Type = descr
	}
	if !f.Scalar {
		f.Rows, f.Row = []int{shape[0]}, shape[1:]
	}
	s.Fields = append(s.Fields, f)
}

type npzFile struct {
	r *npz.Reader
	f *File
}

func (n npzFile) read(ctx context.Context, _ int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error { return n.r.Read(ctx, into, names...) })
}

func (n npzFile) Close() error { return n.f.Close() }

type npyArray struct {
	name string
	a    soa.Array
}

func (n npyArray) read(_ context.Context, _ int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error {
		into.Set(n.name, n.a)
		return nil
	})
}

func (n npyArray) Close() error { return nil }
