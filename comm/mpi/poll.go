//go:build cgo && !windows

package mpi

import (
	"context"
	"time"

	"github.com/soastore/soa/comm"
)

const (
	// askAfter is how long a rank waits for another before it asks whether that one
	// calls nothing more.
	askAfter = 300 * time.Millisecond
	// goneAfter is how long, after that answer, it goes on looking for a message
	// that is on its way.
	goneAfter = 700 * time.Millisecond
)

// poll calls step until it reports true, the group breaks, or ctx ends, which
// breaks the group. The wait is for rank peer.
func (c *communicator) poll(ctx context.Context, peer int, step func() (bool, error)) error {
	var p pause
	asked := false
	var goneSince time.Time
	for {
		done, err := step()
		if err != nil {
			return c.breakOff(c.rank, err)
		}
		if done {
			return nil
		}
		if p.glance() {
			if err := c.interrupted(ctx); err != nil {
				return err
			}
		}
		if !asked && p.waited() > askAfter {
			asked = true
			c.job.control.ask(c, peer)
		}
		if c.gone[peer].Load() {
			if goneSince.IsZero() {
				goneSince = time.Now()
			} else if time.Since(goneSince) > goneAfter {
				return c.breakOff(peer, comm.ErrGone)
			}
		}
		p.take()
	}
}

// interrupted returns why to wait no longer, if there is a reason.
func (c *communicator) interrupted(ctx context.Context) error {
	c.job.control.look()
	if err := c.why(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return c.breakOff(c.rank, err)
	}
	return nil
}

// why returns the *BrokenError of the group or of one that it was split from, or
// nil.
func (c *communicator) why() error {
	for ; c != nil; c = c.parent {
		if b := c.broken.Load(); b != nil {
			return b
		}
	}
	return nil
}

func (c *communicator) Break(reason error) { c.breakOff(c.rank, reason) }

// breakOff breaks the group on all ranks unless it is broken, and returns why it is.
func (c *communicator) breakOff(rank int, reason error) error {
	if c.why() == nil && c.broken.CompareAndSwap(nil, &comm.BrokenError{Rank: rank, Reason: reason}) {
		for to := range c.world {
			if to != c.rank {
				c.job.control.tellBroken(c, to)
			}
		}
	}
	return c.why()
}
