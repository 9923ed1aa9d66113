package genericio

import (
	"fmt"
	"strings"

	"github.com/soastore/soa"
)

// Place is where a rank stands in the whole program, of which the ranks that
// share a file may be a part.
type Place struct {
	GlobalRank int
	Dims       [3]int // of the whole program: (N, 1, 1) for N ranks that have no decomposition
	Coords     [3]int // this rank's, less than Dims
}

// Spec says how a file is written, apart from the columns themselves. All ranks
// that share the file give the same, except for GlobalRank and Coords.
type Spec struct {
	// Place is this rank's place. The default is for ranks of one file without a
	// decomposition: rank r of n has the coordinates (r, 0, 0) of (n, 1, 1).
	Place Place
	// PhysOrigin and PhysScale are the lowest corner of the box and its extent,
	// in the unit of the coordinates. The default is zeros: unknown.
	PhysOrigin, PhysScale [3]float64
	// Flags are variables' flags out of CoordX, CoordY, CoordZ and Ghost; names
	// that are no variables are passed over. The default is none.
	Flags map[string]Flags
	// Blocks asks for block headers. The default is none, unless Align or Compress
	// asks for them.
	Blocks bool
	// Compress asks for compressed blocks, as filtered by Blosc; blocks stay raw where
	// a sample or the result saves less than 3 percent, or that are above Blosc's
	// limit of 2 GiB. The default, nil, is raw blocks only.
	Compress *Compression
	// Align, a power of two up to MaxAlign, puts every block at a multiple of it,
	// so that a mapping of the file can be viewed as arrays; 64 suits every type
	// and cache line. All readers understand the result. The default, 0 or 1, is
	// the C++ library's layout: blocks follow one another.
	Align int
}

// MaxAlign is the largest Spec.Align.
const MaxAlign = 1 << 16

func (s *Spec) hasBlocks() bool { return s.Blocks || s.Align > 1 || s.Compress != nil }

// check checks what a rank can check on its own.
func (s *Spec) check() error {
	if s.Align < 0 || s.Align > MaxAlign || s.Align&(s.Align-1) != 0 {
		return fmt.Errorf("genericio: align %d is no power of two up to %d", s.Align, MaxAlign)
	}
	if err := s.Compress.check(); err != nil {
		return err
	}
	if s.Place == (Place{}) {
		return nil
	}
	p := s.Place
	ranks := 1
	for i := range p.Dims {
		if p.Dims[i] < 1 || p.Dims[i] > maxInt32/ranks || p.Coords[i] < 0 || p.Coords[i] >= p.Dims[i] {
			return fmt.Errorf("genericio: %w: coordinates %v in a decomposition of %v", ErrRank, p.Coords, p.Dims)
		}
		ranks *= p.Dims[i]
	}
	if p.GlobalRank < 0 || p.GlobalRank >= ranks {
		return fmt.Errorf("genericio: %w: global rank %d in a decomposition of %v", ErrRank, p.GlobalRank, p.Dims)
	}
	return nil
}

// describe returns the variables that d's arrays become, and their rows.
func (s *Spec) describe(d *soa.Dict) ([]Variable, int64, error) {
	if err := s.check(); err != nil {
		return nil, 0, err
	}
	vars := make([]Variable, 0, d.Len())
	for name, a := range d.All() {
		v, err := variableOf(name, a, s.Flags[name])
		if err != nil {
			return nil, 0, fmt.Errorf("genericio: array %q %w: %w", name, ErrVariable, err)
		}
		vars = append(vars, v)
	}
	rows, ok := d.Rows()
	if !ok {
		return nil, 0, fmt.Errorf("genericio: %w: all arrays of a GenericIO file have the same number of rows, but these have %v", soa.ErrShape, d)
	}
	return vars, int64(rows), nil
}

// variableOf returns the variable that array a becomes.
func variableOf(name string, a soa.Array, given Flags) (Variable, error) {
	flags, ok := flagsOf(a.DType())
	elements := 1
	switch {
	case name == "" || len(name) >= nameSize || strings.ContainsRune(name, 0):
		return Variable{}, fmt.Errorf("its name must have 1 to %d bytes, none of them 0", nameSize-1)
	case !ok:
		return Variable{}, fmt.Errorf("%w: the format has no %v; convert it to a float32, a float64 or an integer type", soa.ErrDType, a.DType())
	case given&^givenFlags != 0:
		return Variable{}, fmt.Errorf("the flags %#x are not the caller's to set", uint64(given&^givenFlags))
	case a.NDim() == 2 && a.Shape()[1] > 1 && a.Shape()[1] <= maxInt32/a.DType().Size():
		elements = a.Shape()[1]
	case a.NDim() != 1:
		return Variable{}, fmt.Errorf("%w: %v is neither [rows] nor [rows n] with n of 2 or more; reshape it", soa.ErrShape, a.Shape())
	}
	return Variable{name, a.DType(), elements, elements * a.DType().Size(), flags | given}, nil
}
