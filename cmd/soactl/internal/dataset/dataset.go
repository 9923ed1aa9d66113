// Package dataset gives GenericIO files, rank maps, .npz and .npy files, mapped arrays
// and values in arenas one shape: ranks that each have rows of the same fields.
package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

// ErrUnreadable is the kind of error of reading a field whose elements are of a
// type that this module does not have.
var ErrUnreadable = errors.New("its elements are of a type that cannot be read")

// Field is a field of a Set.
type Field struct {
	Name   string
	DType  soa.DType // Invalid if it cannot be read
	Type   string    // DType's name, or the file's own for what cannot be read
	Row    []int     // the shape of a row: empty for a single element
	Scalar bool      // on each rank a 0-dimensional array: one row without a dimension for it
	Rows   []int     // of each of the Set's Ranks
}

// Total returns the number of rows on all ranks.
func (f *Field) Total() int {
	n := 0
	for _, rows := range f.Rows {
		n += rows
	}
	return n
}

// Elements returns the number of elements in a row.
func (f *Field) Elements() int {
	n := 1
	for _, d := range f.Row {
		n *= d
	}
	return n
}

// Bytes returns the size of all elements.
func (f *Field) Bytes() int64 {
	return int64(f.Total()) * int64(f.Elements()) * int64(f.DType.Size())
}

// IsScalar reports whether all rows are those of one 0-dimensional array. Those of
// several ranks are an array with an element for each.
func (f *Field) IsScalar() bool { return f.Scalar && f.Total() == 1 }

// Shape returns the shape of an array of so many rows of the field.
func (f *Field) Shape(rows int) []int {
	if f.IsScalar() {
		return []int{}
	}
	return append([]int{rows}, f.Row...)
}

// Set is an open file, a rank map with its partition files, a folder, or a value of a
// store. Its methods are for one goroutine.
type Set struct {
	Name string
	Kind Kind
	// Ranks are those of the program that wrote it, in order; a file without ranks has
	// 0 only. A rank whose rows come in blocks is there once for each.
	Ranks  []int
	Fields []Field

	// Stored says that it is a value of a store, on all ranks.
	Stored bool

	// What GenericIO files say besides, zeros for others.
	Origin, Scale [3]float64
	Flags         map[string]genericio.Flags

	// Matrix is the shape of the sparse matrix that the fields are the parts of; nil
	// for all else.
	Matrix []int

	place []int // where each of Ranks is for the reader
	reader
}

type reader interface {
	read(ctx context.Context, place int, into *soa.Dict, names []string) error
	Close() error
}

// Open opens a file of any kind, of an arena its only value; of a rank map it reads
// the headers of the partition files too.
func Open(ctx context.Context, name string) (*Set, error) {
	kind, err := KindOf(name)
	if err != nil {
		return nil, err
	}
	open := map[Kind]func(context.Context, string) (*Set, error){
		GIO: inOpened(openGIO), NPZ: inOpened(openNPZ), NPY: inOpened(openNPY), Memmap: openMemmap, Arena: openOnly,
	}[kind]
	s, err := open(ctx, name)
	if err != nil {
		return nil, inFile(name, err)
	}
	s.Name, s.Kind = name, kind
	return s, nil
}

// inOpened makes a function that takes a file one that takes its name.
func inOpened(open func(context.Context, *File) (*Set, error)) func(context.Context, string) (*Set, error) {
	return func(ctx context.Context, name string) (*Set, error) {
		f, err := OpenFile(name, nil)
		if err != nil {
			return nil, err
		}
		s, err := open(ctx, f)
		if err != nil {
			f.Close() // only read from
			return nil, err
		}
		return s, nil
	}
}

// inFile makes err name the file, if it does not yet.
func inFile(name string, err error) error {
	if err == nil || strings.Contains(err.Error(), filepath.Base(name)) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Read reads the named fields of the i-th of Ranks into the arrays that into has
// of them, if they are large enough, else into fresh ones. into then has no other
// fields.
func (s *Set) Read(ctx context.Context, i int, into *soa.Dict, names ...string) error {
	return inFile(s.Name, s.read(ctx, s.place[i], into, names))
}

// KeepRank leaves the Set with one rank, that of the given number.
func (s *Set) KeepRank(rank int) error {
	lo := slices.Index(s.Ranks, rank)
	if lo < 0 {
		return fmt.Errorf("%s: %w: %d; there are %s", s.Name, genericio.ErrRank, rank, span(s.Ranks))
	}
	hi := lo + 1
	for hi < len(s.Ranks) && s.Ranks[hi] == rank {
		hi++
	}
	s.Ranks, s.place = s.Ranks[lo:hi], s.place[lo:hi]
	for k := range s.Fields {
		s.Fields[k].Rows = s.Fields[k].Rows[lo:hi]
	}
	return nil
}

func span(ranks []int) string {
	ranks = slices.Compact(slices.Clone(ranks))
	if len(ranks) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, from %d to %d", len(ranks), slices.Min(ranks), slices.Max(ranks))
}

// OnRank returns the Set with one rank, that of the given number. It shares the files
// of s, which is the one to close.
func (s *Set) OnRank(rank int) (*Set, error) {
	one := *s
	one.Fields = slices.Clone(s.Fields)
	return &one, one.KeepRank(rank)
}

// KeepFields leaves the Set with the named fields, in that order, or with all if
// there are no names. It fails for a field that is not there, is named twice, or
// cannot be read.
func (s *Set) KeepFields(names []string) error {
	if len(names) == 0 {
		names = s.names()
	}
	kept := make([]Field, 0, len(names))
	for i, name := range names {
		k := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
		switch {
		case k < 0:
			return fmt.Errorf("%s: %w", s.Name, &soa.FieldError{Field: name, Have: s.names()})
		case slices.Contains(names[:i], name):
			return fmt.Errorf("%s: %w: %q is asked for twice", s.Name, soa.ErrField, name)
		case !s.Fields[k].DType.Valid():
			return fmt.Errorf("%s: field %q (%s): %w; choose others with --fields", s.Name, name, s.Fields[k].Type, ErrUnreadable)
		}
		kept = append(kept, s.Fields[k])
	}
	s.Fields = kept
	return nil
}

func (s *Set) names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// Bytes returns the size of all elements of all fields.
func (s *Set) Bytes() int64 {
	n := int64(0)
	for i := range s.Fields {
		n += s.Fields[i].Bytes()
	}
	return n
}
