package tier

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of error of this package, for errors.Is. A field that a value does not
// have is a *soa.FieldError, one that is named twice a soa.ErrField.
var (
	ErrNotFound = errors.New("no such value")
	ErrExists   = errors.New("there is a value of that ID already")
	ErrConsumed = errors.New("its last planned read has been made")
	ErrPinned   = errors.New("value is pinned")
	ErrNoSpace  = errors.New("no tier has room")
	ErrSchema   = errors.New("what is below is not what was put there")
	ErrOptions  = errors.New("options do not fit")
	ErrClosed   = errors.New("tiers are closed")
)

// errAborted is what those who wait get if the goroutine they wait for panicked.
var errAborted = errors.New("another goroutine's work on the value panicked")

// Error says which value a call failed on, and why.
type Error struct {
	ID    string
	Field string // "" unless the error is about one field
	Err   error
}

func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("value %q: %v", e.ID, e.Err)
	}
	return fmt.Sprintf("value %q: field %q: %v", e.ID, e.Field, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// wrap makes an *Error of err, nil for nil. An error that names a value already
// stays as it is.
func wrap(id string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	var full *NoSpaceError
	if errors.As(err, &e) || errors.As(err, &full) {
		return err
	}
	return &Error{ID: id, Err: err}
}

// NoSpaceError says what each tier had against a value. It is an ErrNoSpace, and of
// the kinds of its reasons.
type NoSpaceError struct {
	ID    string
	Bytes int64 // that the value's columns needed in memory

	Memory, Compressed, Below error // why it was not taken; nil for a tier not asked
}

func (e *NoSpaceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "value %q: %v for %d bytes", e.ID, ErrNoSpace, e.Bytes)
	for _, tier := range []struct {
		name string
		err  error
	}{{"memory", e.Memory}, {"compressed memory", e.Compressed}, {"below", e.Below}} {
		if tier.err != nil {
			fmt.Fprintf(&b, "; %s: %v", tier.name, tier.err)
		}
	}
	return b.String()
}

// Unwrap returns ErrNoSpace and the reasons.
func (e *NoSpaceError) Unwrap() []error {
	all := []error{ErrNoSpace}
	for _, err := range []error{e.Memory, e.Compressed, e.Below} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}
