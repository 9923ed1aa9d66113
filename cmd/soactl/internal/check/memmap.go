package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/memmap"
)

// folder checks a rank's folder of mapped arrays.
func (c *Checker) folder(ctx context.Context, r *Report, name string) (rankHead, error) {
	in, err := Inside(name)
	if err != nil {
		return rankHead{}, err
	}
	r.Leftovers = append(r.Leftovers, in.Leftovers...)
	folder, err := dataset.ReadFolder(name)
	if err != nil {
		return rankHead{}, err
	}
	h := rankHead{stamp: folder.Set}
	named := map[string]bool{memmap.ContentsName: true}
	for _, f := range folder.Fields {
		path := folder.Array(f.Name)
		for _, suffix := range dataset.ArraySuffixes {
			named[filepath.Base(path)+suffix] = true
		}
		info, err := dataset.StatField(folder, f)
		if err != nil {
			r.failed(path, interrupted(path, err))
			continue
		}
		h.add(f.Name, info.DType.String(), info.Shape)
		c.elements(ctx, r, path, info)
	}
	for _, file := range in.Others {
		if !named[filepath.Base(file)] {
			r.problem(Mixed, file, "%s names no field that is in it", filepath.Join(name, memmap.ContentsName))
		}
	}
	return h, nil
}

// array checks a mapped array by itself.
func (c *Checker) array(ctx context.Context, r *Report, path string) {
	r.Files = filesOf(path)
	in, err := Inside(filepath.Dir(path))
	r.failed(path, err)
	for _, file := range in.Leftovers {
		if name, _, _ := dataset.ArrayLeftover(filepath.Base(file)); name == filepath.Base(path) {
			r.Leftovers = append(r.Leftovers, file)
		}
	}
	info, err := memmap.Stat(path)
	if err != nil {
		r.failed(path, interrupted(path, err))
		return
	}
	rows := int64(info.Shape[0])
	r.Rows = &rows
	r.Fields = []Field{{filepath.Base(path), info.DType.String()}}
	c.elements(ctx, r, path, info)
}

// interrupted adds to the error of an array without NAME.yaml where its earlier
// value is.
func interrupted(path string, err error) error {
	aside := dataset.AsideOf(path)
	if len(aside) == 0 {
		return err
	}
	for i := range aside {
		aside[i] = filepath.Base(aside[i])
	}
	return fmt.Errorf("%w; a replacement was interrupted: to restore the earlier value, rename %s (take away .TOKEN.old), the .yaml last", err, strings.Join(aside, ", "))
}

// elements reads the files of an array to their ends, of which no checksum is
// kept, and looks at what can be wrong: bools, and the structure of a matrix.
func (c *Checker) elements(ctx context.Context, r *Report, path string, info memmap.Info) {
	if !c.Deep {
		return
	}
	for _, name := range filesOf(path) {
		r.failed(name, errors.Join(ctx.Err(), c.readAll(name)))
	}
	f, err := memmap.OpenFile(path, memmap.ReadOnly)
	if err != nil {
		r.failed(path, err)
		return
	}
	defer f.Close() // only read from
	if info.Sparse {
		r.failed(path, memmap.Guard(func() error { return canonical(path, f) }, f))
	}
}

func (c *Checker) readAll(name string) error {
	f, err := dataset.OpenFile(name, c.Count)
	if err != nil {
		return err
	}
	defer f.Close()
	size, _ := f.Size()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.NewSectionReader(f, 0, size), make([]byte, 1<<20))
	return err
}

// canonical reports what is wrong with the structure of a sparse matrix.
func canonical(path string, f *memmap.File) error {
	parts, err := f.Dict()
	if err != nil {
		return err
	}
	indices, _ := parts.Get("indices")
	indptr, _ := parts.Get("indptr")
	data, _ := parts.Get("data")
	if indices.DType() == soa.Int32 && indptr.DType() == soa.Int32 {
		err = checkCSR[int32](f.Info(), data, indices, indptr)
	} else {
		err = checkCSR[int64](f.Info(), data, indices, indptr)
	}
	if wrong := (*memmap.CanonicalError)(nil); errors.As(err, &wrong) {
		wrong.Path = path
	}
	return err
}

// checkCSR checks the structure of a matrix. The elements' values play no part in
// it: whatever their type, as many bytes stand for them.
func checkCSR[I memmap.Index](info memmap.Info, data, indices, indptr soa.Array) error {
	return memmap.CSR[uint8, I]{
		Rows: info.Shape[0], Cols: info.Shape[1],
		Data: data.Bytes()[:info.NNZ], Indices: integers[I](indices), Indptr: integers[I](indptr),
	}.Check()
}

// integers returns the elements of an int32 or int64 array as I, which is no
// narrower.
func integers[I memmap.Index](a soa.Array) []I {
	if same, err := soa.Values[I](a); err == nil {
		return same
	}
	narrow, err := soa.Values[int32](a)
	if err != nil {
		panic(err) // memmap lets no other types pass
	}
	wide := make([]I, len(narrow))
	for i, v := range narrow {
		wide[i] = I(v)
	}
	return wide
}

// filesOf returns the files of an array that are there.
func filesOf(path string) []string {
	var out []string
	for _, suffix := range dataset.ArraySuffixes {
		if _, err := os.Lstat(path + suffix); err == nil {
			out = append(out, path+suffix)
		}
	}
	return out
}
