package genericio

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
)

// Layout is the plan of one file: what is in it and where each rank's blocks
// stand. It is safe for concurrent use.
type Layout struct {
	head    Header
	align   int64
	rank    int   // this rank's position in the file
	size    int64 // of the file
	begin   int64 // where this rank's part begins, with the gap before its first block
	offsets []int64
	oneRank [1]Rank // the memory of the header's ranks, if they are one

	// Of compression; nil without.
	packed [][]byte    // this rank's filtered blocks by variable, nil for raw ones
	memory []soa.Array // that they are in, if Release gives it back
	sizes  []int64     // of all ranks' filtered blocks, rank by rank, 0 for raw ones

	released bool
}

// NewLayout plans the file that the ranks of c share, rank r's rows being the
// r-th in it, for the columns of d. All ranks have the same columns, of any
// number of rows; the file has rank 0's order of them. With comm.Self there are
// no messages.
//
// With [Spec.Compress] this is where the columns are compressed, for the sizes are
// part of the plan: on all processors and several at a time, with memory for up to
// four of them. The Layout keeps what the compressed ones take, until Release, and their
// values must stay until they are written.
//
// Collective. If it fails, it fails on every rank: with a *SchemaError where the
// ranks differ, an ErrRank if two of them claim the same place, or a
// *comm.AgreementError naming the ranks whose columns or Spec cannot be
// written, which is an ErrVariable, a soa.ErrDType or a soa.ErrShape. In a
// group of one rank it is that error itself.
func NewLayout(ctx context.Context, c comm.Comm, spec Spec, d *soa.Dict) (*Layout, error) {
	return newLayout(ctx, c, spec, d, mapPartition)
}

// newLayout is NewLayout. The name reserved is refused: it would make the file
// something else.
func newLayout(ctx context.Context, c comm.Comm, spec Spec, d *soa.Dict, reserved string) (*Layout, error) {
	vars, rows, err := spec.describe(d)
	if err == nil && d.Has(reserved) {
		err = fmt.Errorf("genericio: array %q %w: the name makes a file a rank map", reserved, ErrVariable)
	}
	if spec.Place == (Place{}) {
		spec.Place = Place{c.Rank(), [3]int{c.Size(), 1, 1}, [3]int{c.Rank(), 0, 0}}
	}
	var alone [1]claim
	claims, err := exchange(ctx, c, &spec, vars, rows, alone[:], err)
	if err != nil {
		return nil, err
	}
	if vars, err = rank0Order(ctx, c, claims, vars); err != nil {
		return nil, err
	}
	l := &Layout{align: int64(max(spec.Align, 1)), rank: c.Rank()}
	l.head = Header{
		Dims: spec.Place.Dims, PhysOrigin: spec.PhysOrigin, PhysScale: spec.PhysScale,
		Variables: vars, HasBlocks: spec.hasBlocks(),
	}
	l.head.Ranks = slices.Grow(l.oneRank[:0], len(claims))
	for _, k := range claims {
		l.head.Ranks = append(l.head.Ranks, Rank{GlobalRank: k.place.GlobalRank, Coords: k.place.Coords, Rows: k.rows})
	}
	if spec.Compress != nil {
		if err := l.compress(ctx, c, spec.Compress.options(), d); err != nil {
			return nil, err
		}
	}
	return l, l.arrange()
}

// A claim is what each rank tells all others, so that all can plan alike.
type claim struct {
	failed     bool
	rows       int64
	place      Place // without Dims, which are part of the schema
	set, order [4]uint64
}

func (k *claim) words() []uint64 {
	failed := uint64(0)
	if k.failed {
		failed = 1
	}
	p := k.place
	w := []uint64{failed, uint64(k.rows), uint64(p.GlobalRank), uint64(p.Coords[0]), uint64(p.Coords[1]), uint64(p.Coords[2])}
	return append(append(w, k.set[:]...), k.order[:]...)
}

func claimOf(w []uint64) claim {
	return claim{w[0] != 0, int64(w[1]),
		Place{GlobalRank: int(w[2]), Coords: [3]int{int(w[3]), int(w[4]), int(w[5])}},
		[4]uint64(w[6:10]), [4]uint64(w[10:14])}
}

// exchange returns all ranks' claims, after making sure that no rank failed and
// that all have the same schema and different places. The claim of a rank by itself is
// put into alone.
func exchange(ctx context.Context, c comm.Comm, spec *Spec, vars []Variable, rows int64, alone []claim, failure error) ([]claim, error) {
	if c.Size() == 1 {
		alone[0] = claim{rows: rows, place: spec.Place}
		return alone, failure
	}
	mine := claim{failure != nil, rows, spec.Place, digest(flatten(schema(spec, vars))), digest(nameList(vars))}
	all, err := comm.Allgather(ctx, c, mine.words())
	if err != nil {
		return nil, err
	}
	claims := make([]claim, len(all))
	for rank, words := range all {
		if len(words) != len(all[0]) || len(words) != 14 {
			return nil, fmt.Errorf("genericio: rank %d: %w: a claim of %d words", rank, comm.ErrSchema, len(words))
		}
		claims[rank] = claimOf(words)
	}
	return claims, judge(ctx, c, claims, schema(spec, vars), failure)
}

// judge returns why the claims make no file. All ranks come to the same result.
func judge(ctx context.Context, c comm.Comm, claims []claim, mine map[string]string, failure error) error {
	if slices.ContainsFunc(claims, func(k claim) bool { return k.failed }) {
		return comm.Agree(ctx, c, comm.Vote{Op: "plan a GenericIO file", Err: failure},
			ErrVariable, ErrRank, soa.ErrDType, soa.ErrShape)
	}
	if slices.ContainsFunc(claims, func(k claim) bool { return k.set != claims[0].set }) {
		return schemaError(ctx, c, mine)
	}
	owner := make(map[int]int, len(claims))
	for rank, k := range claims {
		if other, ok := owner[k.place.GlobalRank]; ok {
			return fmt.Errorf("genericio: ranks %d and %d of the file: %w: both claim to be global rank %d", other, rank, ErrRank, k.place.GlobalRank)
		}
		owner[k.place.GlobalRank] = rank
	}
	return nil
}

// nameList writes the variables' names in order; a name has no NUL.
func nameList(vars []Variable) string {
	names := make([]string, len(vars))
	for i, v := range vars {
		names[i] = v.Name
	}
	return strings.Join(names, "\x00")
}

// rank0Order returns vars in rank 0's order, which a rank that made its Dict from
// a Go map may not have. Without such a rank there is no message.
func rank0Order(ctx context.Context, c comm.Comm, claims []claim, vars []Variable) ([]Variable, error) {
	if !slices.ContainsFunc(claims, func(k claim) bool { return k.order != claims[0].order }) {
		return vars, nil
	}
	text, err := comm.Bcast(ctx, c, 0, []byte(nameList(vars)))
	if err != nil {
		return nil, err
	}
	place := make(map[string]int, len(vars))
	for i, name := range strings.Split(string(text), "\x00") {
		place[name] = i
	}
	slices.SortFunc(vars, func(a, b Variable) int { return cmp.Compare(place[a.Name], place[b.Name]) })
	return vars, nil
}

// arrange finds where each block stands.
func (l *Layout) arrange() error {
	at := l.headerSize() + crcSize
	for i := range l.head.Ranks {
		r := &l.head.Ranks[i]
		l.head.Rows += r.Rows
		begin := at
		var offsets []int64
		offsets, at = l.blocks(at, i)
		r.start = begin
		if len(offsets) > 0 {
			r.start = offsets[0]
		}
		if i == l.rank {
			l.begin, l.offsets = begin, offsets
		}
		if at < begin || l.head.Rows < 0 {
			return fmt.Errorf("genericio: %w: the file would have more than 2^63 bytes", soa.ErrShape)
		}
	}
	l.size = at
	return nil
}

// blocks returns the offsets of a rank's blocks, the first of them at or behind at,
// and where the last one ends.
func (l *Layout) blocks(at int64, rank int) (offsets []int64, end int64) {
	offsets = make([]int64, len(l.head.Variables))
	for v := range offsets {
		at = (at + l.align - 1) &^ (l.align - 1)
		offsets[v] = at
		size, _ := l.stored(rank, v)
		at += size + crcSize
	}
	return offsets, at
}

// Size returns the size of the whole file in bytes.
func (l *Layout) Size() int64 { return l.size }

// Header returns what the file will say of itself. It must not be changed.
func (l *Layout) Header() *Header { return &l.head }
