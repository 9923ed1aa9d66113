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
func StatField(folder Folder, f memmap.ContentsField) (memmap.Info, error) {
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
// blocks of rows, the same ones of every field: Ranks has the number of their one
// rank once for each block.
type mapped struct {
	fields map[string]mappedField
	rows   int // in a block
}

type mappedField struct {
	name   string
	path   string
	part   string // of the array: its file's suffix
	scalar bool
	dtype  soa.DType
	shape  []int
}

// A block of the longest fields takes so many bytes at most, unless a row takes
// more, or there would be more blocks than that. Fields that are shorter are in
// memory as far as the longest ones' rows go.
const (
	blockBytes = 64 << 20
	maxBlocks  = 1 << 20
)

func mappedSet(fields []mappedField) *Set {
	m := mapped{map[string]mappedField{}, blockBytes}
	s := &Set{}
	most := 0
	for _, f := range fields {
		m.fields[f.name] = f
		s.addArray(f.name, f.dtype, "", f.shape)
		most = max(most, s.Fields[len(s.Fields)-1].Total())
	}
	for _, f := range s.Fields {
		if f.Total() == most {
			m.rows = min(m.rows, blockBytes/max(1, f.Elements()*f.DType.Size()))
		}
	}
	m.rows = max(1, m.rows, most/maxBlocks+1)
	for block := range max(1, (most-1)/m.rows+1) {
		s.Ranks, s.place = append(s.Ranks, 0), append(s.place, block)
	}
	for k := range s.Fields {
		s.Fields[k].Rows = m.cut(s.Fields[k].Total(), len(s.place))
	}
	s.reader = m
	return s
}

// cut returns how many of n rows are in each of the blocks.
func (m mapped) cut(n, blocks int) []int {
	rows := make([]int, blocks)
	for block := range rows {
		lo, hi := m.window(n, block)
		rows[block] = hi - lo
	}
	return rows
}

// window returns which of n rows are in a block.
func (m mapped) window(n, block int) (lo, hi int) {
	lo = min(n, block*m.rows)
	return lo, lo + min(m.rows, n-lo)
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
	want := f.shape
	if f.scalar {
		want = []int{1}
	}
	if a.DType() != f.dtype || !slices.Equal(a.Shape(), want) {
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
