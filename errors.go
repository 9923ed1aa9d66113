package soa

import (
	"errors"
	"fmt"
)

// The kinds of error of this package, for errors.Is.
var (
	ErrDType = errors.New("wrong element type")
	ErrShape = errors.New("wrong shape")
	ErrField = errors.New("wrong field") // one that is not there, or is named twice
)

// A DTypeError says that an array's elements are of another type than the one
// asked for. It is an ErrDType.
type DTypeError struct {
	Field      string // the array's name, where one is known
	Have, Want DType
}

func (e *DTypeError) Error() string {
	return fmt.Sprintf("soa: %shas element type %v, not %v", prefix(e.Field), e.Have, e.Want)
}

// Unwrap returns ErrDType.
func (e *DTypeError) Unwrap() error { return ErrDType }

// A FieldError says that a Dict lacks a field. It is an ErrField.
type FieldError struct {
	Field string
	Have  []string // the fields that there are
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("soa: no field %q (there are %q)", e.Field, e.Have)
}

// Unwrap returns ErrField.
func (e *FieldError) Unwrap() error { return ErrField }

func prefix(field string) string {
	if field == "" {
		return "array "
	}
	return fmt.Sprintf("field %q ", field)
}
