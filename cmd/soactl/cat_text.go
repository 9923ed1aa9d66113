package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
)

// page is how many rows are printed between two looks at whether to go on.
const page = 1024

// cells are the rows of one array, as text.
type cells struct {
	text func(dst []byte, element int) []byte
	rows int
	wide int // elements in a row
}

func cellsOf(a soa.Array) cells {
	c := cells{render.Text(a), a.Rows(), 0}
	if c.rows > 0 {
		c.wide = a.Len() / c.rows
	}
	return c
}

// csv prints the selection as comma-separated values.
func (s selection) csv(ctx context.Context, w io.Writer) error {
	for k := range s.set.Fields {
		f, first := &s.set.Fields[k], &s.set.Fields[0]
		if s.count(f) != s.count(first) {
			return fmt.Errorf("%s: field %q has %s, %q has %s, but csv needs as many of each: choose with --fields, or use --format json",
				s.set.Name, f.Name, count(s.count(f), "row"), first.Name, count(s.count(first), "row"))
		}
	}
	names, err := csvHead(s.set.Fields)
	if err != nil {
		return err
	}
	head := csv.NewWriter(w)
	if err := head.Write(names); err != nil {
		return err
	}
	head.Flush()
	if err := head.Error(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	err = s.each(ctx, s.set.Fields, func(d *soa.Dict) error { return csvRows(ctx, out, d) })
	if err != nil {
		return err
	}
	return out.Flush()
}

// maxColumns is how many columns a field may need: a shape of no rows can say any
// number.
const maxColumns = 1 << 20

// csvHead returns the name of each column.
func csvHead(fields []dataset.Field) ([]string, error) {
	var head []string
	for _, f := range fields {
		if slices.Contains(f.Row, 0) {
			continue
		}
		wide := 1
		for _, n := range f.Row {
			if wide > maxColumns/n {
				return nil, fmt.Errorf("field %q: its rows of %v elements need too many columns: choose others with --fields, or use --format json", f.Name, f.Row)
			}
			wide *= n
		}
		names := []string{f.Name}
		for _, n := range f.Row {
			names = cross(names, n, func(i int) string { return "[" + strconv.Itoa(i) + "]" })
		}
		if f.DType.IsComplex() {
			names = cross(names, 2, func(i int) string { return []string{".real", ".imag"}[i] })
		}
		head = append(head, names...)
	}
	return head, nil
}

// cross returns each name with each of n endings.
func cross(names []string, n int, ending func(i int) string) []string {
	var out []string
	for _, name := range names {
		for i := range n {
			out = append(out, name+ending(i))
		}
	}
	return out
}

func csvRows(ctx context.Context, out *bufio.Writer, d *soa.Dict) error {
	var columns []cells
	for _, a := range d.All() {
		columns = append(columns, cellsOf(render.Parts(a)))
	}
	rows, _ := d.Rows()
	var line []byte
	for row := range rows {
		line = line[:0]
		for _, c := range columns {
			for j := range c.wide {
				line = append(c.text(line, row*c.wide+j), ',')
			}
		}
		if len(line) > 0 {
			line = line[:len(line)-1]
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
		if row%page == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// table prints the selection in aligned columns. Where fields differ in length,
// the shorter ones end earlier.
func (s selection) table(ctx context.Context, w io.Writer) error {
	columns := make([]render.Column, len(s.set.Fields))
	for i, f := range s.set.Fields {
		columns[i] = render.Right(f.Name)
	}
	t := render.NewTable(w, columns...)
	err := s.each(ctx, s.set.Fields, func(d *soa.Dict) error { return tableRows(ctx, t, d) })
	if err != nil {
		return err
	}
	return t.Flush()
}

func tableRows(ctx context.Context, t *render.Table, d *soa.Dict) error {
	var columns []cells
	rows := 0
	for _, a := range d.All() {
		columns = append(columns, cellsOf(a))
		rows = max(rows, a.Rows())
	}
	for row := range rows {
		line := make([]string, len(columns))
		for i, c := range columns {
			if row < c.rows {
				line[i] = c.cell(row)
			}
		}
		t.Row(line...)
		if t.Len() == page {
			if err := errors.Join(t.Flush(), ctx.Err()); err != nil {
				return err
			}
		}
	}
	return nil
}

// fewElements is how many elements of a row a table shows.
const fewElements = 4

// cell returns the text of a row in a table.
func (c cells) cell(row int) string {
	if c.wide == 1 {
		return string(c.text(nil, row))
	}
	b := []byte{'['}
	for j := range min(c.wide, fewElements) {
		if j > 0 {
			b = append(b, ' ')
		}
		b = c.text(b, row*c.wide+j)
	}
	if c.wide > fewElements {
		b = append(b, " ..."...)
	}
	return string(append(b, ']'))
}
