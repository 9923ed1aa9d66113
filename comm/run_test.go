package comm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/soastore/soa/comm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// lastFails lets the last of n ranks end by f while the others wait for it.
func lastFails(n int, f func() error) error {
	return comm.Run(n, func(c comm.Comm) error {
		if c.Rank() == c.Size()-1 {
			return f()
		}
		return comm.Barrier(ctx, c)
	})
}

func TestErrorOfOneRank(t *testing.T) {
	err := lastFails(5, func() error { return fmt.Errorf("read: %w", io.ErrUnexpectedEOF) })
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	var rank *comm.RankError
	require.ErrorAs(t, err, &rank)
	require.Equal(t, 4, rank.Rank)
	require.EqualError(t, err, "rank 4: read: unexpected EOF") // the others only say that they know
}

func TestPanicOfOneRank(t *testing.T) {
	err := lastFails(3, func() error { panic(io.ErrShortWrite) })
	var p *comm.PanicError
	require.ErrorAs(t, err, &p)
	require.ErrorIs(t, err, io.ErrShortWrite)
	require.Contains(t, string(p.Stack), "TestPanicOfOneRank")
	require.Equal(t, 1, strings.Count(err.Error(), "rank "), err)
}

func TestGoexitOfOneRank(t *testing.T) {
	var inner testing.T
	err := lastFails(3, func() error { inner.FailNow(); return nil })
	require.ErrorContains(t, err, "rank 2: ")
	require.ErrorContains(t, err, "Goexit")
}

func TestReturnOfOneRank(t *testing.T) {
	err := lastFails(4, func() error { return nil })
	require.ErrorIs(t, err, comm.ErrGone)
	var b *comm.BrokenError
	require.ErrorAs(t, err, &b)
	require.Equal(t, 3, b.Rank)
	require.NotContains(t, err.Error(), "\n", "one error")
}

func TestReturnOfARankThatNobodyWaitsFor(t *testing.T) {
	require.NoError(t, comm.Run(3, func(c comm.Comm) error {
		if c.Rank() == 0 {
			return errors.Join(c.Send(ctx, 1, 0, []byte("a")), c.Send(ctx, 2, 0, []byte("a")))
		}
		_, _, err := c.Sendrecv(ctx, 3-c.Rank(), 0, nil, 0, nil)
		if err != nil {
			return err
		}
		_, _, err = c.Recv(ctx, 3-c.Rank(), nil)
		return err
	}))
}

func TestErrorsOfManyRanksAreAllThere(t *testing.T) {
	err := comm.Run(3, func(c comm.Comm) error { return fmt.Errorf("reason %d", c.Rank()) })
	for rank := range 3 {
		require.ErrorContains(t, err, fmt.Sprintf("rank %d: reason %d", rank, rank))
	}
}

func TestCancelledJobGivesOneError(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	err := comm.Run(4, func(c comm.Comm) error {
		if c.Rank() == 3 {
			cancel()
		}
		return comm.Barrier(ctx, c)
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, comm.ErrBroken)
	require.NotContains(t, err.Error(), "\n", "one error")
}

func TestDeadRankIsDeadInAllItsGroups(t *testing.T) {
	err := comm.Run(4, func(c comm.Comm) error {
		pair, err := c.Split(ctx, c.Rank()/2, 0)
		if err != nil || c.Rank() == 0 {
			return errors.Join(err, io.ErrNoProgress)
		}
		for err == nil {
			err = comm.Barrier(ctx, pair)
		}
		return err
	})
	require.EqualError(t, err, "rank 0: "+io.ErrNoProgress.Error())
}

func TestHosts(t *testing.T) {
	var nodes [4]atomic.Int32
	require.NoError(t, comm.Run(4, func(c comm.Comm) error {
		node, err := comm.SplitByHost(ctx, c)
		nodes[c.Rank()].Store(int32(10*node.Size() + node.Rank()))
		return err
	}, comm.Hosts("a", "b", "a", "a")))
	for rank, want := range []int32{30, 10, 31, 32} {
		require.Equal(t, want, nodes[rank].Load())
	}
	require.Error(t, comm.Run(2, func(comm.Comm) error { return nil }, comm.Hosts("a")))
	require.Error(t, comm.Run(0, func(comm.Comm) error { return nil }))
}

func TestMismatchNamesBothRanksAndCalls(t *testing.T) {
	err := comm.Run(2, func(c comm.Comm) error {
		if c.Rank() == 0 {
			return comm.Barrier(ctx, c)
		}
		_, err := comm.Bcast(ctx, c, 1, nil)
		return err
	})
	var m *comm.MismatchError
	require.ErrorAs(t, err, &m)
	ops := map[int]string{m.Rank: m.Op, m.Other: m.OtherOp}
	require.Equal(t, map[int]string{0: "Barrier", 1: "Bcast"}, ops)
}

// TestSplitManyTimes uses and closes groups, twice, while their parent goes on.
func TestSplitManyTimes(t *testing.T) {
	require.NoError(t, comm.Run(3, func(c comm.Comm) error {
		for range 2000 {
			s, err := comm.Dup(ctx, c)
			if err != nil {
				return err
			}
			if err := errors.Join(comm.Barrier(ctx, s), s.Close(), s.Close()); err != nil {
				return err
			}
		}
		return nil
	}))
}
