package soastore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore/internal/tier"
)

// Tiered is a Store that keeps values in memory first, then in compressed memory,
// then in files, within a budget for each. The unit that moves between memory and
// files is the field of one value, so that to read one field of a value brings up no
// others; into files a value goes whole, once, and it stays there when its fields
// come up again.
//
// # Ranks
//
// Set, Pop, Remove, Clear, Flush and Close are collective: the keys are the same on
// all ranks. Where a rank keeps its rows is its own affair: all else is local, and
// sends no messages.
//
// # Memory
//
// The store keeps the arrays that Set is given, and Get returns what it keeps:
// nobody may change either. GetInto fills arrays of the caller's. A value is read
// whole, as it was Set, whatever moves meanwhile. To replace a value needs room for
// both until all ranks have the new one.
//
// # Failures
//
// If no tier of some rank has room, Set fails with an ErrNoSpace on all, and the
// error says what each tier had against the value. A value that cannot be written
// into a file stays in memory. With Async such a failure is an error of the next Set
// and of Flush, with the key; the value stays readable.
//
// Lock order: turn, then mu. turn is held during a whole collective call, mu only
// while the catalog is looked at or changed.
type Tiered struct {
	opts  TierOptions
	comm  comm.Comm // the store's own; comm.Self if Independent
	tiers *tier.Tiers
	disks *disks // nil if there are no files
	fit   fit    // how the memory budget was found

	turn sync.Mutex
	seq  uint64 // collective calls so far, and in the files of earlier stores

	mu      sync.RWMutex
	closed  bool
	catalog map[string]tiered
	stats   Stats
}

var _ Store = (*Tiered)(nil)

// tiered is the value of a key.
type tiered struct {
	id   string // in tiers and files; no other Set has the same
	torn error  // why it cannot be read
}

// begin starts a collective call. The caller holds turn.
func (t *Tiered) begin(ctx context.Context, op, key string) (ballot, error) {
	t.mu.RLock()
	closed := t.closed
	t.mu.RUnlock()
	if closed { // on all ranks alike, since Close is collective
		return ballot{}, keyError(op, key, ErrClosed)
	}
	t.seq++
	return t.ballot(ctx, op, key), nil
}

func (t *Tiered) ballot(ctx context.Context, op, key string) ballot {
	return ballot{ctx: ctx, comm: t.comm, timeout: t.opts.Timeout, op: op, key: key, seq: t.seq}
}

// timed adds the time since start to sum.
func (t *Tiered) timed(sum *time.Duration, start time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*sum += time.Since(start)
}

// Set is SetContext without a context.
func (t *Tiered) Set(key string, d *soa.Dict) error {
	return t.SetContext(context.Background(), key, d)
}

// SetContext puts d under key; see Store.
func (t *Tiered) SetContext(ctx context.Context, key string, d *soa.Dict) error {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(ctx, "set", key)
	if err != nil {
		return err
	}
	defer t.timed(&t.stats.Writing, time.Now())
	id := t.newID(key)
	err = t.check(key, id, d)
	placed := false
	if err == nil {
		if !t.opts.CopyOnSet {
			d.Keep() // the tiers have it from now on
		}
		err = byKey(t.tiers.Put(ctx, id, d))
		placed = err == nil
	}
	if err := b.agree(err, schemaOf(t.comm, d)); err != nil {
		if placed {
			t.drop(tiered{id: id})
		}
		return err
	}
	t.mu.Lock()
	old := t.catalog[key]
	t.catalog[key] = tiered{id: id}
	t.stats.Sets++
	t.stats.BytesSet += int64(d.NBytes())
	t.mu.Unlock()
	t.drop(old)
	return nil
}

// check reports what is wrong with a key and a value, on this rank.
func (t *Tiered) check(key, id string, d *soa.Dict) error {
	if err := checkKey("", key, maxKey); err != nil {
		return err
	}
	if err := checkValue(key, d); err != nil {
		return err
	}
	return t.disks.check(id, d)
}

// drop lets go of a value that is in the catalog no more. Files that cannot be
// removed now are again by the store that wrote them.
func (t *Tiered) drop(v tiered) {
	switch {
	case v.id == "":
	case v.torn != nil:
		_ = t.disks.Delete(v.id)
	default:
		_ = t.tiers.Delete(v.id)
	}
}

// Pop is PopContext without a context.
func (t *Tiered) Pop(key string) (*soa.Dict, error) { return t.PopContext(context.Background(), key) }

// PopContext returns the value of key and removes it; see Store.
func (t *Tiered) PopContext(ctx context.Context, key string) (*soa.Dict, error) {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(ctx, "pop", key)
	if err != nil {
		return nil, err
	}
	d, err := t.get(ctx, key, nil)
	if err := t.remove(b, err, key); err != nil {
		return nil, err
	}
	return d, nil
}

// Remove is RemoveContext without a context.
func (t *Tiered) Remove(key string) error { return t.RemoveContext(context.Background(), key) }

// RemoveContext removes key; see Store.
func (t *Tiered) RemoveContext(ctx context.Context, key string) error {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(ctx, "remove", key)
	if err != nil {
		return err
	}
	if !t.Has(key) {
		err = ErrNotFound
	}
	return t.remove(b, err, key)
}

// Clear is ClearContext without a context.
func (t *Tiered) Clear() error { return t.ClearContext(context.Background()) }

// ClearContext removes all keys; see Store.
func (t *Tiered) ClearContext(ctx context.Context) error {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(ctx, "clear", "")
	if err != nil {
		return err
	}
	return t.remove(b, nil, t.Keys()...)
}

// remove removes keys from all ranks, or from none. bad is what is already known to
// be wrong on this rank.
func (t *Tiered) remove(b ballot, bad error, keys ...string) error {
	defer t.timed(&t.stats.Cleanup, time.Now())
	if err := b.agree(bad, ""); err != nil {
		return err
	}
	var old []tiered
	t.mu.Lock()
	for _, key := range keys {
		old = append(old, t.catalog[key])
		delete(t.catalog, key)
		t.stats.Removes++
	}
	t.mu.Unlock()
	for _, v := range old {
		t.drop(v)
	}
	return nil
}

// Flush is FlushContext without a context.
func (t *Tiered) Flush() error { return t.FlushContext(context.Background()) }

// FlushContext writes every value that is in memory only into a file, and reports
// all that failed; they stay in memory. Without files it does nothing. Collective.
func (t *Tiered) FlushContext(ctx context.Context) error {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(ctx, "flush", "")
	if err != nil {
		return err
	}
	defer t.timed(&t.stats.Writing, time.Now())
	return b.agree(byKey(t.tiers.Flush(ctx)), "")
}

// Close ends the store; see Store. With Keep it is a Flush first, and if that fails
// the values that are in memory only are lost. It always frees what this rank holds.
func (t *Tiered) Close() error {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(context.Background(), "close", "")
	if err != nil {
		return err
	}
	defer t.timed(&t.stats.Cleanup, time.Now())
	if t.opts.Keep {
		err = byKey(t.tiers.Flush(b.ctx))
	}
	err = b.agree(err, "")
	t.mu.Lock()
	t.closed = true
	clear(t.catalog)
	t.mu.Unlock()
	t.tiers.Close()
	if closeErr := t.disks.close(); err == nil {
		err = b.agree(closeErr, "")
	} else {
		err = errors.Join(err, closeErr)
	}
	if !t.opts.Independent {
		err = errors.Join(err, t.comm.Close())
	}
	return err
}

// Has reports whether there is a value under key; see Store.
func (t *Tiered) Has(key string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.catalog[key].id != ""
}

// Len returns the number of keys; see Store.
func (t *Tiered) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.catalog)
}

// Keys returns the keys, sorted; see Store.
func (t *Tiered) Keys() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.catalog))
}
