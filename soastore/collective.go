package soastore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/fsys"
)

// ballot is how the ranks of a store come to one result in a collective call.
type ballot struct {
	ctx     context.Context // ends this rank's work, never the agreement
	comm    comm.Comm
	timeout time.Duration
	op      string
	key     string
	seq     uint64
}

// agree returns nil on all ranks if no rank has an error and all are in the same
// call with the same schema, and the same error on all ranks otherwise.
func (b *ballot) agree(err error, schema string) error {
	if err == nil {
		err = b.ctx.Err()
	}
	return b.vote(b.comm, err, schema)
}

// vote is agree within any group of ranks, heedless of the context.
func (b *ballot) vote(group comm.Comm, err error, schema string) error {
	if group.Size() == 1 {
		return keyError(b.op, b.key, err)
	}
	ctx := context.WithoutCancel(b.ctx)
	if b.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.timeout)
		defer cancel()
	}
	vote := comm.Vote{Op: b.op, Key: b.key, Seq: b.seq, Schema: schema, Err: classify(err)}
	return comm.Agree(ctx, group, vote, sentinels...)
}

// call is one collective call of a Spill in progress.
type call struct {
	ballot
	s    *Spill
	held []*entry // their files are being changed
	one  [1]*entry
	ch   change // of the call that makes one
}

// begin starts a collective call. The caller holds turn.
func (s *Spill) begin(ctx context.Context, op, key string) (*call, error) {
	s.mu.RLock()
	closed := s.closed
	s.mu.RUnlock()
	if closed { // on all ranks alike, since Close is collective
		return nil, keyError(op, key, ErrClosed)
	}
	s.seq++
	return &call{ballot: ballot{ctx, s.comm, s.opts.Timeout, op, key, s.seq}, s: s}, nil
}

// hold keeps readers away from the files of keys until end.
func (c *call) hold(keys ...string) {
	c.held = c.one[:0]
	for _, key := range keys {
		if e := c.s.lookup(key); e != nil {
			e.use.Lock()
			c.held = append(c.held, e)
		}
	}
}

// end lets readers go on, with what the catalog says now.
func (c *call) end() {
	for _, e := range c.held {
		e.use.Unlock()
	}
}

// timed adds the time since start to sum.
func (c *call) timed(sum *time.Duration, start time.Time) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	*sum += time.Since(start)
}

// settle ends a change of the files of keys on all ranks: if no rank has an error,
// the changes that they planned become visible; else none does, and all have the
// same error.
func (c *call) settle(ch *change, err error, schema string, keys ...string) error {
	if err := c.agree(err, schema); err != nil {
		leftover, _ := ch.undo() // nothing to take back but new files
		c.s.left(leftover)
		return err
	}
	// Now every rank is in this call, and has made its earlier reads.
	c.hold(keys...)
	if err := c.vote(c.s.comm, ch.commit(), ""); err != nil {
		return c.undoCommit(ch, err, keys)
	}
	c.s.left(ch.finish())
	return nil
}

// undoCommit takes back a change that some ranks may have made visible. If that
// fails on a rank, or if the ranks can no longer talk about it, the values are
// torn: they stay on disk, but no rank takes them for whole.
func (c *call) undoCommit(ch *change, cause error, keys []string) error {
	err := cause
	if !errors.Is(cause, comm.ErrBroken) {
		leftover, undoErr := ch.undo()
		c.s.left(leftover)
		err = c.vote(c.s.comm, undoErr, "")
		if err == nil {
			return cause
		}
	}
	c.s.tear(keys, fmt.Errorf("%w: %w", ErrTorn, err))
	return errors.Join(cause, err)
}

// tear marks keys as unreadable, because of reason.
func (s *Spill) tear(keys []string, reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if e := s.catalog[key]; e != nil {
			torn := *e
			torn.torn = reason
			s.catalog[key] = &torn
		}
	}
}

// left remembers files that could not be removed.
func (s *Spill) left(names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leftover = append(s.leftover, names...)
}

// newChange is startChange of a new one.
func (s *Spill) newChange() *change { return s.startChange(new(change)) }

// startChange begins a change, and tries again to remove what earlier ones left.
func (s *Spill) startChange(ch *change) *change {
	*ch = change{
		fs: s.fs, store: s.token[:tokenLen-8], seq: uint32(s.seq), sync: s.opts.Sync,
		alone: s.format.committers() == 1, single: s.comm.Size() == 1,
		folders: s.format.folders(), spares: s.spares, newPiece: fsys.PagePiece,
	}
	if s.on.Kind == fsys.Memory { // whose pages are of one size
		ch.newPiece = fsys.CachePiece
	}
	s.mu.Lock()
	names := s.leftover
	s.leftover = nil
	s.mu.Unlock()
	ch.leftover = ch.remove(names)
	s.left(ch.leftover)
	return ch
}
