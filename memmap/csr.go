package memmap

import (
	"fmt"
	"math"

	"github.com/soastore/soa"
)

// Index is the type of column numbers and row pointers. SciPy uses int32 as long
// as the numbers of elements and of columns fit.
type Index interface{ ~int32 | ~int64 }

// CSR is a sparse matrix in memory, compressed by rows: row i has the elements
// Data[Indptr[i]:Indptr[i+1]], in the columns Indices[Indptr[i]:Indptr[i+1]].
// What is not there is zero. The fields are those of SciPy's csr_matrix.
type CSR[T soa.Element, I Index] struct {
	Rows, Cols int
	Data       []T
	Indices    []I // of each element, its column
	Indptr     []I // Rows+1 of them
}

// NNZ returns how many elements there are.
func (m CSR[T, I]) NNZ() int { return len(m.Data) }

// Row returns the columns and the elements of row i, in m's memory. The error is
// an ErrRange, or a *CanonicalError if the row pointers lead out of the data;
// columns are not looked at.
func (m CSR[T, I]) Row(i int) (cols []I, values []T, err error) {
	if i < 0 || i >= m.Rows || i+1 >= len(m.Indptr) {
		return nil, nil, fmt.Errorf("memmap: %w: row %d of %d", ErrRange, i, m.Rows)
	}
	lo, hi := int64(m.Indptr[i]), int64(m.Indptr[i+1])
	if lo < 0 || hi < lo || hi > int64(len(m.Data)) || hi > int64(len(m.Indices)) {
		return nil, nil, &CanonicalError{"", i, fmt.Sprintf("its pointers are %d and %d, of %d elements", lo, hi, len(m.Data))}
	}
	return m.Indices[lo:hi:hi], m.Data[lo:hi:hi], nil
}

// Check reports whether m is in canonical form; it reads Indptr and Indices
// whole. The error is a *CanonicalError.
func (m CSR[T, I]) Check() error {
	if err := m.checkEnds(); err != nil {
		return err
	}
	for i := range m.Rows {
		cols, _, err := m.Row(i)
		if err != nil {
			return err
		}
		if err := checkRow(i, cols, m.Cols); err != nil {
			return err
		}
	}
	return nil
}

// checkEnds checks what can be checked in no time.
func (m CSR[T, I]) checkEnds() error {
	wrong := func(format string, args ...any) error {
		return &CanonicalError{"", -1, fmt.Sprintf(format, args...)}
	}
	switch {
	case m.Rows < 0 || m.Cols < 0 || m.Rows == math.MaxInt:
		return wrong("the shape is [%d %d]", m.Rows, m.Cols)
	case len(m.Indptr) != m.Rows+1:
		return wrong("%d row pointers, not one more than the %d rows", len(m.Indptr), m.Rows)
	case len(m.Indices) != len(m.Data):
		return wrong("%d column numbers of %d elements", len(m.Indices), len(m.Data))
	case m.Indptr[0] != 0:
		return wrong("the row pointers begin with %d, not 0", m.Indptr[0])
	case int64(m.Indptr[m.Rows]) != int64(len(m.Data)):
		return wrong("the row pointers end with %d, not with the %d elements", m.Indptr[m.Rows], len(m.Data))
	}
	return nil
}

func checkRow[I Index](row int, cols []I, n int) error {
	last := int64(-1)
	for _, c := range cols {
		c := int64(c)
		switch {
		case c < 0 || c >= int64(n):
			return &CanonicalError{"", row, fmt.Sprintf("column %d of %d", c, n)}
		case c == last:
			return &CanonicalError{"", row, fmt.Sprintf("column %d is there twice: add up the duplicates (SciPy: sum_duplicates)", c)}
		case c < last:
			return &CanonicalError{"", row, fmt.Sprintf("column %d after %d: sort the columns (SciPy: sort_indices)", c, last)}
		}
		last = c
	}
	return nil
}
