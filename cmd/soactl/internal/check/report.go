// Package check finds values and files, and what is wrong with them.
package check

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/npz"
)

// Trouble is a kind of problem.
type Trouble string

// The kinds of problem.
const (
	Incomplete Trouble = "incomplete" // files are missing
	NoMap      Trouble = "no map"     // partition files without a rank map, as Options.Independent leaves them
	Mixed      Trouble = "mixed"      // files that are not of one another
	Damaged    Trouble = "damaged"    // bytes that are not those that were written
	Unreadable Trouble = "unreadable" // a file that cannot be opened at all
)

// Problem is one thing that is wrong.
type Problem struct {
	Trouble Trouble `json:"trouble"`
	File    string  `json:"file"`
	What    string  `json:"what"` // names the place in the file
}

// String returns the problem on one line.
func (p Problem) String() string {
	if strings.Contains(p.What, filepath.Base(p.File)) {
		return p.What
	}
	return p.File + ": " + p.What
}

// Field is a name and a type.
type Field struct {
	Name string `json:"name"`
	Type string `json:"dtype"`
}

// Report is what is known of a file, or of a value in one or more files.
type Report struct {
	Name      string       `json:"name"` // the key, or the file
	Key       string       `json:"-"`    // of a value in arenas: as it is in them
	Kind      dataset.Kind `json:"format"`
	State     string       `json:"state"`
	Ranks     int          `json:"ranks"`
	Rows      *int64       `json:"rows"` // of all ranks; nil if fields differ in it, or it is not known
	Fields    []Field      `json:"fields"`
	Bytes     int64        `json:"bytes"` // of the files, leftovers included; in arenas, of the elements
	Files     []string     `json:"files"`
	Leftovers []string     `json:"leftovers"` // of processes that were killed, or of a Set in progress; in arenas, versions
	Problems  []Problem    `json:"problems"`
}

// finish fills in what follows from the rest.
func (r *Report) finish() {
	var kinds []string
	for _, p := range r.Problems {
		if !slices.Contains(kinds, string(p.Trouble)) {
			kinds = append(kinds, string(p.Trouble))
		}
	}
	switch {
	case len(kinds) > 0:
		r.State = strings.Join(kinds, ", ")
	case len(r.Files) == 0:
		r.State = "leftover"
	default:
		r.State = "ok"
	}
	if r.Key == "" {
		for _, name := range slices.Concat(r.Files, r.Leftovers) {
			r.Bytes += SizeOf(name)
		}
	}
	// Lists are [] in JSON, never null.
	r.Fields, r.Files = orEmpty(r.Fields), orEmpty(r.Files)
	r.Leftovers, r.Problems = orEmpty(r.Leftovers), orEmpty(r.Problems)
}

// SizeOf returns the size of a file, or of the files in a folder, as far as they can
// be seen.
func SizeOf(name string) int64 {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return 0
	case !info.IsDir():
		return info.Size()
	}
	size := int64(0)
	entries, _ := os.ReadDir(name)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
	}
	return size
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Good reports whether there is no problem.
func (r *Report) Good() bool { return len(r.Problems) == 0 }

// Has reports whether there is a problem of a kind.
func (r *Report) Has(t Trouble) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Trouble == t })
}

func (r *Report) problem(t Trouble, file, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{t, file, fmt.Sprintf(format, args...)})
}

// failed adds a problem for each of the errors joined in err.
func (r *Report) failed(file string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && strings.Contains(err.Error(), "\n") {
		for _, e := range joined.Unwrap() {
			r.failed(file, e)
		}
		return
	}
	t := Damaged
	var fault *os.PathError
	switch {
	case err == nil:
		return
	case errors.Is(err, os.ErrNotExist):
		t = Incomplete
	case errors.As(err, &fault), errors.Is(err, npz.ErrDType), errors.Is(err, arena.ErrVersion):
		t = Unreadable
	}
	r.problem(t, file, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
}

// Unusable is the Report on what cannot even be looked for.
func Unusable(name string, err error) Report {
	r := Report{Name: name}
	r.problem(Unreadable, name, "%v", err)
	r.finish()
	return r
}
