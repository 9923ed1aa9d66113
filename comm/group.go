package comm

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// A group is the ranks of one communicator in this process's memory. It is broken
// when its context ends, with a *BrokenError as the cause. That context is a child
// of the parent group's, so a break reaches all groups that Split made.
type group struct {
	parent *group
	ends   []*endpoint // by rank
	broken context.Context
	cancel context.CancelCauseFunc
	refs   atomic.Int32 // open ends and child groups

	mu     sync.Mutex
	splits map[splitID]*group // made by one member, and not yet taken by all
	taken  int                // of this group in parent.splits, guarded by parent.mu
}

// A splitID names a child of a group: the number of the Split call, and the lowest
// rank of those that gave the same color.
type splitID struct{ call, lowest int }

// A process is what the ends of one rank have in common.
type process struct {
	host  string
	ended context.Context // when the rank's function has returned
}

// newGroup makes the group of procs, in this order, under parent, which may be nil.
func newGroup(parent *group, procs []*process) *group {
	under := context.Background()
	if parent != nil {
		under = parent.broken
		parent.refs.Add(1)
	}
	g := &group{parent: parent, splits: map[splitID]*group{}}
	g.broken, g.cancel = context.WithCancelCause(under)
	for rank, p := range procs {
		g.ends = append(g.ends, newEndpoint(g, rank, p))
	}
	g.refs.Store(int32(len(procs)))
	return g
}

// breakOff breaks the group unless it is broken, and returns why it is.
func (g *group) breakOff(rank int, reason error) error {
	g.cancel(&BrokenError{Rank: rank, Reason: reason})
	return context.Cause(g.broken)
}

// release gives up one reference. A group that has none leaves its parent, which
// until then holds it so that a break reaches its children.
func (g *group) release() {
	if g.refs.Add(-1) > 0 {
		return
	}
	g.cancel(ErrClosed)
	if g.parent != nil {
		g.parent.release()
	}
}

// child returns the group that the given Split call makes of members. The first
// of them to ask makes it, and the last one takes it off the list.
func (g *group) child(call int, members []int) *group {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := splitID{call, slices.Min(members)}
	c := g.splits[id]
	if c == nil {
		procs := make([]*process, len(members))
		for i, rank := range members {
			procs[i] = g.ends[rank].proc
		}
		c = newGroup(g, procs)
		g.splits[id] = c
	}
	if c.taken++; c.taken == len(members) {
		delete(g.splits, id)
	}
	return c
}
