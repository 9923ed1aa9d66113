package comm

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// An endpoint is a rank's Comm in a group of this process. Messages to it wait in
// its inbox, which has no bound, so no Send waits.
type endpoint struct {
	group *group
	rank  int
	proc  *process
	open  context.Context // ends when the rank closes its end, or ends itself
	close context.CancelFunc
	once  sync.Once // closes
	calls int       // of Split

	mu    sync.Mutex
	inbox map[int]*queue // by sender
	wake  chan struct{}  // holds one token after a message came
}

func newEndpoint(g *group, rank int, p *process) *endpoint {
	e := &endpoint{group: g, rank: rank, proc: p, inbox: map[int]*queue{}, wake: make(chan struct{}, 1)}
	e.open, e.close = context.WithCancel(p.ended)
	return e
}

func (e *endpoint) Rank() int          { return e.rank }
func (e *endpoint) Size() int          { return len(e.group.ends) }
func (e *endpoint) Host() string       { return e.proc.host }
func (e *endpoint) Break(reason error) { e.group.breakOff(e.rank, reason) }

func (e *endpoint) Close() error {
	e.once.Do(func() {
		e.close()
		e.group.release()
	})
	return nil
}

func (e *endpoint) Send(ctx context.Context, to, tag int, data []byte) error {
	if err := e.check(ctx, to); err != nil {
		return err
	}
	if tag < 0 || tag >= TagLimit || len(data) > MessageLimit {
		return e.group.breakOff(e.rank, fmt.Errorf("comm: cannot send %d bytes under tag %d", len(data), tag))
	}
	e.group.ends[to].deliver(e.rank, message{tag, slices.Clone(data)})
	return nil
}

func (e *endpoint) Recv(ctx context.Context, from int, buf []byte) ([]byte, int, error) {
	if err := e.check(ctx, from); err != nil {
		return nil, 0, err
	}
	for {
		// Asked before looking, as it may send and end in between. A rank that
		// waits for itself will not send any more either.
		gone := from == e.rank || e.group.ends[from].open.Err() != nil
		if m, ok := e.take(from); ok {
			return m.into(buf), m.tag, nil
		}
		if gone {
			return nil, 0, e.group.breakOff(from, ErrGone)
		}
		if err := e.wait(ctx, from); err != nil {
			return nil, 0, err
		}
	}
}

func (e *endpoint) Sendrecv(ctx context.Context, to, tag int, data []byte, from int, buf []byte) ([]byte, int, error) {
	if err := e.Send(ctx, to, tag, data); err != nil {
		return nil, 0, err
	}
	return e.Recv(ctx, from, buf)
}

func (e *endpoint) Split(ctx context.Context, color, key int) (Comm, error) {
	members, err := SplitMembers(ctx, e, color, key)
	if err != nil {
		return nil, err
	}
	e.calls++
	if members == nil {
		return nil, nil
	}
	child := e.group.child(e.calls, members)
	return child.ends[slices.Index(members, e.rank)], nil
}

// check returns why a call toward rank peer cannot start, if it cannot.
func (e *endpoint) check(ctx context.Context, peer int) error {
	if e.open.Err() != nil {
		return ErrClosed
	}
	if e.group.broken.Err() != nil {
		return context.Cause(e.group.broken)
	}
	if err := ctx.Err(); err != nil {
		return e.group.breakOff(e.rank, err)
	}
	if peer < 0 || peer >= e.Size() {
		return e.group.breakOff(e.rank, fmt.Errorf("comm: rank %d is not in a group of %d", peer, e.Size()))
	}
	return nil
}

// wait returns nil when a message may have come or rank from may have ended.
func (e *endpoint) wait(ctx context.Context, from int) error {
	select {
	case <-e.wake:
	case <-e.group.ends[from].open.Done():
	case <-e.group.broken.Done():
		return context.Cause(e.group.broken)
	case <-ctx.Done():
		return e.group.breakOff(e.rank, ctx.Err())
	}
	return nil
}

// deliver puts a message into e's inbox.
func (e *endpoint) deliver(from int, m message) {
	e.mu.Lock()
	q := e.inbox[from]
	if q == nil {
		q = new(queue)
		e.inbox[from] = q
	}
	q.push(m)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// take takes the oldest message of rank from out of the inbox.
func (e *endpoint) take(from int) (message, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if q := e.inbox[from]; q != nil {
		return q.pop()
	}
	return message{}, false
}
