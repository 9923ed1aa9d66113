//go:build cgo && !windows

package mpi

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/soastore/soa/comm"
)

// A groupID names a communicator alike on all its ranks.
type groupID [16]byte

// child returns the ID of the group that the given Split call makes of the ranks
// of which the one of the lowest key is first.
func (id groupID) child(call, first int) groupID {
	b := binary.LittleEndian.AppendUint64(id[:], uint64(call))
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(b, uint64(first)))
	return groupID(sum[:16])
}

// control is the messages between ranks about their groups, over a communicator of
// its own. Any rank that waits for anything looks for them.
type control struct {
	handle handle

	mu     sync.Mutex
	groups map[groupID]*communicator
	early  map[groupID]*comm.BrokenError // broken before they were in groups
	kept   []*transfer                   // not done when their call ended
	asked  []question                    // not yet answered
	ended  bool                          // this rank only waits for all to end
}

// A question is whether this rank calls nothing more on a group.
type question struct {
	note note // that asked, and that is the answer
	from int  // who asked, in the world
}

// The tags of control messages.
const (
	tagBroken = iota // the group is broken: rank, kinds, text
	tagAsk           // does rank, which is the receiver, call nothing more on the group?
	tagGone          // rank, which is the sender, does not
)

// kinds are the reasons that errors.Is finds on the other ranks too.
var kinds = []error{context.Canceled, context.DeadlineExceeded, comm.ErrGone, comm.ErrClosed}

// maxText keeps a control message so short that MPI buffers it.
const maxText = 1 << 10

// A note is a control message:
//
//	 0  [16]byte  group
//	16  u32       rank in the group that it is about
//	20  u32       of tagBroken: bit i says that the reason is kinds[i]
//	24            of tagBroken: the reason's text
type note struct {
	group groupID
	rank  int
	kinds uint32
	text  string
}

const noteHead = 24

func (n note) encode() []byte {
	b := binary.LittleEndian.AppendUint32(n.group[:], uint32(n.rank))
	b = binary.LittleEndian.AppendUint32(b, n.kinds)
	return append(b, n.text[:min(len(n.text), maxText)]...)
}

func decodeNote(b []byte) (n note, ok bool) {
	if len(b) < noteHead {
		return n, false
	}
	n.group = groupID(b)
	n.rank = int(binary.LittleEndian.Uint32(b[16:]))
	n.kinds = binary.LittleEndian.Uint32(b[20:])
	n.text = string(b[noteHead:])
	return n, true
}

// brokenNote returns the note that says that group is broken by b.
func brokenNote(group groupID, b *comm.BrokenError) note {
	n := note{group: group, rank: b.Rank, text: b.Reason.Error()}
	var p *comm.PanicError
	if errors.As(b.Reason, &p) {
		n.text = fmt.Sprint("panic: ", p.Value) // without the stack
	}
	for i, kind := range kinds {
		if errors.Is(b.Reason, kind) {
			n.kinds |= 1 << i
		}
	}
	return n
}

// broken returns the error that brokenNote wrote.
func (n note) broken() *comm.BrokenError {
	r := &remoteReason{text: n.text}
	for i, kind := range kinds {
		if n.kinds&(1<<i) != 0 {
			r.kinds = append(r.kinds, kind)
		}
	}
	return &comm.BrokenError{Rank: n.rank, Reason: r}
}

// A remoteReason is the reason that another rank gave.
type remoteReason struct {
	text  string
	kinds []error
}

func (e *remoteReason) Error() string   { return e.text }
func (e *remoteReason) Unwrap() []error { return e.kinds }

// register opens c to control messages. It stays open after Close, so that those
// who wait for this rank can be told.
func (ctl *control) register(c *communicator) {
	ctl.mu.Lock()
	defer ctl.mu.Unlock()
	ctl.groups[c.id] = c
	if b := ctl.early[c.id]; b != nil {
		c.broken.CompareAndSwap(nil, b)
		delete(ctl.early, c.id)
	}
}

// tellBroken tells rank to of c why c is broken.
func (ctl *control) tellBroken(c *communicator, to int) {
	var b *comm.BrokenError
	if errors.As(c.why(), &b) {
		ctl.keep(ctl.send(c.world[to], tagBroken, brokenNote(c.id, b)))
	}
}

// ask asks rank of whether it calls nothing more on c.
func (ctl *control) ask(c *communicator, of int) {
	if of != c.rank {
		ctl.keep(ctl.send(c.world[of], tagAsk, note{group: c.id, rank: of}))
	}
}

// send sends a note as well as can be: if MPI cannot, there is nobody to tell.
func (ctl *control) send(to, tag int, n note) *transfer {
	t, err := ctl.handle.isend(to, tag, n.encode())
	if err != nil {
		return &transfer{done: true}
	}
	return t
}

// keep keeps a transfer, and with it the memory, until it is done.
func (ctl *control) keep(t *transfer) {
	if !t.done {
		ctl.mu.Lock()
		defer ctl.mu.Unlock()
		ctl.kept = append(ctl.kept, t)
	}
}
