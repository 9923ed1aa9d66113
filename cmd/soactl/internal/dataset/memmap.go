package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/memmap"
)

// openMemmap opens a folder of mapped arrays or a single one. The fields of a
// dense array are one, of its own name; those of a sparse matrix are its parts.
func openMemmap(_ context.Context, name string) (*Set, error) {
	if IsFolder(name) {
		return openFolder(name)
	}
	path := ArrayPath(name)
	info, err := memmap.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Sparse {
		base := filepath.Base(path)
		s := newArrays(mapped{base: {path, "array", false}})
		s.addArray(base, info.DType, "", info.Shape)
		return s, nil
	}
	s := newArrays(mapped{"data": {path, "data", false}, "indices": {path, "indices", false}, "indptr": {path, "indptr", false}})
	s.addArray("data", info.DType, "", []int{info.NNZ})
	s.addArray("indices", info.Indices, "", []int{info.NNZ})
	s.addArray("indptr", info.Indptr, "", []int{info.Shape[0] + 1})
	s.Matrix = info.Shape
	return s, nil
}

func openFolder(name string) (*Set, error) {
	folder, err := ReadFolder(name)
	if err != nil {
		return nil, err
	}
	fields := mapped{}
	s := newArrays(fields)
	for _, f := range folder.Fields {
		info, err := StatField(folder, f)
		if err != nil {
			return nil, err
		}
		fields[f.Name] = mappedField{folder.Array(f.Name), "array", f.Scalar}
		s.addArray(f.Name, info.DType, "", info.Shape)
	}
	return s, nil
}

// StatField returns what the array of a folder's field is; a scalar has no shape.
func StatField(folder Folder, f FolderField) (memmap.Info, error) {
	info, err := memmap.Stat(folder.Array(f.Name))
	switch {
	case err != nil:
	case info.Sparse:
		err = fmt.Errorf("%w: a sparse matrix, which is no field", memmap.ErrKind)
	case f.Scalar && !slices.Equal(info.Shape, []int{1}):
		err = fmt.Errorf("%w: %v, of a field without dimensions", soa.ErrShape, info.Shape)
	case f.Scalar:
		info.Shape = []int{}
	}
	if err != nil {
		return info, fmt.Errorf("%s: field %q: %w", folder.Path, f.Name, err)
	}
	return info, nil
}

// mapped reads mapped arrays, by the names of fields.
type mapped map[string]mappedField

type mappedField struct {
	path   string
	part   string
	scalar bool
}

func (m mapped) read(ctx context.Context, _ int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error {
		for _, name := range names {
			if err := errors.Join(ctx.Err(), m[name].copyTo(into, name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyTo maps the array for as long as it takes to copy it.
func (m mappedField) copyTo(into *soa.Dict, name string) (err error) {
	f, err := memmap.OpenFile(m.path, memmap.ReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	parts, err := f.Dict()
	if err != nil {
		return err
	}
	a, ok := parts.Get(m.part)
	if !ok {
		return fmt.Errorf("%s: %w: it was replaced meanwhile", m.path, memmap.ErrKind)
	}
	if m.scalar {
		if a, err = a.Reshape(); err != nil {
			return err
		}
	}
	have, _ := into.Get(name)
	to, err := have.Resize(a.DType(), a.Shape()...)
	if err != nil {
		return err
	}
	into.Set(name, to)
	return memmap.Guard(func() error {
		copy(to.Bytes(), a.Bytes())
		return nil
	}, f)
}

func (m mapped) Close() error { return nil }
