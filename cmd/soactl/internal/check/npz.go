package check

import (
	"context"
	"strings"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/npz"
	"github.com/soastore/soa/soastore"
)

// stampPrefix begins the archive comment by which a store marks the files of one
// Set: those of an interrupted Set can lie beside those of the one before.
const stampPrefix = "soa set "

func (c *Checker) npzValue(ctx context.Context, r *Report, v soastore.Spilled) {
	ranks := numbers(v.Parts)
	for _, rank := range ranks {
		r.Files = append(r.Files, v.Parts[rank])
	}
	for _, rank := range ranks {
		switch missing := rank - r.Ranks; {
		case missing == 1:
			r.problem(Incomplete, v.Parts[rank], "the file of rank %d is missing", rank-1)
		case missing > 1:
			r.problem(Incomplete, v.Parts[rank], "the files of ranks %d to %d are missing", r.Ranks, rank-1)
		}
		r.Ranks = rank + 1
	}
	c.npzFiles(ctx, r, v.Parts)
	if r.Has(Incomplete) {
		r.Rows = nil
	}
}

// npzFiles checks the files of ranks, and one against the other.
func (c *Checker) npzFiles(ctx context.Context, r *Report, files map[int]string) {
	var first, stamp string // the first file, and the first stamp with its file
	var stamped string
	total, agree := int64(0), true
	for _, rank := range numbers(files) {
		name := files[rank]
		h, err := c.npzFile(ctx, r, name)
		if err != nil {
			agree = false
			continue
		}
		if first == "" {
			first, r.Fields = name, h.fields
		} else if what := differ(h.fields, r.Fields); what != "" {
			r.problem(Mixed, name, "not of one value with %s: %s", first, what)
		}
		if strings.HasPrefix(h.comment, stampPrefix) {
			if stamp == "" {
				stamp, stamped = h.comment, name
			} else if stamp != h.comment {
				r.problem(Mixed, name, "of another Set (%s) than %s (%s)", h.comment, stamped, stamp)
			}
		}
		total, agree = total+h.rows, agree && h.agree
	}
	if agree {
		r.Rows = &total
	}
}

// npzHead is what is compared between files.
type npzHead struct {
	fields  []Field
	comment string
	rows    int64
	agree   bool // the fields have equally many rows
}

func (c *Checker) npzFile(ctx context.Context, r *Report, name string) (npzHead, error) {
	f, err := dataset.OpenFile(name, c.Count)
	if err != nil {
		r.failed(name, err)
		return npzHead{}, err
	}
	defer f.Close()
	size, _ := f.Size()
	z, err := npz.NewReader(f, size)
	if err != nil {
		r.failed(name, err)
		return npzHead{}, err
	}
	fields, err := z.Fields()
	if c.Deep {
		err = z.Verify(ctx) // which reads the headers too
	}
	r.failed(name, err)
	h := npzHead{comment: z.Comment(), agree: true}
	for i, d := range fields {
		f := Field{d.Name, d.DType.String()}
		if !d.DType.Valid() {
			f.Type = d.Descr
		}
		h.fields = append(h.fields, f)
		rows := int64(1)
		if len(d.Shape) > 0 {
			rows = int64(d.Shape[0])
		}
		h.agree = h.agree && (i == 0 || rows == h.rows)
		h.rows = rows
	}
	return h, nil
}
