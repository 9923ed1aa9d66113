package check

import (
	"fmt"
	"slices"

	"github.com/soastore/soa/genericio"
)

// gioSet compares the data files of one value with one another, and with the
// rank map if there is one.
type gioSet struct {
	r          *Report
	index      string               // the file, or the rank map
	entries    []genericio.MapEntry // nil without a map
	cartesian  bool                 // the map gives coordinates
	first      string               // the first file, whose fields are the value's
	dims       [3]int               // and whose decomposition
	owner      map[int]string       // of each global rank, the file that has it
	rows       int64
	incomplete bool // there are ranks whose rows are not known
}

func newGIOSet(r *Report, index string) *gioSet {
	return &gioSet{r: r, index: index, owner: map[int]string{}}
}

// add takes in a file's header. want are the global ranks that the map gives it.
func (s *gioSet) add(name string, h *genericio.Header, want []int) {
	s.rows += h.Rows
	fields := fieldsOf(h)
	if s.first == "" {
		s.first, s.dims, s.r.Fields = name, h.Dims, fields
	} else {
		if what := differ(fields, s.r.Fields); what != "" {
			s.r.problem(Mixed, name, "not of one value with %s: %s", s.first, what)
		}
		if h.Dims != s.dims {
			s.r.problem(Mixed, name, "not of one value with %s: its decomposition is %v instead of %v", s.first, h.Dims, s.dims)
		}
	}
	for _, rank := range h.Ranks {
		s.rank(name, rank, want)
	}
	for _, rank := range want {
		if s.owner[rank] == "" {
			s.r.problem(Mixed, name, "it lacks rank %d, which the map gives it", rank)
		}
	}
}

func (s *gioSet) rank(name string, rank genericio.Rank, want []int) {
	n := rank.GlobalRank
	if other, ok := s.owner[n]; ok {
		s.r.problem(Mixed, name, "it has rank %d, which is in %s already", n, other)
	}
	s.owner[n] = name
	if want == nil {
		return
	}
	if _, ok := slices.BinarySearch(want, n); !ok {
		s.r.problem(Mixed, name, "it has rank %d, which the map does not give it", n)
	} else if c := s.entries[n].Coords; s.cartesian && c != rank.Coords {
		s.r.problem(Mixed, name, "rank %d is at %v, in the map at %v", n, rank.Coords, c)
	}
}

// whole checks that a file which is a value of its own has all ranks.
func (s *gioSet) whole(name string) {
	for n := range len(s.owner) {
		if s.owner[n] == "" {
			s.r.problem(Mixed, name, "it lacks rank %d, but has %d ranks", n, len(s.owner))
		}
	}
}

// count puts the number of ranks and rows into the report.
func (s *gioSet) count() {
	s.r.Ranks = len(s.owner)
	if s.entries != nil {
		s.r.Ranks = len(s.entries)
		if n := s.dims[0] * s.dims[1] * s.dims[2]; s.first != "" && n != s.r.Ranks {
			s.r.problem(Mixed, s.index, "it has %d ranks, but the decomposition %v of %s is for %d", s.r.Ranks, s.dims, s.first, n)
		}
	}
	if !s.incomplete && s.first != "" {
		s.r.Rows = &s.rows
	}
}

func fieldsOf(h *genericio.Header) []Field {
	fields := make([]Field, len(h.Variables))
	for i, v := range h.Variables {
		fields[i] = Field{v.Name, v.DType.String()}
		if !v.DType.Valid() {
			fields[i].Type = fmt.Sprintf("%d bytes", v.RowBytes/v.Elements)
		}
		if v.Elements > 1 {
			fields[i].Type += fmt.Sprintf("[%d]", v.Elements)
		}
	}
	return fields
}
