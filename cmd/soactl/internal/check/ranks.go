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
	ranks := comparison{r: r}
	for _, rank := range numbers(files) {
		name := files[rank]
		h, err := look(ctx, r, name)
		if err != nil {
			r.failed(name, err)
			ranks.differ = true
			continue
		}
		ranks.add(name, h)
	}
	if !ranks.differ {
		r.Rows = &ranks.rows
	}
}

// comparison compares the parts that ranks have of a value.
type comparison struct {
	r              *Report
	first          string // the file of the first part
	stamp, stamped string // the first stamp, and its file
	rows           int64  // of all parts
	differ         bool   // there is a part whose fields have not equally many
}

func (c *comparison) add(name string, h rankHead) {
	if c.first == "" {
		c.first, c.r.Fields = name, h.fields
	} else if what := differ(h.fields, c.r.Fields); what != "" {
		c.r.problem(Mixed, name, "not of one value with %s: %s", c.first, what)
	}
	switch {
	case h.stamp == "" || h.stamp == c.stamp:
	case c.stamp == "":
		c.stamp, c.stamped = h.stamp, name
	default:
		c.r.problem(Mixed, name, "of another Set (%s) than %s (%s)", h.stamp, c.stamped, c.stamp)
	}
	c.rows += h.rows
	c.differ = c.differ || h.differ
}
