package soastore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/memmap"
	"github.com/soastore/soa/npz"
	"github.com/soastore/soa/soastore/internal/tier"
)

// The kinds of error of a store, for errors.Is. After a collective call they
// hold on every rank, whichever rank met them.
var (
	ErrNotFound = errors.New("no such key")
	ErrClosed   = errors.New("store is closed")
	ErrKey      = errors.New("not a key")
	ErrNoField  = errors.New("no such field")
	ErrShape    = errors.New("shapes do not fit the store")
	ErrDType    = errors.New("element type does not fit the store")
	ErrNoSpace  = errors.New("no space left; free some, or open the store elsewhere")
	ErrInUse    = errors.New("files are already there; open the store with Options.Reopen to keep them, with another Path, or remove them with soactl rm")
	ErrTorn     = errors.New("some ranks' files of this key are missing, or of another Set")
	ErrOptions  = errors.New("options do not fit")

	// ErrConsumed says that a plan's DropAfterLastRead has freed what is read.
	ErrConsumed = tier.ErrConsumed

	// ErrPinned says that a value cannot leave memory before Unpin.
	ErrPinned = tier.ErrPinned

	// ErrRankCount says that another number of ranks wrote a value.
	ErrRankCount = genericio.ErrRankCount
)

// sentinels are what errors.Is still finds on the other ranks.
var sentinels = []error{
	ErrNotFound, ErrClosed, ErrKey, ErrNoField, ErrShape, ErrDType, ErrNoSpace, ErrInUse, ErrTorn, ErrOptions,
	genericio.ErrFormat, genericio.ErrChecksum, genericio.ErrRankCount, npz.ErrFormat, npz.ErrChecksum, memmap.ErrFormat, memmap.ErrSize,
	arena.ErrFormat, arena.ErrVersion, arena.ErrChecksum, ErrConsumed, ErrPinned,
	fs.ErrNotExist, fs.ErrExist, fs.ErrPermission,
}

// Error says which call on which key failed, and why.
type Error struct {
	Op    string // "set", "get", "view", "pop", "remove", "clear", "open", "close", ...
	Key   string // "" for a call that is about no key
	Field string // "" unless the error is about one field
	Err   error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("soastore: " + e.Op)
	if e.Key != "" {
		fmt.Fprintf(&b, " %q", e.Key)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": field %q", e.Field)
	}
	return b.String() + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// keyError makes an *Error of err, nil for nil, with the errors of other
// packages and of the operating system also found as this package's kinds.
func keyError(op, key string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Key: key, Err: classify(err)}
}

// classify adds this package's kind to an error of another.
func classify(err error) error {
	if err == nil {
		return nil
	}
	kinds := []struct{ have, kind error }{
		{syscall.ENOSPC, ErrNoSpace}, {syscall.EDQUOT, ErrNoSpace}, {syscall.EROFS, fs.ErrPermission},
		{arena.ErrNoSpace, ErrNoSpace}, {arena.ErrInUse, ErrInUse}, {tier.ErrNoSpace, ErrNoSpace},
		{tier.ErrClosed, ErrClosed}, {tier.ErrNotFound, ErrNotFound},
		{soa.ErrField, ErrNoField}, {soa.ErrShape, ErrShape}, {soa.ErrDType, ErrDType},
	}
	for _, k := range kinds {
		if errors.Is(err, k.have) && !errors.Is(err, k.kind) {
			return fmt.Errorf("%w: %w", err, k.kind)
		}
	}
	return err
}
