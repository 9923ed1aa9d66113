//go:build cgo && !windows

package mpi

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/soastore/soa/comm"
)

// A communicator is a Comm over an MPI communicator.
type communicator struct {
	job    *job
	parent *communicator
	id     groupID
	handle handle
	rank   int
	world  []int // the rank in the world of each rank here

	broken atomic.Pointer[comm.BrokenError] // see why
	closed atomic.Bool
	gone   []atomic.Bool // ranks that said that they ended
	splits int           // calls of Split
	toSelf []sent        // messages, which MPI would not keep if they are long
}

// sent is a message of a rank to itself.
type sent struct {
	tag  int
	data []byte
}

func newCommunicator(j *job, parent *communicator, id groupID, rank int, world []int) *communicator {
	return &communicator{job: j, parent: parent, id: id, rank: rank, world: world, gone: make([]atomic.Bool, len(world))}
}

func (c *communicator) Rank() int    { return c.rank }
func (c *communicator) Size() int    { return len(c.world) }
func (c *communicator) Host() string { return c.job.host }

func (c *communicator) Close() error {
	c.job.control.closed(c)
	return nil
}

func (c *communicator) Send(ctx context.Context, to, tag int, data []byte) error {
	t, err := c.start(ctx, to, tag, data)
	if err != nil {
		return err
	}
	return c.finish(ctx, to, t)
}

func (c *communicator) Recv(ctx context.Context, from int, buf []byte) ([]byte, int, error) {
	if err := c.check(ctx, from); err != nil {
		return nil, 0, err
	}
	if from == c.rank {
		return c.recvSelf(buf)
	}
	var f found
	if err := c.poll(ctx, from, func() (bool, error) { return c.handle.find(from, &f) }); err != nil {
		return nil, 0, err
	}
	if f.len() > len(buf) {
		buf = make([]byte, f.len())
	}
	buf = buf[:f.len()]
	return buf, f.tag(), c.receive(ctx, from, &f, buf)
}

func (c *communicator) Sendrecv(ctx context.Context, to, tag int, data []byte, from int, buf []byte) ([]byte, int, error) {
	t, err := c.start(ctx, to, tag, data)
	if err != nil {
		return nil, 0, err
	}
	got, gotTag, err := c.Recv(ctx, from, buf)
	if err != nil {
		c.abandon(to, t)
		return nil, 0, err
	}
	return got, gotTag, c.finish(ctx, to, t)
}

// Split agrees on the members by messages that end when a rank fails. Only then it
// makes the communicator, by a call that blocks, in a goroutine that is left behind
// if the group breaks meanwhile.
func (c *communicator) Split(ctx context.Context, color, key int) (comm.Comm, error) {
	members, err := comm.SplitMembers(ctx, c, color, key)
	if err != nil {
		return nil, err
	}
	c.splits++
	if members == nil {
		_, err := c.splitNative(ctx, -1, 0)
		return nil, err
	}
	world := make([]int, len(members))
	for i, rank := range members {
		world[i] = c.world[rank]
	}
	child := newCommunicator(c.job, c, c.id.child(c.splits, members[0]), slices.Index(members, c.rank), world)
	if child.handle, err = c.splitNative(ctx, members[0], child.rank); err != nil {
		return nil, err
	}
	c.job.control.register(child)
	return child, nil
}

func (c *communicator) splitNative(ctx context.Context, color, key int) (handle, error) {
	type result struct {
		handle handle
		err    error
	}
	made := make(chan result, 1)
	go func() {
		h, err := c.handle.split(color, key)
		made <- result{h, err}
	}()
	var r result
	err := c.poll(ctx, c.rank, func() (bool, error) {
		select {
		case r = <-made:
			return true, r.err
		default:
			return false, nil
		}
	})
	return r.handle, err
}

// start starts to send. Of a message to itself it keeps a copy, and t is done.
func (c *communicator) start(ctx context.Context, to, tag int, data []byte) (*transfer, error) {
	if err := c.check(ctx, to); err != nil {
		return nil, err
	}
	if tag < 0 || tag >= comm.TagLimit || len(data) > comm.MessageLimit {
		return nil, c.breakOff(c.rank, fmt.Errorf("mpi: cannot send %d bytes under tag %d", len(data), tag))
	}
	if to == c.rank {
		c.toSelf = append(c.toSelf, sent{tag, slices.Clone(data)})
		return &transfer{done: true}, nil
	}
	t, err := c.handle.isend(to, tag, data)
	if err != nil {
		return nil, c.breakOff(c.rank, err)
	}
	return t, nil
}

// finish waits until t is done.
func (c *communicator) finish(ctx context.Context, to int, t *transfer) error {
	err := c.poll(ctx, to, func() (bool, error) {
		err := t.test()
		return t.done, err
	})
	if err != nil {
		c.abandon(to, t)
	}
	return err
}

// abandon leaves a message that rank to does not receive. MPI may read it from the
// caller's memory when that has changed, so rank to must know before this returns.
func (c *communicator) abandon(to int, t *transfer) {
	if t.done {
		return
	}
	c.job.control.tellBroken(c, to)
	c.job.control.keep(t)
}

// drainTime is for how long a broken group goes on receiving a message that has
// begun to come, since MPI writes to the caller's memory until it is there.
const drainTime = time.Second

// receive receives a message that was found.
func (c *communicator) receive(ctx context.Context, from int, f *found, buf []byte) error {
	t, err := irecv(f, buf)
	if err != nil {
		return c.breakOff(c.rank, err)
	}
	if t.done {
		return nil
	}
	err = c.poll(ctx, from, func() (bool, error) {
		err := t.test()
		return t.done, err
	})
	for p := (pause{}); !t.done && p.waited() < drainTime; p.take() {
		if t.test() != nil {
			break
		}
	}
	if !t.done {
		c.job.control.keep(t)
	}
	if err == nil {
		// A long message is read from the sender's memory, which is the sender's
		// again if the group broke meanwhile.
		c.job.control.look()
		err = c.why()
	}
	return err
}

func (c *communicator) recvSelf(buf []byte) ([]byte, int, error) {
	if len(c.toSelf) == 0 {
		return nil, 0, c.breakOff(c.rank, comm.ErrGone)
	}
	m := c.toSelf[0]
	c.toSelf[0] = sent{}
	c.toSelf = c.toSelf[1:]
	if len(m.data) > len(buf) {
		return m.data, m.tag, nil
	}
	return buf[:copy(buf, m.data)], m.tag, nil
}

// check returns why a call toward rank peer cannot start, if it cannot.
func (c *communicator) check(ctx context.Context, peer int) error {
	if c.closed.Load() || c.job.over.Load() {
		return comm.ErrClosed
	}
	if err := c.why(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return c.breakOff(c.rank, err)
	}
	if peer < 0 || peer >= c.Size() {
		return c.breakOff(c.rank, fmt.Errorf("mpi: rank %d is not in a group of %d", peer, c.Size()))
	}
	return nil
}
