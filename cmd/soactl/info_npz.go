package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/npz"
)

// npzInfo describes a .npz or a .npy file.
type npzInfo struct {
	File    string     `json:"file"`
	Format  string     `json:"format"`
	Bytes   int64      `json:"bytes"`
	Comment string     `json:"comment"`
	Fields  []npzField `json:"fields"`
}

type npzField struct {
	Name   string `json:"name"`
	DType  string `json:"dtype"` // "invalid" if it cannot be read
	Descr  string `json:"descr"` // NumPy's, as it is in the file; "" for .npy
	Shape  []int  `json:"shape"`
	Order  string `json:"order"` // C or F; "" for .npy
	Method string `json:"method"`
	Stored int64  `json:"stored_bytes"`
	Plain  int64  `json:"plain_bytes"` // inflated, with the .npy header
	Ratio  ratio  `json:"ratio"`
	Offset int64  `json:"offset"` // of the first element, -1 if it is deflated
}

func describeNPZ(f *dataset.File) (*npzInfo, error) {
	size, _ := f.Size()
	r, err := npz.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	d := &npzInfo{File: f.Name(), Format: "npz", Bytes: size, Comment: r.Comment(), Fields: []npzField{}}
	fields, err := r.Fields()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	for _, h := range fields {
		order := "C"
		if h.Fortran {
			order = "F"
		}
		d.Fields = append(d.Fields, npzField{h.Name, h.DType.String(), h.Descr, append([]int{}, h.Shape...), order,
			h.Method.String(), h.Packed, h.Plain, ratio{h.Plain, h.Packed}, h.Offset})
	}
	return d, nil
}

// describeNPY describes a .npy file, which it reads to the end: of the form that
// the elements have in the file nothing is kept.
func describeNPY(ctx context.Context, file *dataset.File) (*npzInfo, error) {
	s, err := dataset.Open(ctx, file.Name())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	size, _ := file.Size()
	f := s.Fields[0]
	return &npzInfo{File: file.Name(), Format: "npy", Bytes: size, Fields: []npzField{{
		Name: f.Name, DType: f.Type, Shape: f.Shape(f.Total()), Method: npz.Stored.String(),
		Stored: size, Plain: size, Ratio: ratio{size, size}, Offset: size - f.Bytes(),
	}}}, nil
}

func (d *npzInfo) table(w io.Writer, _ infoOptions) error {
	err := facts(w, "file", d.File, "format", d.Format, "size", size(d.Bytes), "comment", d.Comment, "fields", strconv.Itoa(len(d.Fields)))
	if err != nil {
		return err
	}
	t := render.NewTable(w, render.Left("FIELD"), render.Left("DTYPE"), render.Left("DESCR"), render.Left("SHAPE"), render.Left("ORDER"),
		render.Left("METHOD"), render.Right("STORED"), render.Right("PLAIN"), render.Right("RATIO"), render.Right("OFFSET"))
	for _, f := range d.Fields {
		t.Row(f.Name, f.DType, f.Descr, fmt.Sprint(f.Shape), f.Order, f.Method,
			strconv.FormatInt(f.Stored, 10), strconv.FormatInt(f.Plain, 10), f.Ratio.String(), strconv.FormatInt(f.Offset, 10))
	}
	return section(w, t)
}
