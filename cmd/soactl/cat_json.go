package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
)

// json prints the selection as one object, field by field, so that only one field
// of one rank is in memory.
func (s selection) json(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	separator := "{\n"
	for i := range s.set.Fields {
		out.WriteString(separator)
		separator = ",\n"
		if err := s.jsonField(ctx, out, &s.set.Fields[i]); err != nil {
			return err
		}
	}
	if len(s.set.Fields) == 0 {
		out.WriteString(separator)
	}
	out.WriteString("\n}\n")
	return out.Flush()
}

// jsonField prints one member of the object. Errors of out come again in Flush.
func (s selection) jsonField(ctx context.Context, out *bufio.Writer, f *dataset.Field) error {
	shape := f.Shape(s.count(f))
	scalar := f.IsScalar() && s.count(f) == 1
	if f.IsScalar() && !scalar { // the row of a scalar was not selected
		shape = []int{0}
	}
	for _, part := range []struct {
		before string
		v      any
	}{{"", f.Name}, {`: {"dtype": `, f.Type}, {`, "shape": `, shape}} {
		text, err := json.Marshal(part.v)
		if err != nil {
			return err
		}
		out.WriteString(part.before)
		out.Write(text)
	}
	out.WriteString(`, "values": `)
	j := jsonRows{out: out, shape: f.Row, open: "["}
	if scalar {
		j.open = ""
	}
	err := s.each(ctx, []dataset.Field{*f}, func(d *soa.Dict) error {
		a, _ := d.Get(f.Name)
		return j.rows(ctx, a)
	})
	switch {
	case scalar:
	case j.started:
		out.WriteString("]")
	default:
		out.WriteString("[]")
	}
	out.WriteString("}")
	return err
}

// jsonRows prints rows as lists of lists.
type jsonRows struct {
	out     *bufio.Writer
	shape   []int  // of a row
	open    string // before the first row
	started bool
	text    func([]byte, int) []byte
	buf     []byte
	next    int // element
}

func (j *jsonRows) rows(ctx context.Context, a soa.Array) error {
	j.text, j.next = render.JSON(a), 0
	for row := range a.Rows() {
		if j.started {
			j.out.WriteString(", ")
		} else {
			j.out.WriteString(j.open)
			j.started = true
		}
		j.element(j.shape)
		if row%page == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// element prints the next elements that fill shape.
func (j *jsonRows) element(shape []int) {
	if len(shape) == 0 {
		j.buf = j.text(j.buf[:0], j.next)
		j.out.Write(j.buf)
		j.next++
		return
	}
	j.out.WriteString("[")
	for i := range shape[0] {
		if i > 0 {
			j.out.WriteString(", ")
		}
		j.element(shape[1:])
	}
	j.out.WriteString("]")
}
