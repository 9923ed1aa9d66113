package memmap

import (
	"fmt"

	"github.com/soastore/soa"
)

// Array is an open dense array with elements of type T.
//
// Its methods are safe for concurrent use; the elements need the caller's own
// locking, as with any slice.
type Array[T soa.Element] struct {
	*File
	values []T
	row    int // elements in a row
}

// Open opens the dense array path, in O(1) whatever its size (bool excepted: see
// [OpenFile]). The elements must be of type T (soa.F16 for float16), else the
// error is an ErrDType, and an ErrKind if the array is sparse. The other errors
// are those of [OpenFile].
func Open[T soa.Element](path string, mode Mode) (*Array[T], error) {
	f, err := OpenFile(path, mode)
	if err != nil {
		return nil, err
	}
	a, err := arrayOf[T](f)
	if err != nil {
		f.Close() // of no use, and the error says why
		return nil, fmt.Errorf("memmap: %s: %w", path, err)
	}
	return a, nil
}

func arrayOf[T soa.Element](f *File) (*Array[T], error) {
	if f.info.Sparse {
		return nil, fmt.Errorf("%w: it is sparse, use OpenSparse", ErrKind)
	}
	values, err := soa.Values[T](f.arrays[0])
	if err != nil {
		return nil, err
	}
	row := 0
	if n := f.info.Shape[0]; n > 0 {
		row = len(values) / n
	}
	return &Array[T]{f, values, row}, nil
}

// Shape returns the extent of each dimension. The caller must not change it.
func (a *Array[T]) Shape() []int { return a.info.Shape }

// Values returns all elements in C order: the mapped memory itself, which must
// not be used once a is closed, nor written to if a is ReadOnly. The error is an
// ErrClosed.
func (a *Array[T]) Values() ([]T, error) {
	if err := a.usable(); err != nil {
		return nil, err
	}
	return a.values, nil
}

// Row returns what has the first index i, as Values does: a row of a
// two-dimensional array. The error is an ErrClosed or an ErrRange.
func (a *Array[T]) Row(i int) ([]T, error) {
	if err := a.usable(); err != nil {
		return nil, err
	}
	if n := a.info.Shape[0]; i < 0 || i >= n {
		return nil, fmt.Errorf("memmap: %s: %w: row %d of %d", a.path, ErrRange, i, n)
	}
	lo, hi := i*a.row, (i+1)*a.row
	return a.values[lo:hi:hi], nil
}
