package main

import (
	"archive/zip"
	"compress/flate"
	"context"
	"io"

	"github.com/soastore/soa"
	"github.com/soastore/soa/npz"
)

// A sparse matrix in a .npz file is what scipy.sparse.save_npz writes and load_npz
// reads: five arrays, of which four are numbers.
//
//	indices   column numbers
//	indptr    row pointers
//	format    the bytes "csr", of type S3 and no dimensions
//	shape     int64: rows, columns
//	data      elements
//
// Source: scipy/sparse/_matrix_io.py.

// csrFormat is the file format.npy, whose type package soa does not have: the magic
// and version 1.0, 2 bytes for the length of the header, and the header, which
// spaces fill up to byte 128.
const csrFormat = "\x93NUMPY\x01\x00\x76\x00" +
	"{'descr': '|S3', 'fortran_order': False, 'shape': (), }" +
	"                                                              \n" + "csr"

// writeSciPy writes a matrix of the given shape, of which d has data, indices and
// indptr.
func writeSciPy(ctx context.Context, w io.WriterAt, d *soa.Dict, shape []int, level int) error {
	z := zip.NewWriter(io.NewOffsetWriter(w, 0))
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	method := zip.Store
	if level > 0 {
		method = zip.Deflate
	}
	d = d.Share()
	d.Set("shape", soa.Of([]int64{int64(shape[0]), int64(shape[1])}))
	for _, name := range []string{"indices", "indptr", "format", "shape", "data"} {
		if err := ctx.Err(); err != nil {
			return err
		}
		member, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: method})
		if err != nil {
			return err
		}
		if a, ok := d.Get(name); ok {
			err = npz.WriteArray(member, a)
		} else {
			_, err = io.WriteString(member, csrFormat)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}
