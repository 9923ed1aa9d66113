package partition

import (
	"fmt"
	"slices"
)

// RankOf returns the rank whose cell is at coords, which wrap around the box: along
// an axis of n cells, -1 is n-1 and n is 0. It panics unless there is one
// coordinate per axis.
func (p *Partition) RankOf(coords ...int) int {
	p.checkAxes(coords)
	rank := 0
	for i, n := range p.dims {
		rank = rank*n + wrap(coords[i], n)
	}
	return rank
}

// CoordinatesOf returns the coordinates of the cell of rank. It panics unless
// 0 <= rank < Size.
func (p *Partition) CoordinatesOf(rank int) []int {
	if rank < 0 || rank >= p.Size() {
		panic(fmt.Sprintf("partition: rank %d of %d", rank, p.Size()))
	}
	coords := make([]int, len(p.dims))
	for i := len(p.dims) - 1; i >= 0; i-- {
		coords[i] = rank % p.dims[i]
		rank /= p.dims[i]
	}
	return coords
}

// Neighbor returns the rank whose cell is that many cells away along each axis. It
// panics unless there is one displacement per axis.
func (p *Partition) Neighbor(displacement ...int) int {
	p.checkAxes(displacement)
	coords := make([]int, len(p.dims))
	for i, n := range p.dims {
		coords[i] = p.coords[i] + wrap(displacement[i], n)
	}
	return p.RankOf(coords...)
}

// Neighbors returns the ranks of the 3^d cells around this rank's cell, itself
// included, in C order of the shape [3, 3, ...]: the index along each axis is the
// displacement plus 1. In 3 dimensions the element of displacement (i, j, k) is
// number 9*(i+1) + 3*(j+1) + k+1, and the middle one, number 13, is this rank.
func (p *Partition) Neighbors() []int {
	count := 1
	for range p.dims {
		count *= 3
	}
	ranks := make([]int, count)
	displacement := make([]int, len(p.dims))
	for at := range ranks {
		rest := at
		for i := len(displacement) - 1; i >= 0; i-- {
			displacement[i] = rest%3 - 1
			rest /= 3
		}
		ranks[at] = p.Neighbor(displacement...)
	}
	return ranks
}

// NeighborRanks returns the ranks of the cells around this rank's cell, each once,
// without this rank, in ascending order.
func (p *Partition) NeighborRanks() []int {
	ranks := p.Neighbors()
	slices.Sort(ranks)
	ranks = slices.Compact(ranks)
	return slices.DeleteFunc(ranks, func(rank int) bool { return rank == p.Rank() })
}

func (p *Partition) checkAxes(perAxis []int) {
	if len(perAxis) != len(p.dims) {
		panic(fmt.Sprintf("partition: %d numbers for %d axes", len(perAxis), len(p.dims)))
	}
}

// wrap returns x modulo n, not negative.
func wrap(x, n int) int { return (x%n + n) % n }
