package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/soastore"
)

// arenaFile checks an arena by itself.
func (c *Checker) arenaFile(ctx context.Context, r *Report, name string) {
	a, err := dataset.OpenArena(name)
	if err != nil {
		r.failed(name, err)
		return
	}
	defer a.Close() // only read from
	for _, err := range c.damage(ctx, a) {
		r.failed(name, err)
	}
}

// damage returns what is wrong with an arena: with its tables and headers or, if all
// is to be read, with its columns too.
func (c *Checker) damage(ctx context.Context, a *arena.Arena) []error {
	if c.Count != nil {
		defer c.Count(SizeOf(a.Name()))
	}
	if !c.Deep {
		return Damage(a)
	}
	return inPlace(a.Verify(ctx))
}

// Damage returns what is wrong with the tables and headers of an arena, in the order of
// their places.
func Damage(a *arena.Arena) []error {
	ended, end := context.WithCancel(context.Background())
	end() // before it comes to the columns
	return inPlace(a.Verify(ended))
}

// inPlace returns the errors that are joined in err by their places in the file.
func inPlace(err error) []error {
	errs := slices.DeleteFunc(flat(err), func(err error) bool { return errors.Is(err, context.Canceled) })
	slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(placeOf(a).Offset, placeOf(b).Offset) })
	return errs
}

// flat returns the errors that are joined in err, and in those.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var out []error
	for _, err := range joined.Unwrap() {
		out = append(out, flat(err)...)
	}
	return out
}

// placeOf returns where an error is.
func placeOf(err error) arena.Error {
	var at *arena.Error
	if errors.As(err, &at) {
		return *at
	}
	return arena.Error{}
}

// arenas are those of the ranks of a store.
type arenas struct {
	Report                        // on the files
	stem   string                 // of their names, before the rank
	known  bool                   // an arena has said how many ranks there are
	ranks  int                    // 0 if each has values of its own
	values map[string]*arenaValue // by key
}

// arenaValue is what is known of a value in arenas.
type arenaValue struct {
	Report
	parts  comparison
	has    []int          // the ranks that have a part, in order
	others map[string]int // by stamp: how many ranks have a version besides
}

// arenas reports on all values in the arenas of a store and, if they have none or
// there is more wrong, on the arenas themselves. One of them is open at a time.
func (c *Checker) arenas(ctx context.Context, v soastore.Spilled) []Report {
	s := &arenas{Report: Report{Name: v.Files()[0], Kind: dataset.Arena, Leftovers: v.Leftovers}, values: map[string]*arenaValue{}}
	for _, rank := range numbers(v.Parts) {
		name := v.Parts[rank]
		s.stem = strings.TrimSuffix(name, fmt.Sprintf("%d.arena", rank))
		s.Name = s.stem + "*.arena"
		s.Files = append(s.Files, name)
		s.failed(name, c.arenaOf(ctx, s, rank, name))
	}
	out := s.reports(v)
	s.missing(v.Parts)
	s.Ranks, s.Rows = max(s.ranks, len(s.Files)), new(int64)
	s.finish()
	if len(out) == 0 || !s.Good() || len(s.Leftovers) > 0 {
		out = append(out, s.Report)
	}
	return out
}

// arenaOf takes in the arena of a rank.
func (c *Checker) arenaOf(ctx context.Context, s *arenas, rank int, name string) error {
	a, err := dataset.OpenArena(name)
	if err != nil {
		return err
	}
	defer a.Close() // only read from
	s.owner(a, rank)
	for _, key := range slices.Concat(a.Keys(), a.Recoverable()) {
		if err := s.value(key).take(a, rank, s.ranks > 0); err != nil {
			return err
		}
	}
	for _, err := range c.damage(ctx, a) {
		if v := s.values[placeOf(err).Key]; v != nil {
			v.failed(name, err)
		} else {
			s.failed(name, err)
		}
	}
	return ctx.Err()
}

// owner looks at whose the arena says it is.
func (s *arenas) owner(a *arena.Arena, rank int) {
	have, ranks, ok := soastore.ArenaOwner(a.Label())
	switch {
	case !ok || have != rank:
		s.problem(Mixed, a.Name(), "it is of %q, in spite of its name", a.Label())
	case !s.known:
		s.known, s.ranks = true, ranks
	case ranks != s.ranks:
		s.problem(Mixed, a.Name(), "it is of %q, those before are of a store of %d ranks (0: with Options.Independent)", a.Label(), s.ranks)
	}
}

func (s *arenas) value(key string) *arenaValue {
	v := s.values[key]
	if v == nil {
		v = &arenaValue{Report: Report{Kind: dataset.Arena, Key: key}, others: map[string]int{}}
		v.parts.r = &v.Report
		s.values[key] = v
	}
	return v
}

// take takes in what a rank has of the value: a part, and other versions. Parts of a
// store with Options.Independent are not compared.
func (v *arenaValue) take(a *arena.Arena, rank int, together bool) error {
	v.takeOthers(a)
	value, err := a.Get(v.Key)
	if errors.Is(err, arena.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	defer value.Close()
	h := rankHead{stamp: value.Stamp()}
	for _, f := range value.Fields() {
		h.add(f.Name, f.DType.String(), f.Shape)
	}
	if !together {
		h.stamp = ""
		if len(v.has) > 0 {
			h.fields = v.Fields
		}
	}
	v.parts.add(a.Name(), h)
	v.has, v.Files = append(v.has, rank), append(v.Files, a.Name())
	v.Bytes += value.NBytes()
	return nil
}

func (v *arenaValue) takeOthers(a *arena.Arena) {
	seen := map[string]bool{}
	for _, version := range a.Versions(v.Key) {
		if version.Current {
			continue
		}
		v.Leftovers = append(v.Leftovers, VersionName(a.Name(), v.Key, version.Stamp))
		if !seen[version.Stamp] {
			v.others[version.Stamp]++
		}
		seen[version.Stamp] = true
	}
}

// VersionName names a version of a value in an arena.
func VersionName(file, key, stamp string) string {
	return fmt.Sprintf("%s: key %q: version %q", file, key, stamp)
}

// reports returns what is to be said of each value.
func (s *arenas) reports(v soastore.Spilled) []Report {
	var out []Report
	tiered := s.tiered()
	for _, key := range slices.SortedFunc(maps.Keys(s.values), byName) {
		r := s.values[key]
		r.Name = v.Name(key)
		want := s.ranks
		if tiered {
			_, _, want, _ = soastore.TieredKey(key)
		}
		if len(r.has) > 0 {
			s.whole(r, want)
		} else {
			s.goesBack(r)
		}
		r.finish()
		out = append(out, r.Report)
	}
	return out
}

// tiered reports whether the store is a tiered one: their arenas are the ranks' own,
// and all keys say how many have a part.
func (s *arenas) tiered() bool {
	for key := range s.values {
		if _, _, _, ok := soastore.TieredKey(key); !ok {
			return false
		}
	}
	return s.ranks == 0
}

// whole looks for the parts of a value that want ranks should have, 0 if nothing says
// so.
func (s *arenas) whole(v *arenaValue, want int) {
	v.Ranks = max(len(v.has), want)
	n, first := lacking(v.has, want)
	switch {
	case n == 0 && !v.parts.differ:
		v.Rows = &v.parts.rows
	case n == 0:
	case s.ranks == 0:
		v.problem(Incomplete, s.file(first), "%d of %d ranks have no part there, the first is %d: a tiered store had it in memory, or has it at another path", n, want, first)
	default:
		v.problem(Incomplete, s.file(first), "%d of %d ranks have no part, the first is %d", n, want, first)
	}
}

// lacking returns how many of the ranks below want are not among has, which is in
// order, and the first of them.
func lacking(has []int, want int) (n, first int) {
	below, _ := slices.BinarySearch(has, want)
	for first < below && has[first] == first {
		first++
	}
	return want - below, first
}

func (s *arenas) file(rank int) string { return fmt.Sprintf("%s%d.arena", s.stem, rank) }

// goesBack looks at a value of which no rank has a part, but some have versions.
func (s *arenas) goesBack(v *arenaValue) {
	for _, ranks := range v.others {
		if ranks >= max(1, s.ranks) {
			v.problem(Incomplete, s.Files[0], "no rank has a part: a Set or a removal was interrupted, and a store opened with Options.Reopen goes back to it")
			return
		}
	}
}

// missing reports ranks that have no arena.
func (s *arenas) missing(parts map[int]string) {
	if n, first := lacking(numbers(parts), s.ranks); n > 0 {
		s.problem(Incomplete, s.file(first), "%d of %d ranks have no arena, the first is %d", n, s.ranks, first)
	}
}
