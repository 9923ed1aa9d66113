package comm

import (
	"errors"
	"fmt"
)

// A MismatchError says that two ranks of a group were in different collective
// calls, or in the same one with arguments that do not fit. The group is broken.
type MismatchError struct {
	Rank    int    // the rank that found out
	Op      string // what it called
	Other   int    // the rank whose message it got
	OtherOp string // what that one called
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("comm: rank %d called %s while rank %d called %s; all ranks must make the same collective calls in the same order",
		e.Rank, e.Op, e.Other, e.OtherOp)
}

// A RankError is the failure of one rank.
type RankError struct {
	Rank int
	Host string
	Err  error
}

func (e *RankError) Error() string { return fmt.Sprintf("rank %d: %v", e.Rank, e.Err) }

// Unwrap returns Err.
func (e *RankError) Unwrap() error { return e.Err }

// A PanicError is a panic of one rank's function.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked, as runtime/debug.Stack prints it
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

var (
	// ErrClosed is returned by calls on a Comm after its Close.
	ErrClosed = errors.New("communicator closed")
	// ErrGone is the reason of a *BrokenError for a rank that ended, or closed the
	// group, while another one waits for a message that it never sent.
	ErrGone = errors.New("ended without sending what another rank waits for")
)
