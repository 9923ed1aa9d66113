package tier

import (
	"context"
	"errors"
	"slices"
)

// request is what Prefetch was asked for: columns of one value.
type request []*column

// Prefetch asks for columns to be brought to raw memory in the background, into room
// that is free or holds what has been used longer ago, and not what was read ahead
// before and not been asked for yet. Where there is none they stay where they are. It
// does not wait. Unknown values and fields are errors as in Plan; the others are
// fetched.
func (t *Tiers) Prefetch(accesses ...Access) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	var failures []error
	t.tick++
	for _, a := range accesses {
		columns, err := t.resolve(a)
		failures = append(failures, err)
		t.ask(columns)
	}
	t.startAhead()
	t.wake()
	return errors.Join(failures...)
}

// ask queues those of the columns that are not raw. Each is in the queue at most once,
// which bounds it. The caller holds mu.
func (t *Tiers) ask(columns []*column) {
	var r request
	for _, c := range columns {
		c.tick = t.tick
		c.rerank()
		if t.bringable(c) && !c.queued {
			c.queued = true
			r = append(r, c)
		}
	}
	if r != nil {
		t.wanted = append(t.wanted, r)
	}
}

// startAhead starts the goroutine that reads ahead, once. The caller holds mu.
func (t *Tiers) startAhead() {
	if !t.aheadRuns {
		t.aheadRuns = true
		t.workers.Go(func() { t.readAhead(t.ctx) })
	}
}

// wake tells the goroutine that reads ahead to look again.
func (t *Tiers) wake() {
	select {
	case t.awake <- struct{}{}:
	default:
	}
}

// readAhead brings what is asked for, and what the plan wants next, until ctx ends.
func (t *Tiers) readAhead(ctx context.Context) {
	for {
		for t.bringNext(ctx) {
		}
		select {
		case <-t.awake:
		case <-ctx.Done():
			return
		}
	}
}

// bringNext brings one request, or columns of one access of the plan, and reports
// whether to go on.
func (t *Tiers) bringNext(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	t.mu.Lock()
	columns, asked := t.nextRequest()
	near := true
	if !asked {
		columns, near = t.upcoming()
	}
	t.mu.Unlock()
	if len(columns) == 0 {
		return asked
	}
	room := t.toRead()
	room.waits, room.spares, room.frugal = true, asked, !near
	got := t.reserveSome(ctx, partsOf(columns), room)
	brought, err := t.bring(ctx, columns[0].value, got, true)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNotFound) {
		t.count(func() { t.failed(wrap(columns[0].value.id, err)) })
	}
	return asked || len(brought) > 0
}

// nextRequest takes the first request from the queue. The caller holds mu.
func (t *Tiers) nextRequest() (columns []*column, ok bool) {
	if len(t.wanted) == 0 {
		return nil, false
	}
	r := t.wanted[0]
	t.wanted[0] = nil // which nothing reads again
	t.wanted = t.wanted[1:]
	for _, c := range r {
		c.queued = false
	}
	return slices.DeleteFunc(r, func(c *column) bool { return !t.bringable(c) }), true
}
