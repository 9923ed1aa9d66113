package arena

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of error of this package, for errors.Is.
var (
	// ErrFormat: the file is no arena, is cut short, or contradicts itself.
	ErrFormat = errors.New("malformed arena")
	// ErrVersion: the file is an arena of another version of the format.
	ErrVersion = errors.New("unknown version")
	// ErrChecksum: bytes do not have the checksum that the file gives.
	ErrChecksum = errors.New("checksum mismatch")
	// ErrNoSpace: the disk is full, a quota is used up, or Options.Limit is reached.
	// What there was before is intact.
	ErrNoSpace = errors.New("no space")
	// ErrNotFound: there is no value, or no version of it, of that name.
	ErrNotFound = errors.New("not found")
	// ErrClosed: the arena or the value was closed.
	ErrClosed = errors.New("closed")
	// ErrInUse: another process, or another Arena of this one, has the file open.
	ErrInUse = errors.New("in use")
	// ErrPending: an earlier change of the key is neither undone nor finished.
	ErrPending = errors.New("another change of the key is not finished")
	// ErrReadOnly: the arena was opened with Options.ReadOnly.
	ErrReadOnly = errors.New("opened read-only")
	// ErrName: a key, stamp, label or field name that is empty or too long.
	ErrName = errors.New("invalid name")
)

// An Error says what failed, and where.
type Error struct {
	Op     string // "get", "stage", ...
	File   string
	Key    string // "" if it is about none
	Field  string // "" if it is about none
	Offset int64  // in the file; 0 if it is about none
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "arena: %s: %s", e.Op, e.File)
	if e.Key != "" {
		fmt.Fprintf(&b, ": key %q", e.Key)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": field %q", e.Field)
	}
	if e.Offset != 0 {
		fmt.Fprintf(&b, ": offset %d", e.Offset)
	}
	return fmt.Sprintf("%s: %v", &b, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
