package memmap

import (
	"errors"
	"fmt"
)

// The kinds of error of this package, for errors.Is. Beside them there are
// soa.ErrDType and soa.ErrShape, and the system's own, such as syscall.ENOSPC.
var (
	ErrNotFound  = errors.New("no such array")
	ErrFormat    = errors.New("not a valid array description")
	ErrKind      = errors.New("wrong kind of array")
	ErrSize      = errors.New("wrong file size")
	ErrCanonical = errors.New("not a canonical CSR matrix")
	ErrRange     = errors.New("out of range")
	ErrMode      = errors.New("wrong mode")
	ErrClosed    = errors.New("already closed")
	ErrTruncated = errors.New("file cut short while it was mapped")
	ErrReadOnly  = errors.New("write to a read-only mapping")
	ErrInUse     = errors.New("in use by somebody else")
)

// A FormatError says which part of NAME.yaml is wrong. It is an ErrFormat.
type FormatError struct {
	Path  string // of the YAML file
	Field string // "" if the file as a whole is wrong
	Err   error
}

func (e *FormatError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("memmap: %s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("memmap: %s: field %s: %v", e.Path, e.Field, e.Err)
}

// Unwrap returns ErrFormat and the cause.
func (e *FormatError) Unwrap() []error { return []error{ErrFormat, e.Err} }

// A SizeError says that a file has not the size that NAME.yaml implies: the two
// were not written together, or the file was cut short. It is an ErrSize.
type SizeError struct {
	Path       string
	Have, Want int64 // bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("memmap: %s: %v: %d bytes, and its YAML file says %d: it was cut short, or the two were not written together", e.Path, ErrSize, e.Have, e.Want)
}

// Unwrap returns ErrSize.
func (e *SizeError) Unwrap() error { return ErrSize }

// A CanonicalError says where a matrix breaks the canonical CSR form: row
// pointers that rise from 0 to the number of elements, and in each row column
// numbers that rise strictly and are less than the number of columns. It is an
// ErrCanonical.
type CanonicalError struct {
	Path   string // "" for a matrix that is in memory only
	Row    int    // -1 if the matrix as a whole is wrong
	Reason string
}

func (e *CanonicalError) Error() string {
	place := "memmap: "
	if e.Path != "" {
		place += e.Path + ": "
	}
	if e.Row < 0 {
		return fmt.Sprintf("%s%v: %s", place, ErrCanonical, e.Reason)
	}
	return fmt.Sprintf("%s%v: row %d: %s", place, ErrCanonical, e.Row, e.Reason)
}

// Unwrap returns ErrCanonical.
func (e *CanonicalError) Unwrap() error { return ErrCanonical }

// A FaultError says that mapped memory could not be read or written. Err is
// ErrTruncated, ErrReadOnly, syscall.ENOSPC (a disk without room for a hole that
// was written to), or syscall.EIO for any other failure of the disk.
type FaultError struct {
	Path   string
	Offset int64 // in the file
	Err    error
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("memmap: %s: fault at offset %d: %v", e.Path, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *FaultError) Unwrap() error { return e.Err }
