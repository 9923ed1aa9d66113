//go:build cgo && !windows

package mpi

import (
	"slices"
)

// look takes in the control messages that have come. If another goroutine is
// looking, it leaves that to it.
func (ctl *control) look() {
	if !ctl.mu.TryLock() {
		return
	}
	defer ctl.mu.Unlock()
	ctl.kept = slices.DeleteFunc(ctl.kept, func(t *transfer) bool { return t.test() != nil || t.done })
	for {
		var f found
		if ok, err := ctl.handle.find(anyRank, &f); !ok || err != nil {
			return
		}
		data := make([]byte, f.len())
		t, err := irecv(&f, data)
		for err == nil && !t.done {
			err = t.test()
		}
		if n, ok := decodeNote(data); ok && err == nil {
			ctl.take(f.from(), f.tag(), n)
		}
	}
}

// take acts on a note of a rank of the world.
func (ctl *control) take(from, tag int, n note) {
	c := ctl.groups[n.group]
	switch {
	case tag == tagBroken && c != nil:
		c.broken.CompareAndSwap(nil, n.broken())
	case tag == tagBroken:
		ctl.early[n.group] = n.broken()
	case tag == tagAsk:
		// Those who wait long for a slow rank ask the same again and again.
		if q := (question{n, from}); !slices.Contains(ctl.asked, q) {
			ctl.asked = append(ctl.asked, q)
		}
		ctl.answer()
	case tag == tagGone && c != nil && n.rank < len(c.gone):
		c.gone[n.rank].Store(true)
	}
}

// end says that this rank only waits for all to end, to those who ask.
func (ctl *control) end() {
	ctl.mu.Lock()
	defer ctl.mu.Unlock()
	ctl.ended = true
	ctl.answer()
}

// closed says that this rank calls nothing more on c, to those who ask.
func (ctl *control) closed(c *communicator) {
	ctl.mu.Lock()
	defer ctl.mu.Unlock()
	c.closed.Store(true)
	ctl.answer()
}

// answer answers the questions that can be. On the world all ranks meet once more
// in the end. It is called with mu locked.
func (ctl *control) answer() {
	ctl.asked = slices.DeleteFunc(ctl.asked, func(q question) bool {
		c := ctl.groups[q.note.group]
		if c == nil || !c.closed.Load() && !(ctl.ended && c.parent != nil) {
			return false
		}
		if t := ctl.send(q.from, tagGone, q.note); !t.done {
			ctl.kept = append(ctl.kept, t)
		}
		return true
	})
}
