package genericio

import (
	"context"
	"fmt"
	"io"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
)

// A rank map is the file NAME of a set whose data are in the files NAME#k, the
// partitions. It is a GenericIO file of one rank with a row for each rank of the
// program, in the order of the ranks, and these columns of int32:
//
//	$rank          the row's own number, for people to read
//	$partition     the k of the file that has the rank's rows
//	$x, $y, $z     the rank's coordinates, if there is a decomposition
//
// A file is a map if it has the variable $partition.
const (
	mapRank      = "$rank"
	mapPartition = "$partition"
)

var mapCoords = [3]string{"$x", "$y", "$z"}

// MapEntry is one row of a rank map.
type MapEntry struct {
	GlobalRank int
	Partition  int
	Coords     [3]int // zeros if there is no decomposition
}

// WriteMap writes a rank map: entry r is that of global rank r. If there is no
// decomposition, cartesian is false, and coordinates are left out. Local. The
// error is an ErrRank for an entry out of place, one of w, or of ctx.
func WriteMap(ctx context.Context, w io.WriterAt, entries []MapEntry, cartesian bool) error {
	if len(entries) == 0 {
		return fmt.Errorf("genericio: rank map: %w: there is none", ErrRank)
	}
	columns := make([][]int32, 5)
	for r, e := range entries {
		row := []int{e.GlobalRank, e.Partition, e.Coords[0], e.Coords[1], e.Coords[2]}
		for i, v := range row {
			if v < 0 || v > maxInt32 || i == 0 && v != r {
				return fmt.Errorf("genericio: rank map entry %d: %w: %+v", r, ErrRank, e)
			}
			columns[i] = append(columns[i], int32(v))
		}
	}
	d := soa.NewDict()
	d.Set(mapRank, soa.Of(columns[0]))
	d.Set(mapPartition, soa.Of(columns[1]))
	for i, name := range mapCoords {
		if cartesian {
			d.Set(name, soa.Of(columns[2+i]))
		}
	}
	l, err := newLayout(ctx, comm.Self(), Spec{}, d, "")
	if err != nil {
		return err
	}
	return l.WriteRank(ctx, w, d)
}

// readMap returns the entries of a rank map.
func readMap(ctx context.Context, r *Reader) ([]MapEntry, error) {
	fail := func(format string, args ...any) error {
		return &FormatError{File: r.Name(), Reason: "rank map: " + fmt.Sprintf(format, args...)}
	}
	if n := len(r.head.Ranks); n != 1 || r.head.Rows == 0 {
		return nil, fail("%d ranks and %d rows", n, r.head.Rows)
	}
	columns := map[string][]int32{}
	for _, name := range append(mapCoords[:], mapRank, mapPartition) {
		v, ok := r.Variable(name)
		if !ok && name != mapPartition {
			continue // $rank is for people, coordinates only for a decomposition
		}
		if desc := r.head.Variables[v]; desc.DType != soa.Int32 || desc.Elements != 1 {
			return nil, fail("%s is no int32", name)
		}
		d := soa.NewDict()
		if err := r.ReadRank(ctx, 0, d, name); err != nil {
			return nil, err
		}
		columns[name], _ = soa.Column[int32](d, name)
	}
	entries := make([]MapEntry, r.head.Rows)
	for i := range entries {
		e := &entries[i]
		e.GlobalRank, e.Partition = i, int(columns[mapPartition][i])
		if ranks := columns[mapRank]; ranks != nil && int(ranks[i]) != i {
			return nil, fail("row %d is for rank %d; rows must be in the order of the ranks", i, ranks[i])
		}
		if e.Partition < 0 {
			return nil, fail("rank %d is in partition %d", i, e.Partition)
		}
		for k, name := range mapCoords {
			if c := columns[name]; c != nil {
				e.Coords[k] = int(c[i])
			}
		}
	}
	return entries, nil
}
