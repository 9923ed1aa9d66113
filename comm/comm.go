package comm

import (
	"context"
	"errors"
	"fmt"
)

// Comm is one rank's end of a group of ranks: who is in it, and messages between
// two of them. Messages from one rank to another arrive in the order they were
// sent. Programs call the collective functions of this package rather than Send
// and Recv.
//
// An implementation whose messages must be shorter than [MessageLimit] has a method
// MessageLimit() int, which returns the same on all ranks.
type Comm interface {
	// Rank returns this rank's number, 0 <= Rank < Size. Local.
	Rank() int
	// Size returns the number of ranks in the group. Local.
	Size() int
	// Host returns the name of the machine that this rank runs on. Local.
	Host() string

	// Send gives data to rank to under tag, 0 <= tag < [TagLimit]. It returns
	// when data may be changed again, which may be before or after the receiver
	// has it. len(data) is at most [MessageLimit].
	Send(ctx context.Context, to, tag int, data []byte) error
	// Recv takes the next message from rank from, whatever its tag, into buf if
	// that is large enough, else into fresh memory. After an error buf must not be
	// used again.
	Recv(ctx context.Context, from int, buf []byte) (data []byte, tag int, err error)
	// Sendrecv sends and receives at once: of two ranks that call it toward each
	// other neither waits for the other to finish.
	Sendrecv(ctx context.Context, to, tag int, data []byte, from int, buf []byte) (got []byte, gotTag int, err error)

	// Split makes groups of the ranks that give the same color, ranked by key and
	// then by their rank here. Its messages are apart from this group's.
	// Collective. A negative color makes no group, and the Comm is nil.
	Split(ctx context.Context, color, key int) (Comm, error)
	// Break makes the calls in progress and all later ones on this group, and on
	// groups that Split made from it, fail on every rank, with a *BrokenError of
	// this rank and reason. Local; later calls of Break do nothing.
	Break(reason error)
	// Close frees what the group holds. Local: no rank waits for another. It
	// does not end a group that Split made from this one.
	Close() error
}

const (
	// TagLimit is the first number that is no tag.
	TagLimit = 1 << 10
	// MessageLimit is the most bytes of one message; the collective functions cut
	// longer data.
	MessageLimit = 1 << 30
)

// ErrBroken is the kind of every *BrokenError.
var ErrBroken = errors.New("communicator broken")

// A BrokenError says that a group can communicate no more, because of one rank.
type BrokenError struct {
	Rank   int // the rank that failed, in the group that broke: this one, or one it was split from
	Reason error
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("comm: rank %d broke off: %v", e.Rank, e.Reason)
}

// Unwrap returns ErrBroken and the reason.
func (e *BrokenError) Unwrap() []error { return []error{ErrBroken, e.Reason} }

// Dup returns a Comm of the same ranks whose messages are apart from c's.
func Dup(ctx context.Context, c Comm) (Comm, error) {
	return c.Split(ctx, 0, c.Rank())
}
