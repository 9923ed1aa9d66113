package arena

import (
	"context"
	"fmt"

	"github.com/soastore/soa"
)

// Stage writes d as a version of key that nobody sees yet; d is used until Stage
// returns. The stamp says which version it is: the same on all ranks that stage a
// part of the same value. A key can have one change at a time, else the error is an
// ErrPending. It is an ErrNoSpace if d does not fit, a soa.ErrDType for the zero
// Array, and an ErrName. After an error all is as before.
func (a *Arena) Stage(ctx context.Context, key, stamp string, d *soa.Dict) (*Change, error) {
	if err := a.enterWrite(); err != nil {
		return nil, a.failedKey("stage", key, err)
	}
	c, err := a.stage(ctx, key, stamp, d)
	a.leave(&err)
	if err != nil {
		return nil, a.failedKey("stage", key, err)
	}
	return c, nil
}

func (a *Arena) stage(ctx context.Context, key, stamp string, d *soa.Dict) (*Change, error) {
	v, err := a.newVersion(key, stamp, d)
	if err != nil {
		return nil, err
	}
	e, err := a.begin(v)
	if err != nil {
		return nil, err
	}
	if err := a.place(ctx, e, v, d); err != nil {
		a.end(e)
		return nil, err
	}
	c := &Change{a: a, new: v}
	c.entries = append(c.one[:0], e)
	return c, nil
}

// newVersion makes a version of key out of d, which has no place in the file yet.
func (a *Arena) newVersion(key, stamp string, d *soa.Dict) (*version, error) {
	if len(key) == 0 || len(key) > nameMax || len(stamp) > nameMax {
		return nil, fmt.Errorf("%w: key of %d bytes, stamp of %d", ErrName, len(key), len(stamp))
	}
	names := int64(len(key) + len(stamp))
	l := a.layout.Load()
	if !l.fits(d, names) {
		var err error
		if l, err = newLayout(d, names); err != nil {
			return nil, err
		}
		a.layout.Store(l)
	}
	v := a.blank(l.fields)
	v.key, v.stamp = key, stamp
	v.state, v.head, v.size = prepared, l.head(names), l.size()
	return v, nil
}

// begin makes a change of v's key pending, and gives v its seq.
func (a *Arena) begin(v *version) (*entry, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.keys[v.key]
	if e == nil {
		e = &entry{key: v.key}
		a.keys[v.key] = e
	}
	if e.pending {
		return nil, ErrPending
	}
	e.pending = true
	a.seq++
	v.seq = a.seq
	return e, nil
}

// end ends the pending change of e.
func (a *Arena) end(e *entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e.pending = false
	if e.current == nil && len(e.others) == 0 {
		delete(a.keys, e.key)
	}
}

// place puts v into the file, prepared, and into e.
func (a *Arena) place(ctx context.Context, e *entry, v *version, d *soa.Dict) (err error) {
	if v.at, err = a.takeSlot(); err != nil {
		return err
	}
	if v.ext, err = a.alloc(v.size); err != nil {
		a.mu.Lock()
		a.slots = append(a.slots, v.at)
		a.mu.Unlock()
		return err
	}
	if err = a.writeValue(ctx, v, d); err == nil {
		err = a.sync()
	}
	if err == nil {
		err = a.writeVersion(v, prepared)
	}
	if err != nil && a.erase(e, v) == nil {
		return err
	}
	a.mu.Lock() // also if it can neither be written nor erased: the file may have it
	e.others = append(e.others, v)
	a.mu.Unlock()
	return err
}

// StageRemove prepares the removal of keys, which all must have a value: else the
// error is an ErrNotFound, and none is. It needs no space.
func (a *Arena) StageRemove(keys ...string) (*Change, error) {
	if err := a.enterWrite(); err != nil {
		return nil, a.failed("remove", err)
	}
	c, err := a.stageRemove(keys)
	a.leave(&err)
	return c, err
}

func (a *Arena) stageRemove(keys []string) (*Change, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := &Change{a: a, entries: make([]*entry, 0, len(keys)), old: make([]*version, 0, len(keys))}
	for _, key := range keys {
		e := a.keys[key]
		var err error
		switch {
		case e == nil || e.current == nil:
			err = ErrNotFound
		case e.pending:
			err = ErrPending
		}
		if err != nil {
			for _, e := range c.entries {
				e.pending = false
			}
			return nil, a.failedKey("remove", key, err)
		}
		e.pending = true
		c.entries, c.old = append(c.entries, e), append(c.old, e.current)
	}
	return c, nil
}
