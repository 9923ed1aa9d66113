package soastore

import (
	"context"
	"errors"
	"slices"

	"github.com/soastore/soa/soastore/internal/tier"
)

// Evict moves this rank's rows of key's value out of memory, into a file if they are
// in none. It needs a Path. A pinned value is an ErrPinned. Local.
func (t *Tiered) Evict(key string) error {
	return t.move("evict", key, t.tiers.Evict)
}

// Promote brings this rank's rows of key's value to memory, where they are subject to
// the budget as ever. If there is no room the error is an ErrNoSpace. Local.
func (t *Tiered) Promote(key string) error {
	return t.move("promote", key, t.tiers.Promote)
}

// Pin brings this rank's rows of key's value to memory and keeps them there, until
// Unpin, or until the value is replaced or removed. If there is no room the error is
// an ErrNoSpace. Local.
func (t *Tiered) Pin(key string) error {
	return t.move("pin", key, t.tiers.Pin)
}

// Unpin ends a Pin. On a value that is not pinned it does nothing. Local.
func (t *Tiered) Unpin(key string) error {
	return t.move("unpin", key, func(_ context.Context, id string) error { return t.tiers.Unpin(id) })
}

func (t *Tiered) move(op, key string, fn func(ctx context.Context, id string) error) error {
	return keyError(op, key, t.withID(key, func(id string) error { return fn(context.Background(), id) }))
}

// Access is a read of the named fields of key's value, of all if there are no names.
type Access struct {
	Key    string
	Fields []string
}

// Prefetch begins to bring the values of keys to memory, in that order, as far as
// there is room or it can be made of what is used later. It does not wait. An unknown
// key is an ErrNotFound, and then none is brought. Local.
func (t *Tiered) Prefetch(keys ...string) error {
	accesses := make([]Access, len(keys))
	for i, key := range keys {
		accesses[i].Key = key
	}
	return t.declare("prefetch", accesses, func(a []tier.Access) error { return t.tiers.Prefetch(a...) })
}

// PlanOptions are the choices in a plan. The zero value works.
type PlanOptions struct {
	// DropAfterLastRead frees each field of each value after its last planned read,
	// in memory (with TierOptions.Keep only once the value is in a file, whole) and,
	// after the last of a value's fields, in files. A further read is an ErrConsumed;
	// the key stays until it is removed. What the last read returns is
	// the caller's alone, to release too. The default is to keep them.
	DropAfterLastRead bool
}

// Plan tells in which order fields will be read next. From then on those leave
// memory first that are needed last, instead of those that were used longest ago,
// and what is needed soon is read ahead in the background, within the budget. Reads
// that differ from the plan cost time, and no more; but see DropAfterLastRead. A new
// plan takes the place of the old one; no accesses end it. Local: each rank plans its
// own reads.
//
// An unknown key is an ErrNotFound, an unknown field an ErrNoField; then the old plan
// stays.
func (t *Tiered) Plan(accesses []Access, opts PlanOptions) error {
	return t.declare("plan", accesses, func(a []tier.Access) error {
		return t.tiers.Plan(a, tier.PlanOptions{DropAfterLastRead: opts.DropAfterLastRead})
	})
}

// declare calls fn with accesses by ID. If a value is replaced before fn has found it,
// it tries again with what is there then.
func (t *Tiered) declare(op string, accesses []Access, fn func([]tier.Access) error) error {
	var tried []tier.Access
	for {
		ids, err := t.identify(op, accesses)
		if err != nil {
			return err
		}
		err = fn(ids)
		if !errors.Is(err, tier.ErrNotFound) || slices.EqualFunc(ids, tried, sameID) {
			return keyError(op, "", byKey(err))
		}
		tried = ids
	}
}

func sameID(a, b tier.Access) bool { return a.ID == b.ID }

// identify returns accesses by ID, or all that is wrong with their keys.
func (t *Tiered) identify(op string, accesses []Access) ([]tier.Access, error) {
	out := make([]tier.Access, len(accesses))
	var failures []error
	unknown := map[string]bool{}
	for i, a := range accesses {
		v, err := t.find(a.Key)
		if errors.Is(err, ErrClosed) {
			return nil, keyError(op, "", err)
		}
		if err != nil && !unknown[a.Key] {
			unknown[a.Key] = true
			failures = append(failures, keyError(op, a.Key, err))
		}
		out[i] = tier.Access{ID: v.id, Fields: a.Fields}
	}
	return out, errors.Join(failures...)
}
