package partition

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/comm"
)

// partitionOf returns the partition of one rank among size.
func partitionOf(t require.TestingT, size, rank int, o Options) *Partition {
	p, err := New(at{comm.Self(), size, rank}, o)
	require.NoError(t, err)
	return p
}

// at is a Comm that says it has another rank and size. Partitions are arithmetic,
// and so those of many ranks need no ranks.
type at struct {
	comm.Comm
	size, rank int
}

func (c at) Size() int { return c.size }
func (c at) Rank() int { return c.rank }

func TestDimsAreThoseOfOpenMPI(t *testing.T) {
	f, err := os.Open("testdata/dims_openmpi_4.1.4.txt")
	require.NoError(t, err)
	defer f.Close()
	lines := 0
	for scan := bufio.NewScanner(f); scan.Scan(); {
		if strings.HasPrefix(scan.Text(), "#") {
			continue
		}
		var d, n int
		_, err := fmt.Sscan(scan.Text(), &d, &n)
		require.NoError(t, err)
		want := make([]int, d)
		fields := strings.Fields(scan.Text())[2:]
		for i := range want {
			_, err := fmt.Sscan(fields[i], &want[i])
			require.NoError(t, err)
		}
		require.Equal(t, want, partitionOf(t, n, 0, Options{Dimensions: d}).Decomposition(), "%d ranks", n)
		lines++
	}
	require.Equal(t, 3*512, lines)
}

func TestCommensurate(t *testing.T) {
	for _, c := range []struct {
		n            int
		target, want []int
	}{
		{8, []int{4, 4, 4}, []int{2, 2, 2}},
		{6, []int{2, 3}, []int{2, 3}},
		{12, []int{3, 8, 5}, []int{3, 4, 1}},
		{12, []int{6, 8, 5}, []int{3, 4, 1}}, // the second factor 2 goes where there are fewest
		{1, []int{7}, []int{1}},
		{30, []int{10, 10, 9}, []int{5, 2, 3}},
	} {
		p := partitionOf(t, c.n, 0, Options{Commensurate: c.target})
		require.Equal(t, c.want, p.Decomposition(), "%d ranks, target %v", c.n, c.target)
	}
	for _, c := range []struct {
		n int
		o Options
	}{
		{7, Options{Commensurate: []int{4, 4, 4}}},
		{16, Options{Commensurate: []int{2, 2, 2}}},
		{2, Options{Commensurate: []int{0, 0}}},
		{2, Options{Commensurate: []int{-2, -2}}},
		{4, Options{Dimensions: 3, Commensurate: []int{2, 2}}},
	} {
		_, err := New(at{comm.Self(), c.n, 0}, c.o)
		var bad *CommensurateError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, c.n, bad.Size)
		require.Contains(t, err.Error(), fmt.Sprint(c.o.Commensurate))
	}
}

func TestDimensions(t *testing.T) {
	require.Equal(t, 3, partitionOf(t, 4, 0, Options{}).Dimensions())
	for _, d := range []int{-1, MaxDimensions + 1} {
		_, err := New(comm.Self(), Options{Dimensions: d})
		var bad *DimensionsError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, d, bad.Dimensions)
	}
}

// TestCells compares all methods with their definitions on any division.
func TestCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 400).Draw(t, "size")
		d := rapid.IntRange(1, 5).Draw(t, "dimensions")
		rank := rapid.IntRange(0, size-1).Draw(t, "rank")
		p := partitionOf(t, size, rank, Options{Dimensions: d})
		dims, coords := p.Decomposition(), p.Coordinates()

		require.Equal(t, rank, p.RankOf(coords...))
		require.Equal(t, coords, p.CoordinatesOf(rank))
		cells := 1
		for i, n := range dims {
			require.True(t, 0 <= coords[i] && coords[i] < n)
			require.Equal(t, 1/float64(n), p.Extent()[i])
			require.Equal(t, float64(coords[i])*p.Extent()[i], p.Origin()[i])
			cells *= n
		}
		require.Equal(t, size, cells)

		move := rapid.SliceOfN(rapid.IntRange(-1000, 1000), d, d).Draw(t, "displacement")
		moved := make([]int, d)
		for i := range moved {
			moved[i] = (coords[i] + move[i] + 1000*dims[i]) % dims[i]
		}
		to := p.Neighbor(move...)
		require.Equal(t, moved, p.CoordinatesOf(to))
		require.Equal(t, to, p.RankOf(moved...))
		require.Equal(t, to, p.RankList()[to])
		back := make([]int, d)
		for i := range back {
			back[i] = -move[i]
		}
		require.Equal(t, rank, partitionOf(t, size, to, Options{Dimensions: d}).Neighbor(back...))
	})
}

func TestNeighbors(t *testing.T) {
	p := partitionOf(t, 27, 13, Options{}) // 3 x 3 x 3, the middle cell
	all := p.Neighbors()
	for i := range 27 {
		require.Equal(t, i, all[i])
	}
	at := 0
	for i := -1; i <= 1; i++ {
		for j := -1; j <= 1; j++ {
			for k := -1; k <= 1; k++ {
				require.Equal(t, p.Neighbor(i, j, k), all[at])
				at++
			}
		}
	}
	require.Equal(t, slices.Concat(p.RankList()[:13], p.RankList()[14:]), p.NeighborRanks())
}

func TestFewRanksAreTheirOwnNeighbors(t *testing.T) {
	require.Equal(t, slices.Repeat([]int{0}, 27), partitionOf(t, 1, 0, Options{}).Neighbors())
	require.Empty(t, partitionOf(t, 1, 0, Options{}).NeighborRanks())
	require.Equal(t, []int{0}, partitionOf(t, 2, 1, Options{Dimensions: 1}).NeighborRanks())
	require.Equal(t, []int{0, 1, 0}, partitionOf(t, 2, 1, Options{Dimensions: 1}).Neighbors())
}

func TestResultsAreCopies(t *testing.T) {
	p := partitionOf(t, 8, 5, Options{})
	p.Coordinates()[0], p.Decomposition()[0] = 100, 100
	require.Equal(t, []int{1, 0, 1}, p.Coordinates())
	require.Equal(t, []int{2, 2, 2}, p.Decomposition())
}

func TestMisusePanics(t *testing.T) {
	p := partitionOf(t, 8, 0, Options{})
	require.Panics(t, func() { p.RankOf(1, 2) })
	require.Panics(t, func() { p.Neighbor(1, 2, 3, 4) })
	require.Panics(t, func() { p.CoordinatesOf(8) })
	require.Panics(t, func() { p.CoordinatesOf(-1) })
}
