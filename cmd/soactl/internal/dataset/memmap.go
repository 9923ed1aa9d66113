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
		return mappedSet([]mappedField{{base, path, "array", false, info.DType, info.Shape}}), nil
	}
	s := mappedSet([]mappedField{
		{"data", path, "data", false, info.DType, []int{info.NNZ}},
		{"indices", path, "indices", false, info.Indices, []int{info.NNZ}},
		{"indptr", path, "indptr", false, info.Indptr, []int{info.Shape[0] + 1}},
	})
	s.Matrix = info.Shape
	return s, nil
}

func openFolder(name string) (*Set, error) {
	folder, err := ReadFolder(name)
	if err != nil {
		return nil, err
	}
	var fields []mappedField
	for _, f := range folder.Fields {
		info, err := StatField(folder, f)
		if err != nil {
			return nil, err
		}
		fields = append(fields, mappedField{f.Name, folder.Array(f.Name), "array", f.Scalar, info.DType, info.Shape})
	}
	return mappedSet(fields), nil
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

// mapped reads mapped arrays. They may be larger than memory, and so are read in
// blocks of rows: Ranks has the number of their one rank once for each block.
type mapped struct {
	fields map[string]mappedField
	blocks int
}

type mappedField struct {
	name   string
	path   string
	part   string // of the array: its file's suffix
	scalar bool
	dtype  soa.DType
	shape  []int
}

// A block of a field takes so many bytes at most, unless a row takes more, or there
// would be more blocks than that.
const (
	blockBytes = 64 << 20
	maxBlocks  = 1 << 20
)

func mappedSet(fields []mappedField) *Set {
	m := mapped{map[string]mappedField{}, 1}
	s := &Set{}
	for _, f := range fields {
		m.fields[f.name] = f
		s.addArray(f.name, f.dtype, "", f.shape)
		m.blocks = max(m.blocks, int(min(s.Fields[len(s.Fields)-1].Bytes()/blockBytes+1, maxBlocks)))
	}
	for block := range m.blocks {
		s.Ranks, s.place = append(s.Ranks, 0), append(s.place, block)
	}
	for k := range s.Fields {
		all := s.Fields[k].Rows[0]
		s.Fields[k].Rows = nil
		for block := range m.blocks {
			lo, hi := m.window(all, block)
			s.Fields[k].Rows = append(s.Fields[k].Rows, hi-lo)
		}
	}
	s.reader = m
	return s
}

// window returns which of n rows are in a block.
func (m mapped) window(n, block int) (lo, hi int) {
	start := func(block int) int { return n/m.blocks*block + min(block, n%m.blocks) }
	return start(block), start(block + 1)
}

func (m mapped) read(ctx context.Context, block int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error {
		for _, name := range names {
			if err := errors.Join(ctx.Err(), m.copyTo(into, m.fields[name], block)); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyTo maps the array of f for as long as it takes to copy a block of it.
func (m mapped) copyTo(into *soa.Dict, f mappedField, block int) (err error) {
	file, err := memmap.OpenFile(f.path, memmap.ReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	parts, err := file.Dict()
	if err != nil {
		return err
	}
	a, _ := parts.Get(f.part)
	if shape := a.Shape(); a.DType() != f.dtype || !f.scalar && !slices.Equal(shape, f.shape) || f.scalar && !slices.Equal(shape, []int{1}) {
		return fmt.Errorf("%s: %w: it was replaced meanwhile", f.path, memmap.ErrKind)
	}
	if a = a.Slice(m.window(a.Rows(), block)); f.scalar && a.Rows() == 1 {
		if a, err = a.Reshape(); err != nil {
			return err
		}
	}
	have, _ := into.Get(f.name)
	to, err := have.Resize(a.DType(), a.Shape()...)
	if err != nil {
		return err
	}
	into.Set(f.name, to)
	return memmap.Guard(func() error {
		copy(to.Bytes(), a.Bytes())
		return nil
	}, file)
}

func (m mapped) Close() error { return nil }
