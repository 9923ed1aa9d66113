package npz

import (
	"errors"
	"fmt"
)

// The kinds of error of this package, for errors.Is.
var (
	// ErrFormat: the bytes are not what the format says. The file is damaged,
	// cut short, still being written, or not a .npy or .npz file at all.
	ErrFormat = errors.New("malformed file")
	// ErrChecksum: a member's bytes do not have the CRC-32 that the file gives.
	ErrChecksum = errors.New("checksum mismatch")
	// ErrDType: elements of a type that package soa does not have: objects,
	// strings, dates, records, long doubles.
	ErrDType = errors.New("unsupported element type")
	// ErrName: a field name that a zip archive cannot hold, or not safely.
	ErrName = errors.New("unsafe field name")
)

// A FieldError says what is wrong with one field of a file.
type FieldError struct {
	Field string // "" for a .npy file
	Descr string // NumPy's descr of the elements, where it is known
	Err   error
}

func (e *FieldError) Error() string {
	what := ".npy file"
	if e.Field != "" {
		what = fmt.Sprintf("field %q", e.Field)
	}
	if e.Descr != "" {
		what += fmt.Sprintf(" (descr %s)", e.Descr)
	}
	return fmt.Sprintf("npz: %s: %v", what, e.Err)
}

// Unwrap returns e.Err.
func (e *FieldError) Unwrap() error { return e.Err }

// formatf returns an ErrFormat that says what is wrong.
func formatf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(format, args...))
}
