package tier

import "context"

// Promote brings all columns of a value to raw memory, making room there. If that
// cannot be the error is a *NoSpaceError.
func (t *Tiers) Promote(ctx context.Context, id string) error {
	t.mu.Lock()
	v, err := t.lookup(id)
	t.mu.Unlock()
	if err == nil {
		err = t.raise(ctx, v)
	}
	return wrap(id, err)
}

// Pin brings all columns of a value to raw memory, as Promote does, and keeps them
// there until Unpin or Delete, or their last planned read. Pinning it again changes
// nothing.
func (t *Tiers) Pin(ctx context.Context, id string) error {
	t.mu.Lock()
	v, err := t.lookup(id)
	if err != nil {
		t.mu.Unlock()
		return wrap(id, err)
	}
	before := v.pinned
	t.pin(v, true)
	t.mu.Unlock()
	if err = t.raise(ctx, v); err != nil && !before {
		t.count(func() { t.pin(v, false) })
	}
	return wrap(id, err)
}

// Unpin lets a value be evicted again.
func (t *Tiers) Unpin(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.lookup(id)
	if err != nil {
		return wrap(id, err)
	}
	t.pin(v, false)
	t.wake()
	return nil
}

// pin makes the columns of v victims, or no victims. The caller holds mu.
func (t *Tiers) pin(v *value, pinned bool) {
	v.pinned = pinned
	for _, c := range v.columns {
		switch {
		case c.in == nil:
		case pinned:
			c.in.delist(c)
		default:
			c.in.enlist(c)
		}
	}
}

// raise brings those columns of v to raw memory that are not there.
func (t *Tiers) raise(ctx context.Context, v *value) error {
	for {
		parts, flights, err := t.lacking(v)
		if err != nil || parts == nil && flights == nil {
			return err
		}
		if parts != nil {
			err = t.raiseAll(ctx, v, parts)
		}
		for _, f := range flights {
			if err == nil {
				err = f.wait(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// lacking returns the columns of v that are not raw, or the flights of those that
// others are bringing.
func (t *Tiers) lacking(v *value) (parts []part, flights []*flight, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.dead {
		return nil, nil, ErrNotFound
	}
	var columns []*column
	for _, c := range v.columns {
		switch {
		case c.in == t.raw || c.consumed:
		case c.flight != nil:
			flights = append(flights, c.flight)
		default:
			columns = append(columns, c)
		}
	}
	if columns == nil {
		return nil, flights, nil
	}
	return partsOf(columns), flights, nil
}

// raiseAll brings parts of v to raw memory.
func (t *Tiers) raiseAll(ctx context.Context, v *value, parts []part) error {
	n := bytesOf(parts)
	if err := t.reserve(ctx, t.raw, n, must(v)); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &NoSpaceError{ID: v.id, Bytes: n, Memory: err}
	}
	_, err := t.bring(ctx, v, parts, false)
	return err
}

// Evict moves the columns of a value out of raw memory as if room were needed: packed,
// if that pays and there is room, or below. What cannot be moved stays, and the error
// is a *NoSpaceError. A pinned value is an ErrPinned.
func (t *Tiers) Evict(ctx context.Context, id string) error {
	if err := t.turn.take(ctx); err != nil {
		return wrap(id, err)
	}
	defer t.turn.give()
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.lookup(id)
	if err == nil && v.pinned {
		err = ErrPinned
	}
	if err != nil {
		return wrap(id, err)
	}
	d, full := must(nil), &NoSpaceError{ID: id}
	for _, c := range v.columns {
		if c.in != t.raw || c.bytes == 0 {
			continue
		}
		t.raw.delist(c)
		t.outside(func() { err = t.evict(ctx, t.raw, c, d) })
		t.raw.enlist(c) // if it stayed
		if err != nil {
			full.Bytes += c.bytes
			full.Below = err
		}
	}
	switch {
	case ctx.Err() != nil:
		return wrap(id, ctx.Err())
	case full.Below != nil:
		return full
	}
	return nil
}

// EvictTo moves columns out of raw memory, in the order in which they make room, until
// there are at most so many bytes there. If that cannot be the error is a
// *NoSpaceError.
func (t *Tiers) EvictTo(ctx context.Context, bytes int64) error {
	if err := t.open(); err != nil {
		return err
	}
	if err := t.turn.take(ctx); err != nil {
		return err
	}
	defer t.turn.give()
	err := t.shrink(ctx, t.raw, bytes, must(nil))
	if err != nil && ctx.Err() == nil {
		err = &NoSpaceError{Memory: err}
	}
	return err
}
