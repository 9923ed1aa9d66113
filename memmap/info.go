package memmap

import (
	"fmt"
	"math"
	"slices"

	"github.com/soastore/soa"
)

// maxDims is the most dimensions that NumPy opens.
const maxDims = 32

// Info says what the files of an array hold.
type Info struct {
	DType  soa.DType // of the elements
	Shape  []int     // of a sparse matrix, rows and columns
	Sparse bool

	// Of a sparse matrix only: how many elements its files hold, and the types of
	// its column numbers and row pointers.
	NNZ     int
	Indices soa.DType
	Indptr  soa.DType
}

// clone returns in with a shape of its own.
func (in Info) clone() Info {
	in.Shape = slices.Clone(in.Shape)
	return in
}

// A part is a file that holds elements.
type part struct {
	suffix string
	dtype  soa.DType
	shape  []int
}

const (
	yamlSuffix    = ".yaml"
	arraySuffix   = ".array"
	dataSuffix    = ".data"
	indicesSuffix = ".indices"
	indptrSuffix  = ".indptr"
)

// suffixes names all files that an array of either kind can have. The YAML file
// is first: without it, the others are no array.
var suffixes = []string{yamlSuffix, arraySuffix, dataSuffix, indicesSuffix, indptrSuffix}

// maxParts is how many an array has at most.
const maxParts = 3

// parts returns the files of a checked Info, the YAML file aside.
func (in Info) parts() []part {
	if !in.Sparse {
		return []part{{arraySuffix, in.DType, in.Shape}}
	}
	return in.sparseParts()
}

func (in Info) sparseParts() []part {
	return []part{
		{dataSuffix, in.DType, []int{in.NNZ}},
		{indicesSuffix, in.Indices, []int{in.NNZ}},
		{indptrSuffix, in.Indptr, []int{in.Shape[0] + 1}},
	}
}

// check reports why there can be no array such as in, by the field that is wrong.
func (in Info) check() (field string, err error) {
	if !in.DType.Valid() {
		return "dtype", soa.ErrDType
	}
	if err := checkShape(in.Shape); err != nil {
		return "shape", err
	}
	if in.Sparse {
		if field, err := in.checkSparse(); err != nil {
			return field, err
		}
	}
	for _, p := range in.parts() {
		if _, err := p.size(); err != nil {
			return "shape", err
		}
	}
	return "", nil
}

func (in Info) checkSparse() (field string, err error) {
	switch {
	case len(in.Shape) != 2:
		return "shape", fmt.Errorf("%w: a sparse matrix has 2 dimensions, not %d", soa.ErrShape, len(in.Shape))
	case in.Shape[0] == math.MaxInt:
		return "shape", fmt.Errorf("%w: %v overflows", soa.ErrShape, in.Shape)
	case in.NNZ < 0:
		return "nnz", fmt.Errorf("%w: %d elements", ErrRange, in.NNZ)
	case !isIndex(in.Indices):
		return "indices_dtype", fmt.Errorf("%w: %v, not int32 or int64", soa.ErrDType, in.Indices)
	case !isIndex(in.Indptr):
		return "indptr_dtype", fmt.Errorf("%w: %v, not int32 or int64", soa.ErrDType, in.Indptr)
	}
	return "", nil
}

func isIndex(d soa.DType) bool { return d == soa.Int32 || d == soa.Int64 }

func checkShape(shape []int) error {
	if len(shape) < 1 || len(shape) > maxDims {
		return fmt.Errorf("%w: %d dimensions, not 1 to %d", soa.ErrShape, len(shape), maxDims)
	}
	if slices.Min(shape) < 0 {
		return fmt.Errorf("%w: negative extent in %v", soa.ErrShape, shape)
	}
	return nil
}

// size returns the bytes of the part's file.
func (p part) size() (int64, error) {
	if slices.Contains(p.shape, 0) {
		return 0, nil
	}
	n := p.dtype.Size()
	for _, d := range p.shape {
		if n > math.MaxInt/d {
			return 0, fmt.Errorf("%w: %v elements of %v overflow the address space", soa.ErrShape, p.shape, p.dtype)
		}
		n *= d
	}
	return int64(n), nil
}
