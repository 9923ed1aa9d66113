package tier

import (
	"container/list"
	"context"
	"errors"
	"slices"
)

// writeBehind puts dirty values below, the oldest first, until ctx ends. A value that
// fails is left to those who need room, and to Flush.
func (t *Tiers) writeBehind(ctx context.Context) {
	for {
		v, w := t.nextWrite(ctx)
		if v == nil {
			select {
			case <-t.soiled:
				continue
			case <-ctx.Done():
				return
			}
		}
		t.write(v, w)
		t.report(v, w)
		t.wake() // what is clean now can make room for what is read ahead
	}
}

// nextWrite begins a write of the oldest value that is dirty, not being written and
// has not failed. There is none if the value is nil.
func (t *Tiers) nextWrite(ctx context.Context) (*value, *write) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil
	}
	for e := t.untried(); e != nil; e = e.Next() {
		t.tried = e
		if v := e.Value.(*value); v.write == nil && v.failure == nil {
			t.stir() // another writer may find one more
			return v, t.beginWrite(ctx, v)
		}
	}
	return nil, nil
}

// untried returns the first dirty value that no writer has looked at. The caller holds mu.
func (t *Tiers) untried() *list.Element {
	if t.tried == nil {
		return t.dirty.Front()
	}
	return t.tried.Next()
}

// stir wakes a writer.
func (t *Tiers) stir() {
	select {
	case t.soiled <- struct{}{}:
	default:
	}
}

// report keeps a failure in the background for the next Put or Flush.
func (t *Tiers) report(v *value, w *write) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.err != nil && !w.gaveUp && t.pending(v) {
		t.unreported[v] = w.err
	}
}

// reported returns the failures in the background that nobody was told of, and of
// which the values are still dirty. The caller holds mu.
func (t *Tiers) reported() error {
	var all []error
	for e := t.dirty.Back(); e != nil && len(all) < len(t.unreported); e = e.Prev() { // mostly the latest
		if err := t.unreported[e.Value.(*value)]; err != nil {
			all = append(all, err)
		}
	}
	clear(t.unreported)
	slices.Reverse(all)
	return errors.Join(all...)
}
