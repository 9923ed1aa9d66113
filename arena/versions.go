package arena

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
)

// Version is a value that the file has under a key.
type Version struct {
	Stamp   string
	Current bool // it is what readers find
}

// Keys returns the keys that have a value, sorted.
func (a *Arena) Keys() []string {
	return a.keysWith(func(e *entry) bool { return e.current != nil })
}

// Recoverable returns the keys that have versions, but no value, sorted.
func (a *Arena) Recoverable() []string {
	return a.keysWith(func(e *entry) bool { return e.current == nil && len(e.others) > 0 })
}

func (a *Arena) keysWith(has func(*entry) bool) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := slices.Sorted(maps.Keys(a.keys))
	return slices.DeleteFunc(keys, func(key string) bool { return !has(a.keys[key]) })
}

// Versions returns all versions of key, the newest first. Besides the current one
// there is what changes that are pending have staged, replaced or removed, and what
// such changes left behind when their process ended. Of several ranks, some may have
// committed a change then and others not: they look for a stamp that all of them
// have, and each makes it current with [Arena.Restore].
func (a *Arena) Versions(key string) []Version {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.keys[key]
	if e == nil {
		return nil
	}
	all := e.all()
	slices.SortFunc(all, func(v, w *version) int { return cmp.Compare(w.seq, v.seq) })
	out := make([]Version, len(all))
	for i, v := range all {
		out[i] = Version{v.stamp, v == e.current}
	}
	return out
}

func (e *entry) all() []*version {
	all := slices.Clone(e.others)
	if e.current != nil {
		all = append(all, e.current)
	}
	return all
}

// Restore makes the version of that stamp, of several the newest, the value of key,
// and frees all others. It reads all of it first, unless it is current already. The
// error is an ErrNotFound, an ErrChecksum if the version is damaged, or an ErrPending.
func (a *Arena) Restore(ctx context.Context, key, stamp string) error {
	if err := a.enterWrite(); err != nil {
		return a.failedKey("restore", key, err)
	}
	err := a.restore(ctx, key, stamp)
	a.leave(&err)
	return a.failedKey("restore", key, err)
}

func (a *Arena) restore(ctx context.Context, key, stamp string) error {
	e, v, err := a.claimVersion(key, stamp)
	if err != nil {
		return err
	}
	defer a.end(e)
	if v != e.current {
		if err := a.verify(ctx, v); err != nil {
			return err
		}
		if err := a.setState(v, committed); err != nil {
			return err
		}
		if err := a.sync(); err != nil {
			return err
		}
	}
	a.show(e, v)
	err = errors.Join(a.eraseOthers(e, anyVersion), a.sync())
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		e.judge()
	}
	return err
}

func (a *Arena) show(e *entry, v *version) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e.makeCurrent(v)
}

// claimVersion marks key as being changed, and returns its version of that stamp.
func (a *Arena) claimVersion(key, stamp string) (*entry, *version, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.keys[key]
	if e == nil {
		return nil, nil, ErrNotFound
	}
	if e.pending {
		return nil, nil, ErrPending
	}
	var found *version
	for _, v := range e.all() {
		if v.stamp == stamp && (found == nil || v.seq > found.seq) {
			found = v
		}
	}
	if found == nil {
		return nil, nil, ErrNotFound
	}
	e.pending = true
	return e, found, nil
}

// Sweep frees all versions that are not current, except those of pending changes,
// and what Open found to be damaged. It is itself a pending change of the keys that
// have such versions.
func (a *Arena) Sweep() error {
	if err := a.enterWrite(); err != nil {
		return a.failed("sweep", err)
	}
	var errs []error
	for _, e := range a.claimAll() {
		errs = append(errs, a.eraseOthers(e, anyVersion))
		a.end(e)
	}
	errs = append(errs, a.sweepDamaged(), a.sync())
	err := errors.Join(errs...)
	a.leave(&err)
	return a.failed("sweep", err)
}

// claimAll marks all keys that have other versions as being changed.
func (a *Arena) claimAll() (all []*entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.keys {
		if !e.pending && len(e.others) > 0 {
			e.pending = true
			all = append(all, e)
		}
	}
	return all
}

func (a *Arena) sweepDamaged() (err error) {
	a.mu.Lock()
	all := a.damaged
	a.damaged = nil
	a.mu.Unlock()
	for _, d := range all {
		if writeErr := a.writeState(d.at, freeWord); writeErr != nil {
			err = errors.Join(err, writeErr)
			a.mu.Lock()
			a.damaged = append(a.damaged, d)
			a.mu.Unlock()
			continue
		}
		a.mu.Lock()
		a.slots = append(a.slots, d.at)
		a.mu.Unlock()
		if d.aside.len > 0 {
			a.free(d.aside)
		}
	}
	return err
}
