package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

func openGIO(ctx context.Context, f *File) (*Set, error) {
	r, err := genericio.NewReader(f, f.size, genericio.ReadOptions{Name: f.Name()})
	if err != nil {
		return nil, err
	}
	if r.IsMap() {
		s, err := openMap(ctx, f.Name())
		return s, errors.Join(err, f.Close())
	}
	h := r.Header()
	s := &Set{reader: gioFile{r, f}}
	var rows []int
	for _, place := range rankOrder(h.Ranks) {
		s.Ranks, s.place = append(s.Ranks, h.Ranks[place].GlobalRank), append(s.place, place)
		rows = append(rows, int(h.Ranks[place].Rows))
	}
	s.describe(h, rows)
	return s, nil
}

// rankOrder returns the positions of a file's ranks, by global rank.
func rankOrder(ranks []genericio.Rank) []int {
	order := make([]int, len(ranks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ranks[a].GlobalRank, ranks[b].GlobalRank) })
	return order
}

// openMap opens the rank map of the given name, and every partition file once,
// for the rows of its ranks.
func openMap(ctx context.Context, name string) (*Set, error) {
	open := func(name string) (genericio.Source, error) { return OpenFile(name, nil) }
	m, err := genericio.OpenDataset(ctx, name, open, genericio.ReadOptions{})
	if err != nil {
		return nil, err
	}
	s := &Set{reader: gioMap{m}}
	rows := make([]int, m.NumRanks())
	var head *genericio.Header
	for rank := range rows {
		err := m.WithRank(rank, func(r *genericio.Reader, place int) error {
			head = r.Header()
			rows[rank] = int(head.Ranks[place].Rows)
			return ctx.Err()
		})
		if err != nil {
			return nil, errors.Join(err, m.Close())
		}
		s.Ranks, s.place = append(s.Ranks, rank), append(s.place, rank)
	}
	s.describe(head, rows)
	return s, nil
}

// describe fills in what a header says. All partitions say the same.
func (s *Set) describe(h *genericio.Header, rows []int) {
	s.Origin, s.Scale, s.Flags = h.PhysOrigin, h.PhysScale, map[string]genericio.Flags{}
	for _, v := range h.Variables {
		f := Field{Name: v.Name, DType: v.DType, Type: v.DType.String(), Rows: rows}
		if v.Elements > 1 {
			f.Row = []int{v.Elements}
		}
		if !v.DType.Valid() {
			f.Type = fmt.Sprintf("%d bytes, flags %#x", v.RowBytes/v.Elements, uint64(v.Flags))
		}
		s.Fields = append(s.Fields, f)
		s.Flags[v.Name] = v.Flags &^ (genericio.Float | genericio.Signed)
	}
}

type gioFile struct {
	r *genericio.Reader
	f *File
}

func (g gioFile) read(ctx context.Context, place int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error { return g.r.ReadRank(ctx, place, into, names...) })
}

func (g gioFile) Close() error { return g.f.Close() }

type gioMap struct{ *genericio.Dataset }

func (g gioMap) read(ctx context.Context, place int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error { return g.ReadRank(ctx, place, into, names...) })
}

// readOnly drops the fields of into that are not asked for, and reads the others.
func readOnly(into *soa.Dict, names []string, read func() error) error {
	for _, have := range into.Names() {
		if !slices.Contains(names, have) {
			into.Delete(have)
		}
	}
	if len(names) == 0 { // which would read all
		return nil
	}
	return read()
}
