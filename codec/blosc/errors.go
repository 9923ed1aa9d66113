package blosc

import (
	"errors"
	"fmt"

	"github.com/soastore/soa/codec/internal/stream"
)

var (
	// ErrFormat is the kind of an error of a chunk that is damaged, or no chunk.
	ErrFormat = errors.New("not a valid blosc chunk")
	// ErrLimit is the kind of an error of a chunk larger than Options.Limit, and of
	// an array larger than [MaxBytes].
	ErrLimit = errors.New("too large")
	// ErrUnknown is the kind of an error of Options that ask for what there is not.
	ErrUnknown = errors.New("unknown")
	// ErrOldZstd is the kind of an error of a chunk that c-blosc 1.10 wrote with
	// zstd 0.7, whose frames nothing of today reads.
	ErrOldZstd = stream.ErrOldZstd
)

// An Error says what is wrong with a chunk, and where.
type Error struct {
	Offset int    // byte of the chunk
	Reason string // may be empty
	Err    error  // the kind
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("blosc: byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("blosc: byte %d: %v: %s", e.Offset, e.Err, e.Reason)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Err }

func invalid(offset int, format string, args ...any) error {
	return &Error{offset, fmt.Sprintf(format, args...), ErrFormat}
}
