package memmap

import (
	"errors"
	"fmt"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// Sparse is an open sparse matrix with elements of type T and indices of type I.
//
// Its methods are safe for concurrent use; the elements need the caller's own
// locking, as with any slice.
type Sparse[T soa.Element, I Index] struct {
	*File
	csr CSR[T, I]
}

// WriteSparse makes the files path.yaml, path.data, path.indices and path.indptr
// of the matrix m, mode 0600. What [Create] says of an array of that name holds
// here too. The error is a *CanonicalError if m is not in canonical form, or the
// system's.
func WriteSparse[T soa.Element, I Index](path string, m CSR[T, I], o Options) error {
	return writeSparse(fsys.OS, path, m, o)
}

func writeSparse[T soa.Element, I Index](files fsys.FS, path string, m CSR[T, I], o Options) error {
	if err := m.Check(); err != nil {
		return atPath(path, err)
	}
	index := soa.DTypeOf[I]()
	in := Info{soa.DTypeOf[T](), []int{m.Rows, m.Cols}, true, m.NNZ(), index, index}
	content := map[string]soa.Array{
		dataSuffix:    soa.Of(m.Data),
		indicesSuffix: soa.Of(m.Indices),
		indptrSuffix:  soa.Of(m.Indptr),
	}
	return put(files, path, in, o, func(p part) func(fsys.File) error {
		return writeBytes(content[p.suffix].Bytes())
	})
}

// OpenSparse opens the sparse matrix path. The types must be those of the files:
// T of the elements (soa.F16 for float16), I of both column numbers and row
// pointers; else the error is an ErrDType. It is an ErrKind if the array is
// dense.
//
// Opening takes O(1): of the canonical form, only the first and last row pointer
// are checked. CSR.Row checks those of its row, and CSR.Check everything. In a
// ReadWrite matrix the elements may be changed, the other two better not. The
// other errors are those of [OpenFile].
func OpenSparse[T soa.Element, I Index](path string, mode Mode) (*Sparse[T, I], error) {
	f, err := OpenFile(path, mode)
	if err != nil {
		return nil, err
	}
	s, err := sparseOf[T, I](f)
	if err != nil {
		f.Close() // of no use, and the error says why
		return nil, fmt.Errorf("memmap: %s: %w", path, err)
	}
	if err := Guard(s.csr.checkEnds); err != nil {
		f.Close()
		return nil, atPath(path, err)
	}
	return s, nil
}

// atPath adds to a *CanonicalError which matrix it is about.
func atPath(path string, err error) error {
	if canonical := (*CanonicalError)(nil); errors.As(err, &canonical) {
		canonical.Path = path
	}
	return err
}

func sparseOf[T soa.Element, I Index](f *File) (*Sparse[T, I], error) {
	if !f.info.Sparse {
		return nil, fmt.Errorf("%w: it is dense, use Open", ErrKind)
	}
	m := CSR[T, I]{Rows: f.info.Shape[0], Cols: f.info.Shape[1]}
	var err error
	if m.Data, err = soa.Values[T](f.arrays[0]); err != nil {
		return nil, err
	}
	if m.Indices, err = soa.Values[I](f.arrays[1]); err != nil {
		return nil, fmt.Errorf("indices: %w", err)
	}
	if m.Indptr, err = soa.Values[I](f.arrays[2]); err != nil {
		return nil, fmt.Errorf("indptr: %w", err)
	}
	return &Sparse[T, I]{f, m}, nil
}

// CSR returns the matrix: the mapped memory itself, which must not be used once s
// is closed, nor written to if s is ReadOnly. The error is an ErrClosed.
func (s *Sparse[T, I]) CSR() (CSR[T, I], error) {
	if err := s.usable(); err != nil {
		return CSR[T, I]{}, err
	}
	return s.csr, nil
}

// Row is CSR.Row of that matrix. The error can also be an ErrClosed.
func (s *Sparse[T, I]) Row(i int) (cols []I, values []T, err error) {
	if err := s.usable(); err != nil {
		return nil, nil, err
	}
	cols, values, err = s.csr.Row(i)
	return cols, values, atPath(s.path, err)
}
