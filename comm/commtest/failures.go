package commtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/soastore/soa/comm"
)

func failureCases() []Case {
	return []Case{
		{Name: "Break ends waits", Breaks: true, Body: breakWaits},
		{Name: "Break reaches groups split from this one", Breaks: true, Body: breakChildren},
		{Name: "Break of a group leaves the one it is from", Body: breakChild},
		{Name: "a cancelled context breaks", Breaks: true, Body: cancelled},
		{Name: "a context that has ended breaks", Breaks: true, Body: cancelledBefore},
		{Name: "a message that cannot come breaks", Breaks: true, Body: fromSelf},
		{Name: "a group that a rank has closed breaks when one waits for it", Body: closedEarly},
		{Name: "Barrier and Bcast", Breaks: true, Body: mismatchOf(barrierCall, bcastCall(1))},
		{Name: "Barrier and Allreduce", Breaks: true, Body: mismatchOf(barrierCall, allreduceCall(1))},
		{Name: "Barrier and Alltoallv", Breaks: true, Body: mismatchOf(barrierCall, alltoallCall)},
		{Name: "Bcast and Agree", Breaks: true, Body: mismatchOf(bcastCall(0), agreeCall)},
		{Name: "Allgather and Split", Breaks: true, Body: mismatchOf(allgatherCall, splitCall)},
		{Name: "Bcasts from different ranks", Breaks: true, Body: mismatchOf(bcastCall(0), bcastCall(1))},
		{Name: "Allreduces of different lengths", Breaks: true, Body: mismatchOf(allreduceCall(1), allreduceCall(2))},
		{Name: "Allreduces of small and large data", Breaks: true, Body: mismatchOf(allreduceCall(1), allreduceCall(5000))},
		{Name: "wrong arguments", Body: wrongArguments},
	}
}

// broken returns an error unless err says that the group was broken by rank, for a
// reason of that text.
func broken(err error, rank int, reason string) error {
	var b *comm.BrokenError
	if !errors.As(err, &b) || !errors.Is(err, comm.ErrBroken) {
		return fmt.Errorf("the group is not broken: %w", err)
	}
	if err := equal("rank that broke it", b.Rank, rank); err != nil {
		return err
	}
	return equal("reason", b.Reason.Error(), reason)
}

// breakWaits lets the last rank break, while the others wait for it in all ways.
func breakWaits(ctx context.Context, c comm.Comm) error {
	last := c.Size() - 1
	large := make([]byte, 8<<20) // which MPI does not send before it is received
	var err error
	switch {
	case c.Rank() == last:
		c.Break(errSick)
		c.Break(errFull) // does nothing
		err = comm.Barrier(ctx, c)
		if !errors.Is(err, errSick) {
			return fmt.Errorf("the one that broke the group got %w", err)
		}
	case c.Rank()%3 == 0:
		_, _, err = c.Recv(ctx, last, nil)
	case c.Rank()%3 == 1:
		err = comm.Barrier(ctx, c)
	default:
		for err == nil { // sent to memory some messages may be
			_, _, err = c.Sendrecv(ctx, last, 0, large, last, nil)
		}
	}
	if err := broken(err, last, "sick"); err != nil {
		return err
	}
	return broken(c.Send(ctx, 0, 0, nil), last, "sick")
}

// ready lets rank root know that all ranks are here. The others do not wait for it.
func ready(ctx context.Context, c comm.Comm, root int) error {
	if c.Rank() != root {
		return c.Send(ctx, root, 0, nil)
	}
	for from := range c.Size() {
		if from == root {
			continue
		}
		if _, _, err := c.Recv(ctx, from, nil); err != nil {
			return err
		}
	}
	return nil
}

func breakChildren(ctx context.Context, c comm.Comm) error {
	child, err := c.Split(ctx, 0, -c.Rank())
	if err != nil {
		return err
	}
	defer child.Close()
	grandchild, err := comm.Dup(ctx, child)
	if err != nil {
		return err
	}
	defer grandchild.Close()
	if err := child.Close(); err != nil {
		return err
	}
	if err := ready(ctx, grandchild, c.Size()-1); err != nil { // that is rank 0 of c
		return err
	}
	if c.Rank() == 0 {
		c.Break(errSick)
	}
	return broken(comm.Barrier(ctx, grandchild), 0, "sick")
}

func breakChild(ctx context.Context, c comm.Comm) error {
	child, err := c.Split(ctx, 0, -c.Rank())
	if err != nil {
		return err
	}
	defer child.Close()
	if err := ready(ctx, child, 0); err != nil {
		return err
	}
	if child.Rank() == 0 {
		child.Break(errSick)
	}
	return broken(comm.Barrier(ctx, child), 0, "sick")
}

// cancelled lets rank 0 give up waiting for a message.
func cancelled(ctx context.Context, c comm.Comm) error {
	if c.Size() == 1 {
		c.Break(context.Canceled)
		return nil
	}
	if c.Rank() != 0 {
		_, _, err := c.Recv(ctx, 0, nil)
		return broken(err, 0, context.Canceled.Error())
	}
	short, cancel := context.WithCancel(ctx)
	go cancel()
	_, _, err := c.Recv(short, 1, nil)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("no cancelled context in %w", err)
	}
	return broken(err, 0, context.Canceled.Error())
}

func cancelledBefore(ctx context.Context, c comm.Comm) error {
	if c.Rank() == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	}
	err := comm.Barrier(ctx, c)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("no cancelled context in %w", err)
	}
	return broken(err, 0, context.Canceled.Error())
}

func fromSelf(ctx context.Context, c comm.Comm) error {
	if c.Rank() != 0 {
		return broken(comm.Barrier(ctx, c), 0, comm.ErrGone.Error())
	}
	_, _, err := c.Recv(ctx, 0, nil)
	if !errors.Is(err, comm.ErrGone) {
		return fmt.Errorf("waiting for itself gives %w", err)
	}
	return nil
}

// closedEarly lets rank 0 close a group after a last message.
func closedEarly(ctx context.Context, c comm.Comm) error {
	child, err := comm.Dup(ctx, c)
	if err != nil {
		return err
	}
	defer child.Close()
	if c.Rank() == 0 {
		for to := 1; to < c.Size(); to++ {
			if err := child.Send(ctx, to, 1, nil); err != nil {
				return err
			}
		}
		if err := child.Close(); err != nil {
			return err
		}
		if err := child.Send(ctx, 0, 0, nil); !errors.Is(err, comm.ErrClosed) {
			return fmt.Errorf("sending in a closed group gives %w", err)
		}
		return nil
	}
	if _, _, err := child.Recv(ctx, 0, nil); err != nil {
		return err
	}
	if c.Rank() != 1 {
		return child.Send(ctx, 1, 0, nil)
	}
	for from := 2; from < c.Size(); from++ {
		if _, _, err := child.Recv(ctx, from, nil); err != nil {
			return err
		}
	}
	_, _, err = child.Recv(ctx, 0, nil)
	if !errors.Is(err, comm.ErrGone) {
		return fmt.Errorf("waiting for one that has closed the group gives %w", err)
	}
	return broken(err, 0, comm.ErrGone.Error())
}

// A call is a collective call.
type call func(ctx context.Context, c comm.Comm) error

func barrierCall(ctx context.Context, c comm.Comm) error { return comm.Barrier(ctx, c) }

func agreeCall(ctx context.Context, c comm.Comm) error {
	return comm.Agree(ctx, c, comm.Vote{Op: "Set", Key: "a"})
}

func alltoallCall(ctx context.Context, c comm.Comm) error {
	_, err := comm.Alltoallv(ctx, c, make([][]byte, c.Size()))
	return err
}

func allgatherCall(ctx context.Context, c comm.Comm) error {
	_, err := comm.Allgather(ctx, c, []int{1, 2})
	return err
}

func splitCall(ctx context.Context, c comm.Comm) error {
	_, err := c.Split(ctx, 1, 2)
	return err
}

func bcastCall(root int) call {
	return func(ctx context.Context, c comm.Comm) error {
		_, err := comm.Bcast(ctx, c, root, make([]byte, 10))
		return err
	}
}

func allreduceCall(length int) call {
	return func(ctx context.Context, c comm.Comm) error {
		_, err := comm.Allreduce(ctx, c, comm.Sum, make([]float64, length))
		return err
	}
}

// mismatchOf returns the test that one call on some ranks and another one on the
// others fails on all, and on one at least with a *comm.MismatchError. A rank may
// come through its call before another one detects it, but not through the next.
func mismatchOf(a, b call) func(ctx context.Context, c comm.Comm) error {
	return func(ctx context.Context, c comm.Comm) error {
		if c.Size() == 1 {
			c.Break(errSick)
			return nil
		}
		mine := a
		if c.Rank()%3 == 1 {
			mine = b
		}
		err := mine(ctx, c)
		for err == nil {
			err = comm.Barrier(ctx, c)
		}
		var b *comm.BrokenError
		if !errors.As(err, &b) {
			return fmt.Errorf("the group is not broken: %w", err)
		}
		var m *comm.MismatchError
		if b.Rank == c.Rank() && (!errors.As(err, &m) || m.Rank != c.Rank() || m.Op == m.OtherOp) {
			return fmt.Errorf("the rank that found out returns %w", err)
		}
		if len(b.Reason.Error()) < 10 {
			return fmt.Errorf("no reason in %w", err)
		}
		return nil
	}
}

func wrongArguments(ctx context.Context, c comm.Comm) error {
	for _, wrong := range []call{
		func(ctx context.Context, c comm.Comm) error { return c.Send(ctx, c.Size(), 0, nil) },
		func(ctx context.Context, c comm.Comm) error { return c.Send(ctx, -1, 0, nil) },
		func(ctx context.Context, c comm.Comm) error { return c.Send(ctx, 0, comm.TagLimit, nil) },
		func(ctx context.Context, c comm.Comm) error { return c.Send(ctx, 0, -1, nil) },
		func(ctx context.Context, c comm.Comm) error { _, _, err := c.Recv(ctx, c.Size(), nil); return err },
		func(ctx context.Context, c comm.Comm) error { _, err := comm.Bcast(ctx, c, -1, nil); return err },
		func(ctx context.Context, c comm.Comm) error {
			_, err := comm.Alltoallv(ctx, c, make([][]byte, c.Size()+1))
			return err
		},
	} {
		group, err := comm.Dup(ctx, c)
		if err != nil {
			return err
		}
		if c.Rank() == 0 {
			err = wrong(ctx, group)
		} else {
			err = comm.Barrier(ctx, group)
		}
		if !errors.Is(err, comm.ErrBroken) {
			return fmt.Errorf("a wrong argument gives %w", err)
		}
		if err := group.Close(); err != nil {
			return err
		}
	}
	return nil
}
