package genericio

import (
	"errors"
	"fmt"
)

// The kinds of error of this package, for errors.Is. A variable that a file
// does not have is a [soa.FieldError].
var (
	// ErrFormat: the bytes are no GenericIO file, or a damaged one.
	ErrFormat = errors.New("not a valid GenericIO file")
	// ErrChecksum: the bytes of a header or a block are not those that were written.
	ErrChecksum = errors.New("wrong checksum")
	// ErrFilter: a block went through a filter that this package does not know.
	ErrFilter = errors.New("unknown filter")
	// ErrRank: a file has no such rank.
	ErrRank = errors.New("no such rank")
	// ErrRankCount is the kind of every *RankCountError.
	ErrRankCount = errors.New("wrong number of ranks")
	// ErrVariable: an array or a name is none that the format can express.
	ErrVariable = errors.New("cannot be a GenericIO variable")
)

// A FormatError says where a file breaks the format. It is an ErrFormat, and
// whatever Err is.
type FormatError struct {
	File   string
	Offset int64 // in bytes from the start of the file
	Reason string
	Err    error // the cause, if there is one apart from the bytes themselves
}

func (e *FormatError) Error() string {
	msg := fmt.Sprintf("genericio: %s: offset %d: %s", e.File, e.Offset, e.Reason)
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap returns ErrFormat and the cause.
func (e *FormatError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrFormat}
	}
	return []error{ErrFormat, e.Err}
}

// A BlockError says which block of a file could not be read: one variable's
// rows of one rank. Err is an ErrChecksum, an ErrFilter, an ErrFormat for a file
// that ends too early or a chunk that is damaged, the ErrOldZstd of package codec
// for a chunk of frames older than zstd 1.0, or the error of the read itself.
type BlockError struct {
	File     string
	Rank     int // position in the file
	Variable string
	Offset   int64 // of the block, in bytes from the start of the file
	Err      error
}

func (e *BlockError) Error() string {
	return fmt.Sprintf("genericio: %s: rank %d, variable %q at offset %d: %v", e.File, e.Rank, e.Variable, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *BlockError) Unwrap() error { return e.Err }
