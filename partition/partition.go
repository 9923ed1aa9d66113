package partition

import (
	"slices"

	"github.com/soastore/soa/comm"
)

// Options says how [New] divides the box. The zero value is a box of 3 dimensions.
type Options struct {
	// Dimensions is the number of axes, from 1 to MaxDimensions. The default is
	// the length of Commensurate if that is given, else 3.
	Dimensions int
	// Commensurate makes the number of ranks along axis i divide Commensurate[i],
	// as for a grid of so many points that no cell may cut. The default is the
	// division of MPI_Dims_create: as even as its algorithm gets it, larger first.
	Commensurate []int
}

// MaxDimensions is the largest number of axes; such a cell has 3^10 neighbours.
const MaxDimensions = 10

// A Partition is a division of the unit box into cells, one per rank. It does not
// change, and goroutines may use it at the same time.
type Partition struct {
	comm   comm.Comm
	dims   []int // ranks along each axis
	coords []int // of this rank's cell
}

// New divides the box among the ranks of c. It is local, and gives the same on all
// ranks that give the same options. The error is a *DimensionsError or a
// *CommensurateError.
func New(c comm.Comm, o Options) (*Partition, error) {
	d := o.Dimensions
	if d == 0 {
		if d = len(o.Commensurate); d == 0 {
			d = 3
		}
	}
	if d < 1 || d > MaxDimensions {
		return nil, &DimensionsError{Dimensions: d}
	}
	dims := evenDims(c.Size(), d)
	if o.Commensurate != nil {
		if len(o.Commensurate) != d {
			return nil, &CommensurateError{c.Size(), d, o.Commensurate}
		}
		if dims = commensurateDims(c.Size(), o.Commensurate); dims == nil {
			return nil, &CommensurateError{c.Size(), d, o.Commensurate}
		}
	}
	p := &Partition{comm: c, dims: dims}
	p.coords = p.CoordinatesOf(c.Rank())
	return p, nil
}

// Comm returns the ranks that the box is divided among.
func (p *Partition) Comm() comm.Comm { return p.comm }

// Rank returns this rank's number.
func (p *Partition) Rank() int { return p.comm.Rank() }

// Size returns the number of ranks, which is that of cells.
func (p *Partition) Size() int { return p.comm.Size() }

// Dimensions returns the number of axes.
func (p *Partition) Dimensions() int { return len(p.dims) }

// Decomposition returns the number of cells along each axis. Their product is Size.
func (p *Partition) Decomposition() []int { return slices.Clone(p.dims) }

// Coordinates returns the place of this rank's cell along each axis,
// 0 <= Coordinates()[i] < Decomposition()[i].
func (p *Partition) Coordinates() []int { return slices.Clone(p.coords) }

// Extent returns the length of a cell along each axis, as a fraction of the box.
func (p *Partition) Extent() []float64 {
	extent := make([]float64, len(p.dims))
	for i, n := range p.dims {
		extent[i] = 1 / float64(n)
	}
	return extent
}

// Origin returns the lower corner of this rank's cell, as fractions of the box.
func (p *Partition) Origin() []float64 {
	origin := p.Extent()
	for i, c := range p.coords {
		origin[i] *= float64(c)
	}
	return origin
}

// RankList returns the rank of each cell, in C order of the shape Decomposition.
func (p *Partition) RankList() []int {
	ranks := make([]int, p.Size())
	for i := range ranks {
		ranks[i] = i
	}
	return ranks
}
