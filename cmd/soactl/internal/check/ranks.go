package check

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/soastore/soa/soastore"
)

// rankHead is what is compared between the files of ranks.
type rankHead struct {
	fields []Field
	// stamp says which Set wrote the file, "" if nothing does: those of an interrupted
	// Set can lie beside those of the one before.
	stamp  string
	rows   int64
	differ bool // the fields have not equally many rows
}

// add adds a field to h.
func (h *rankHead) add(name, dtype string, shape []int) {
	rows := int64(1)
	if len(shape) > 0 {
		rows = int64(shape[0])
	}
	h.differ = h.differ || len(h.fields) > 0 && rows != h.rows
	h.rows = rows
	h.fields = append(h.fields, Field{name, dtype})
}

// lookFunc looks at the file or folder of a rank. It reports what is wrong with it,
// and returns an error if there is nothing to compare.
type lookFunc func(ctx context.Context, r *Report, name string) (rankHead, error)

// rankValue checks a value that is in a file or folder for each rank.
func (c *Checker) rankValue(ctx context.Context, r *Report, v soastore.Spilled, look lookFunc) {
	ranks := numbers(v.Parts)
	for _, rank := range ranks {
		r.Files = append(r.Files, v.Parts[rank])
		switch missing := rank - r.Ranks; {
		case missing == 1:
			r.problem(Incomplete, v.Parts[rank], "the file of rank %d is missing", rank-1)
		case missing > 1:
			r.problem(Incomplete, v.Parts[rank], "the files of ranks %d to %d are missing", r.Ranks, rank-1)
		}
		r.Ranks = rank + 1
	}
	for _, name := range v.Leftovers {
		if place, ok := strings.CutSuffix(name, ".old"); ok && !there(strings.TrimSuffix(place, filepath.Ext(place))) {
			r.problem(Incomplete, name, "nothing is in its place: a Set or a removal was interrupted, and a store opened with Options.Reopen goes back to it")
		}
	}
	c.rankFiles(ctx, r, v.Parts, look)
	if r.Has(Incomplete) {
		r.Rows = nil
	}
}

func there(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// rankFiles checks the files of ranks, and one against the other.
func (c *Checker) rankFiles(ctx context.Context, r *Report, files map[int]string, look lookFunc) {
	var first, stamp, stamped string // the first file, and the first stamp with its file
	total, agree := int64(0), true
	for _, rank := range numbers(files) {
		name := files[rank]
		h, err := look(ctx, r, name)
		if err != nil {
			r.failed(name, err)
			agree = false
			continue
		}
		if first == "" {
			first, r.Fields = name, h.fields
		} else if what := differ(h.fields, r.Fields); what != "" {
			r.problem(Mixed, name, "not of one value with %s: %s", first, what)
		}
		switch {
		case h.stamp == "" || h.stamp == stamp:
		case stamp == "":
			stamp, stamped = h.stamp, name
		default:
			r.problem(Mixed, name, "of another Set (%s) than %s (%s)", h.stamp, stamped, stamp)
		}
		total, agree = total+h.rows, agree && !h.differ
	}
	if agree {
		r.Rows = &total
	}
}
