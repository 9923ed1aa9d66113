package tier

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa"
)

// write is one putting of a value below. Others who want it there wait for it.
type write struct {
	ctx    context.Context
	cancel context.CancelFunc
	parts  []part        // the columns that are put there
	done   chan struct{} // closed when these are set:
	err    error
	gaveUp bool // it failed after its context had ended
}

// putBelow puts v below, unless it is there or nobody needs it there any more. A write
// that was under way already may have met what is over by now: if it fails, another is
// made.
func (t *Tiers) putBelow(ctx context.Context, v *value) error {
	for awaited := false; ; {
		t.mu.Lock()
		if !t.pending(v) {
			t.mu.Unlock()
			return nil
		}
		w := v.write
		own := w == nil
		if own {
			w = t.beginWrite(ctx, v)
			t.mu.Unlock()
			t.write(v, w)
		} else {
			t.mu.Unlock()
		}
		select {
		case <-w.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !w.gaveUp && (own || awaited || w.err == nil || errors.Is(w.err, errAborted)) {
			return w.err
		}
		awaited = true
		if err := ctx.Err(); err != nil {
			return err
		}
		// We try, if v was not deleted.
	}
}

// pending reports whether v has still to be put below. The caller holds mu.
func (t *Tiers) pending(v *value) bool { return !v.below && !v.dead && !v.gone() }

// beginWrite begins a write of v, of which there is none. The caller holds mu.
func (t *Tiers) beginWrite(ctx context.Context, v *value) *write {
	w := &write{parts: partsOf(t.unsaved(v)), done: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancel(ctx)
	for i := range w.parts {
		w.parts[i].look()
	}
	v.write = w
	return w
}

// unsaved returns the columns of a dirty value that are to be put below: all but those
// that nobody will read again. The caller holds mu.
func (t *Tiers) unsaved(v *value) []*column {
	if v.used == 0 || t.opts.Whole {
		return v.columns
	}
	return slices.DeleteFunc(slices.Clone(v.columns), func(c *column) bool { return c.consumed })
}

// write makes the write w of v, which has begun.
func (t *Tiers) write(v *value, w *write) {
	disk, err := int64(0), errAborted
	defer func() { t.endWrite(v, w, disk, err) }()
	disk, err = t.writeAll(v, w)
}

// writeAll puts the columns of v together, and below.
func (t *Tiers) writeAll(v *value, w *write) (disk int64, err error) {
	defer func() {
		for i := range w.parts {
			if w.parts[i].own { // it was unpacked for this
				w.parts[i].array.Release()
			}
		}
	}()
	if err := t.load(w.ctx, v, w.parts, nil); err != nil {
		return 0, wrap(v.id, err)
	}
	return t.give(w.ctx, v, dictOf(w.parts))
}

// give puts v, which is d, below.
func (t *Tiers) give(ctx context.Context, v *value, d *soa.Dict) (int64, error) {
	start := t.opts.Clock()
	disk, err := t.below.Put(ctx, v.id, d)
	t.count(func() {
		if err == nil {
			t.disk.wrote(int64(d.NBytes()), t.opts.Clock()-start)
		}
	})
	return disk, wrap(v.id, err)
}

// endWrite ends a write of v, which took so many bytes below if err is nil. A value
// that was deleted meanwhile is left to Delete, which waits.
func (t *Tiers) endWrite(v *value, w *write, disk int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v.write = nil
	w.err, w.gaveUp = err, err != nil && w.ctx.Err() != nil
	w.cancel()
	close(w.done)
	switch {
	case w.gaveUp: // the value is still dirty
		t.tried = nil
		t.stir()
	case err != nil:
		v.failure = err
		t.failed(err)
	case !v.dead:
		v.failure = nil
		t.isBelow(v, stored{len(w.parts), bytesOf(w.parts), disk})
	}
}

// isBelow notes that v is below, as far as it is to be: it is clean. The caller holds mu.
func (t *Tiers) isBelow(v *value, there stored) {
	t.clean(v)
	v.below, v.there = true, there
	t.disk.add(v, 1)
	for _, c := range v.columns {
		if c.consumed {
			t.leave(c)
		}
	}
}

// soil notes that v is dirty, the latest of all. The caller holds mu.
func (t *Tiers) soil(v *value) {
	v.dirty, v.unsaved = t.dirty.PushBack(v), v.bytes
	t.dirtyBytes += v.unsaved
}

// clean notes that v is not dirty. The caller holds mu.
func (t *Tiers) clean(v *value) {
	if v.dirty != nil {
		if t.tried == v.dirty {
			t.tried = v.dirty.Prev()
		}
		t.dirty.Remove(v.dirty)
		t.dirtyBytes -= v.unsaved
		v.dirty, v.unsaved = nil, 0
	}
	delete(t.unreported, v)
}

// dirtyValues returns the dirty values, the oldest first.
func (t *Tiers) dirtyValues() (all []*value) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.dirty.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*value))
	}
	return all
}

// Flush puts all dirty values below, the oldest first, as many at once as there are
// Writers. It goes on after a failure, and returns all. A failure in the background
// that this cures is not among them. If there is nothing below, it does nothing.
func (t *Tiers) Flush(ctx context.Context) error {
	if err := t.open(); err != nil || t.below == nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(max(1, t.opts.Writers))
	values := t.dirtyValues()
	failures := make([]error, len(values)+1)
	for i, v := range values {
		g.Go(func() error {
			if ctx.Err() == nil {
				failures[i] = t.putBelow(ctx, v)
				t.count(func() { delete(t.unreported, v) })
			}
			return nil
		})
	}
	g.Wait()
	failures[len(values)] = ctx.Err()
	return errors.Join(failures...)
}
