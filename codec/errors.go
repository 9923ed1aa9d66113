package codec

import (
	"errors"
	"fmt"

	"github.com/soastore/soa/codec/blosc"
)

var (
	// ErrFormat is the kind of an error of encoded bytes that are damaged.
	ErrFormat = errors.New("not validly encoded")
	// ErrLimit is the kind of an error of more bytes than Options.Limit, and of an
	// array too large for one Blosc chunk ([blosc.MaxBytes]), which has to be cut.
	ErrLimit = errors.New("too large")
	// ErrUnknown is the kind of an error of an ID that no codec has.
	ErrUnknown = errors.New("unknown codec")
	// ErrOldZstd is the kind of an error of Blosc chunks that c-blosc 1.10 wrote
	// with zstd 0.7, whose frames nothing of today reads.
	ErrOldZstd = blosc.ErrOldZstd
)

// An Error says what is wrong with encoded bytes, and where.
type Error struct {
	Offset int    // in the encoded bytes
	Reason string // may be empty
	Err    error  // the kind
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("codec: byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("codec: byte %d: %v: %s", e.Offset, e.Err, e.Reason)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Err }

func invalid(offset int, format string, args ...any) error {
	return &Error{offset, fmt.Sprintf(format, args...), ErrFormat}
}
