package dataset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/soastore"
)

// OpenStored opens the value of a store, on all ranks that have a part. The key is
// that of a value in arenas, and v's own otherwise.
func OpenStored(ctx context.Context, v soastore.Spilled, key string) (*Set, error) {
	s, err := openStored(ctx, v, key)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", v.Name(key), err)
	}
	s.Kind, s.Stored = Kind(v.Format), true
	return s, nil
}

func openStored(ctx context.Context, v soastore.Spilled, key string) (*Set, error) {
	if v.Format == soastore.GenericIO {
		return Open(ctx, v.Index)
	}
	var j joined
	for _, rank := range slices.Sorted(maps.Keys(v.Parts)) {
		s, err := openPart(ctx, v.Format, v.Parts[rank], key)
		switch {
		case v.Format == soastore.Arena && errors.Is(err, arena.ErrNotFound):
		case err != nil:
			return nil, errors.Join(err, j.Close())
		default:
			j = append(j, part{rank, s})
		}
	}
	if err := j.ofOneSet(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	s, err := j.set()
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return s, nil
}

func openPart(ctx context.Context, format soastore.Format, name, key string) (*Set, error) {
	if format == soastore.Arena {
		return OpenKey(name, key)
	}
	return Open(ctx, name)
}

// joined are the parts of a value, one for each rank, which Sets without ranks have.
type joined []part

type part struct {
	rank int
	*Set
}

// errTorn is the kind of error of parts that are not of one value.
var errTorn = errors.New("not of one value: soactl verify says more")

// ofOneSet reports parts in arenas that are of different Sets, or some that are
// missing: a running job may have changed the value since it was looked at.
func (j joined) ofOneSet() error {
	stamp := ""
	for _, p := range j {
		r, ok := p.reader.(arenaValue)
		if !ok {
			return nil
		}
		_, ranks, _ := soastore.ArenaOwner(r.a.Label())
		switch {
		case ranks == 0: // each rank has values of its own
			return nil
		case len(j) != ranks:
			return fmt.Errorf("%w: %d of %d ranks have a part", errTorn, len(j), ranks)
		case stamp != "" && stamp != r.v.Stamp():
			return fmt.Errorf("%w: rank %d's part is of another Set", errTorn, p.rank)
		}
		stamp = r.v.Stamp()
	}
	return nil
}

// set returns the Set of all ranks.
func (j joined) set() (*Set, error) {
	out := &Set{}
	var places places
	for _, p := range j {
		if len(places) > 0 && len(p.Fields) != len(out.Fields) {
			return nil, fmt.Errorf("%w: rank %d has %d fields instead of %d", errTorn, p.rank, len(p.Fields), len(out.Fields))
		}
		if len(places) == 0 {
			out.Fields = slices.Clone(p.Fields)
		} else if err := out.extend(p); err != nil {
			return nil, err
		}
		for i := range p.Ranks {
			out.Ranks, out.place = append(out.Ranks, p.rank), append(out.place, len(places))
			places = append(places, place{p.Set, i})
		}
	}
	out.reader = joinedReader{j, places}
	return out, nil
}

// extend appends the rows of p to the fields.
func (s *Set) extend(p part) error {
	for k := range s.Fields {
		f := &s.Fields[k]
		i := slices.IndexFunc(p.Fields, func(g Field) bool { return g.Name == f.Name })
		if i < 0 || p.Fields[i].Type != f.Type {
			return fmt.Errorf("%w: rank %d has another field %q, or none", errTorn, p.rank, f.Name)
		}
		g := p.Fields[i]
		if g.Total() > math.MaxInt-f.Total() {
			return fmt.Errorf("field %q: %w: too many rows", f.Name, soa.ErrShape)
		}
		switch {
		case slices.Equal(f.Row, g.Row) || g.Total() == 0:
		case f.Total() == 0:
			f.Row = g.Row
		default:
			return fmt.Errorf("field %q: %w: the rows of rank %d are %v, those before %v", f.Name, soa.ErrShape, p.rank, g.Row, f.Row)
		}
		f.Scalar = f.Scalar && g.Scalar
		f.Rows = slices.Concat(f.Rows, g.Rows)
	}
	return nil
}

// place is one of the Ranks of a part.
type place struct {
	set *Set
	i   int
}

type places []place

type joinedReader struct {
	joined
	places
}

func (r joinedReader) read(ctx context.Context, i int, into *soa.Dict, names []string) error {
	p := r.places[i]
	return p.set.Read(ctx, p.i, into, names...)
}

// Close closes all parts.
func (j joined) Close() error {
	var errs []error
	for _, p := range j {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
