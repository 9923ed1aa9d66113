package comm

import (
	"context"
	"fmt"
)

// A kind is a collective function. Its messages carry it as their tag, and every
// collective function begins with the same pattern of messages, op.rounds. So two
// ranks in different functions do not wait for each other: one of them gets a tag
// that is not its own.
type kind int

// The tags of the collective functions are the last ones below TagLimit.
const (
	kindBarrier = kind(TagLimit - 1 - iota)
	kindBcast
	kindAllgather
	kindAllreduce
	kindAlltoallv
	kindSplit
	kindSplitByHost
	kindAgree
)

var kindNames = map[kind]string{
	kindBarrier: "Barrier", kindBcast: "Bcast", kindAllgather: "Allgather", kindAllreduce: "Allreduce",
	kindAlltoallv: "Alltoallv", kindSplit: "Split", kindSplitByHost: "SplitByHost", kindAgree: "Agree",
}

func (k kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("Send with tag %d", int(k))
}

// An op is one collective call of one rank.
type op struct {
	ctx   context.Context
	c     Comm
	kind  kind
	limit int // bytes of one message
}

func begin(ctx context.Context, c Comm, k kind) op {
	limit := MessageLimit
	if l, ok := c.(interface{ MessageLimit() int }); ok {
		limit = l.MessageLimit()
	}
	return op{ctx, c, k, limit}
}

// fail breaks the group and returns the error for this rank.
func (o op) fail(reason error) error {
	o.c.Break(reason)
	return &BrokenError{Rank: o.c.Rank(), Reason: reason}
}

// mismatch fails since rank other called something else.
func (o op) mismatch(mine string, other int, its string) error {
	return o.fail(&MismatchError{Rank: o.c.Rank(), Op: mine, Other: other, OtherOp: its})
}

// rounds passes data along so that every rank hears, directly or through others,
// from every rank: in the round of distance 1, 2, 4, ... it sends what out gives to
// the rank that far below, and gives in what it got from the one that far above. All
// ranks are in the same collective function when it returns nil.
// This is the dissemination pattern of Hensgen, Finkel and Manber (1988).
func (o op) rounds(out func(distance int) []byte, in func(distance int, got []byte) error) error {
	rank, n := o.c.Rank(), o.c.Size()
	if n == 1 { // with itself, so that a broken or closed group of one fails too
		_, err := o.exchange(0, nil, 0, nil)
		return err
	}
	for d := 1; d < n; d *= 2 {
		got, err := o.exchange((rank+n-d)%n, out(d), (rank+d)%n, nil)
		if err != nil {
			return err
		}
		if err := in(d, got); err != nil {
			return err
		}
	}
	return nil
}
