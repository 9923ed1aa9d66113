package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/memmap"
)

// memmapInfo describes a mapped array, or a folder of such.
type memmapInfo struct {
	File   string        `json:"file"`
	Format string        `json:"format"`
	What   string        `json:"what"` // dense, sparse or folder
	Bytes  int64         `json:"bytes"`
	Set    string        `json:"set,omitempty"`    // of a folder: which Set wrote it
	Matrix []int         `json:"matrix,omitempty"` // of a sparse matrix: rows and columns
	Fields []memmapField `json:"fields"`
}

type memmapField struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	Bytes int64  `json:"bytes"`
	File  string `json:"file"`
}

func describeMemmap(name string) (*memmapInfo, error) {
	d := &memmapInfo{File: name, Format: string(dataset.Memmap), Fields: []memmapField{}}
	if dataset.IsFolder(name) {
		return d, d.folder()
	}
	info, err := memmap.Stat(dataset.ArrayPath(name))
	if err != nil {
		return nil, err
	}
	d.array(info)
	return d, nil
}

func (d *memmapInfo) folder() error {
	folder, err := dataset.ReadFolder(d.File)
	if err != nil {
		return err
	}
	d.What, d.Set = "folder", folder.Set
	for _, f := range folder.Fields {
		info, err := dataset.StatField(folder, f)
		if err != nil {
			return err
		}
		d.add(f.Name, info.DType.String(), info.Shape, folder.Array(f.Name)+".array")
	}
	return nil
}

func (d *memmapInfo) array(info memmap.Info) {
	path := dataset.ArrayPath(d.File)
	if !info.Sparse {
		d.What = "dense"
		d.add("array", info.DType.String(), info.Shape, path+".array")
		return
	}
	d.What, d.Matrix = "sparse", info.Shape
	d.add("data", info.DType.String(), []int{info.NNZ}, path+".data")
	d.add("indices", info.Indices.String(), []int{info.NNZ}, path+".indices")
	d.add("indptr", info.Indptr.String(), []int{info.Shape[0] + 1}, path+".indptr")
}

// add adds a field, of a file whose size was found to be right.
func (d *memmapInfo) add(name, dtype string, shape []int, file string) {
	size := int64(0)
	if info, err := os.Stat(file); err == nil {
		size = info.Size()
	}
	d.Bytes += size
	d.Fields = append(d.Fields, memmapField{name, dtype, shape, size, file})
}

func (d *memmapInfo) table(w io.Writer, _ infoOptions) error {
	rows := []string{"file", d.File, "format", "mapped array, dense", "size", size(d.Bytes)}
	switch d.What {
	case "folder":
		rows[3] = "folder of mapped arrays"
		rows = append(rows, "set", strings.TrimPrefix(d.Set, "soa set "), "fields", strconv.Itoa(len(d.Fields)))
	case "sparse":
		rows[3] = "mapped array, sparse (CSR)"
		rows = append(rows, "shape", fmt.Sprint(d.Matrix))
	}
	if err := facts(w, rows...); err != nil {
		return err
	}
	t := render.NewTable(w, render.Left("FIELD"), render.Left("DTYPE"), render.Left("SHAPE"), render.Right("BYTES"), render.Left("FILE"))
	for _, f := range d.Fields {
		t.Row(f.Name, f.DType, fmt.Sprint(f.Shape), strconv.FormatInt(f.Bytes, 10), f.File)
	}
	return section(w, t)
}
