package genericio

import (
	"context"
	"fmt"

	"github.com/soastore/soa"
)

// Policy says what happens when another number of ranks reads than wrote. The
// three are the C++ library's.
type Policy int

const (
	// Disallowed reads only with the same number of ranks, each its own rows, and
	// with the same dimensions if the readers have any. It is the default.
	Disallowed Policy = iota
	// Allowed gives each reader the rows of the rank of its own number, none if
	// there is no such rank. With fewer readers than ranks, rows stay unread.
	Allowed
	// Redistribute gives out all ranks' rows, as [Assign] does.
	Redistribute
)

// Share says which part of a Dataset a reader wants: as reader Proc of Procs.
type Share struct {
	Policy      Policy
	Procs, Proc int
	Dims        [3]int // the readers' decomposition, zeros if they have none
}

// A RankCountError says that another number of ranks, or a decomposition with
// other dimensions, wrote what is to be read. It is an ErrRankCount.
type RankCountError struct {
	File               string
	Have, Want         int // ranks that wrote, and that read
	HaveDims, WantDims [3]int
}

func (e *RankCountError) Error() string {
	have, want := fmt.Sprint(e.Have, " ranks"), fmt.Sprint(e.Want)
	if e.Have == e.Want {
		have, want = fmt.Sprintf("ranks in a %v decomposition", e.HaveDims), fmt.Sprint(e.WantDims)
	}
	return fmt.Sprintf("genericio: %s: written by %s, read by %s: use as many, or read with Redistribute", e.File, have, want)
}

// Unwrap returns ErrRankCount.
func (e *RankCountError) Unwrap() error { return ErrRankCount }

// Assign returns the file ranks that reader proc of procs gets when all are given
// out: contiguous runs of fileRanks/procs, and one more for each of the last
// fileRanks%procs readers. With fewer file ranks than readers only the last
// readers get one, in reverse order: the very last gets file rank 0. (The rule of
// the C++ library, which spares the first readers.)
func Assign(fileRanks, procs, proc int) []int {
	n, more := fileRanks/procs, fileRanks%procs
	fromEnd := procs - 1 - proc
	if n == 0 {
		if fromEnd < more {
			return []int{fromEnd}
		}
		return nil
	}
	extra := max(0, proc-(procs-more)) // readers before this one that get one more
	if fromEnd < more {
		n++
	}
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = proc*(fileRanks/procs) + extra + i
	}
	return ranks
}

// ReadShare reads one reader's share of the variables, all if none is named:
// the rows of the ranks that sh gives it, one rank's after another's. Arrays of
// into are reused as by [Reader.ReadRank]. A reader that gets no rank gets arrays
// of no rows. Local: readers need not agree, and exchange nothing.
//
// The error is a *RankCountError for another number of ranks than sh allows, or
// one of [Reader.ReadRank] and [Dataset.WithRank].
func (s *Dataset) ReadShare(ctx context.Context, sh Share, into *soa.Dict, names ...string) error {
	ranks, err := s.share(sh)
	if err != nil {
		return err
	}
	if len(ranks) == 1 {
		return s.ReadRank(ctx, ranks[0], into, names...)
	}
	rows, err := s.rows(ranks, names)
	if err != nil {
		return err
	}
	out := soa.NewDict()
	first := 0
	if len(ranks) > 0 {
		first = ranks[0]
	}
	if err := s.WithRank(first, func(r *Reader, _ int) error { return r.targets(into, out, rows, names) }); err != nil {
		return err
	}
	at := 0
	for _, rank := range ranks {
		if err := s.WithRank(rank, func(r *Reader, position int) (err error) {
			at, err = r.readAt(ctx, position, out, at)
			return err
		}); err != nil {
			return err
		}
	}
	for name, a := range out.All() {
		into.Set(name, a)
	}
	return nil
}

// share returns the global ranks that sh asks for.
func (s *Dataset) share(sh Share) ([]int, error) {
	if sh.Procs < 1 || sh.Proc < 0 || sh.Proc >= sh.Procs {
		return nil, fmt.Errorf("genericio: %s: %w: reader %d of %d", s.name, ErrRank, sh.Proc, sh.Procs)
	}
	switch {
	case sh.Policy == Redistribute:
		return Assign(s.ranks, sh.Procs, sh.Proc), nil
	case sh.Policy == Allowed && sh.Proc >= s.ranks:
		return nil, nil
	case sh.Policy == Disallowed:
		if err := s.sameRanks(sh); err != nil {
			return nil, err
		}
	}
	return []int{sh.Proc}, nil
}

// sameRanks reports, as a *RankCountError, if others than sh's readers wrote. It
// opens only the reader's own part: others may be on another node.
func (s *Dataset) sameRanks(sh Share) error {
	count := &RankCountError{File: s.name, Have: s.ranks, Want: sh.Procs, WantDims: sh.Dims}
	if sh.Procs != s.ranks {
		return count
	}
	return s.WithRank(sh.Proc, func(r *Reader, _ int) error {
		count.HaveDims = r.head.Dims
		if sh.Dims == [3]int{} || sh.Dims == r.head.Dims {
			return nil
		}
		return count
	})
}

// rows returns the rows of the global ranks together, after checking that the
// named variables of all can be read.
func (s *Dataset) rows(ranks []int, names []string) (int, error) {
	rows := 0
	for _, rank := range ranks {
		if err := s.WithRank(rank, func(r *Reader, position int) error {
			rows += int(r.head.Ranks[position].Rows)
			_, err := r.columns(names, position)
			return err
		}); err != nil {
			return 0, err
		}
	}
	return rows, nil
}

// targets puts into out the arrays for so many rows of the named variables, in
// the memory of those of have where possible.
func (r *Reader) targets(have, out *soa.Dict, rows int, names []string) error {
	cols, err := r.columns(names)
	for _, v := range cols {
		a, err := r.target(have, v, rows)
		if err != nil {
			return err
		}
		out.Set(r.head.Variables[v].Name, a)
	}
	return err
}

// readAt reads a rank, by its position, into the rows of out from at on, and
// returns the row behind them.
func (r *Reader) readAt(ctx context.Context, rank int, out *soa.Dict, at int) (int, error) {
	end := at + int(r.head.Ranks[rank].Rows)
	cols, err := r.columns(out.Names(), rank)
	if err != nil {
		return 0, err
	}
	arrays := make([]soa.Array, len(cols))
	for i, v := range cols {
		a, _ := out.Get(r.head.Variables[v].Name)
		if end > a.Rows() {
			return 0, &FormatError{File: r.Name(), Reason: "the file has changed while it was read"}
		}
		arrays[i] = a.Slice(at, end)
	}
	return end, r.readBlocks(ctx, rank, cols, arrays)
}
