package memmap

import (
	"fmt"
	"unsafe"

	"github.com/soastore/soa"
)

// FromDense returns the matrix of those elements of values that differ from zero;
// as in SciPy, a NaN does and a negative zero does not. The matrix is rows by cols
// in C order. The error is an ErrShape if len(values) is not rows*cols, or an
// ErrRange if I is too small.
func FromDense[T soa.Element, I Index](values []T, rows, cols int) (CSR[T, I], error) {
	a, err := soa.Of(values).Reshape(rows, cols)
	if err != nil {
		return CSR[T, I]{}, err
	}
	m := CSR[T, I]{Rows: rows, Cols: cols, Indptr: make([]I, rows+1)}
	nnz := countNonzero(values)
	if !fits[I](nnz) || !fits[I](cols) {
		return CSR[T, I]{}, fmt.Errorf("memmap: %w: %d elements of %v do not fit %d-bit indices", ErrRange, nnz, a, 8*unsafe.Sizeof(I(0)))
	}
	m.Data, m.Indices = make([]T, 0, nnz), make([]I, 0, nnz)
	var zero T
	for i := range rows {
		for j, v := range values[i*cols:][:cols] {
			if v != zero {
				m.Data, m.Indices = append(m.Data, v), append(m.Indices, I(j))
			}
		}
		m.Indptr[i+1] = I(len(m.Data))
	}
	return m, nil
}

func countNonzero[T soa.Element](values []T) (n int) {
	var zero T
	for _, v := range values {
		if v != zero {
			n++
		}
	}
	return n
}

// fits reports whether I holds n, which is not negative.
func fits[I Index](n int) bool { return int64(I(n)) == int64(n) }

// ToDense writes the matrix to dst in C order, zeros included. dst has Rows*Cols
// elements; those of a mapped [Array] will do for a matrix that is larger than
// memory. The error is an ErrShape, or a *CanonicalError if m is not canonical;
// then what dst holds is undefined.
func (m CSR[T, I]) ToDense(dst []T) error {
	if _, err := soa.Of(dst).Reshape(m.Rows, m.Cols); err != nil {
		return err
	}
	if err := m.checkEnds(); err != nil {
		return err
	}
	for i := range m.Rows {
		cols, values, err := m.Row(i)
		if err != nil {
			return err
		}
		if err := checkRow(i, cols, m.Cols); err != nil {
			return err
		}
		row := dst[i*m.Cols:][:m.Cols]
		clear(row)
		for k, c := range cols {
			row[c] = values[k]
		}
	}
	return nil
}
