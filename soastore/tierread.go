package soastore

import (
	"context"
	"errors"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore/internal/tier"
)

// Get is GetContext without a context.
func (t *Tiered) Get(key string) (*soa.Dict, error) { return t.GetContext(context.Background(), key) }

// GetContext returns the value of key, whose arrays nobody may change; see Store.
func (t *Tiered) GetContext(ctx context.Context, key string) (*soa.Dict, error) {
	return t.get(ctx, key, nil)
}

// GetField is GetFieldContext without a context.
func (t *Tiered) GetField(key string, names ...string) (*soa.Dict, error) {
	return t.GetFieldContext(context.Background(), key, names...)
}

// GetFieldContext returns the named fields of key's value, whose arrays nobody may
// change; see Store.
func (t *Tiered) GetFieldContext(ctx context.Context, key string, names ...string) (*soa.Dict, error) {
	if names == nil {
		names = []string{}
	}
	return t.get(ctx, key, names)
}

// get returns the named fields, all if names is nil.
func (t *Tiered) get(ctx context.Context, key string, names []string) (d *soa.Dict, err error) {
	start := time.Now()
	err = t.withID(key, func(id string) error {
		d, err = t.tiers.Get(ctx, id, names)
		return err
	})
	if err != nil {
		return nil, keyError("get", key, err)
	}
	t.got(d, start)
	return d, nil
}

// GetInto is GetIntoContext without a context.
func (t *Tiered) GetInto(key string, d *soa.Dict) error {
	return t.GetIntoContext(context.Background(), key, d)
}

// GetIntoContext reads key's value into d; see Store.
func (t *Tiered) GetIntoContext(ctx context.Context, key string, d *soa.Dict) error {
	start := time.Now()
	err := t.withID(key, func(id string) error { return t.tiers.Read(ctx, id, d, nil) })
	if err != nil {
		return keyError("get", key, err)
	}
	t.got(d, start)
	return nil
}

// View is ViewContext without a context.
func (t *Tiered) View(key string, names []string, fn func(*soa.Dict) error) error {
	return t.ViewContext(context.Background(), key, names, fn)
}

// ViewContext calls fn with fields of key's value; see Store. What is in files only
// is mapped, and stays there. An error of fn is returned as it is.
func (t *Tiered) ViewContext(ctx context.Context, key string, names []string, fn func(*soa.Dict) error) error {
	if len(names) == 0 {
		names = nil
	}
	start := time.Now()
	called := false
	var inFn error
	err := t.withID(key, func(id string) error {
		err := t.tiers.View(ctx, id, names, func(d *soa.Dict) error {
			called = true
			t.got(d, start)
			inFn = fn(d)
			return inFn
		})
		if called && inFn == nil && errors.Is(err, tier.ErrNotFound) {
			return errLostView // never twice
		}
		return err
	})
	if inFn != nil {
		return inFn
	}
	return keyError("view", key, err)
}

// errLostView says that a value was removed while it was viewed.
var errLostView = errors.New("the value was removed while it was viewed")

// withID calls fn with the ID of key's value. If the value is replaced or removed
// before fn has found it, it tries again with what is there then. Then it lets go of
// the values whose last planned read has been made.
func (t *Tiered) withID(key string, fn func(id string) error) error {
	for {
		v, err := t.find(key)
		if err != nil {
			return err
		}
		err = fn(v.id)
		for _, id := range t.tiers.Consumed() {
			t.consume(id)
		}
		if !errors.Is(err, tier.ErrNotFound) && !errors.Is(err, ErrNotFound) {
			return about(v.id, err)
		}
		if now, err := t.find(key); err != nil {
			return err
		} else if now.id == v.id {
			return ErrTorn // its files are gone
		}
	}
}

// find returns the readable value of key, or why there is none.
func (t *Tiered) find(key string) (tiered, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	v := t.catalog[key]
	switch {
	case t.closed:
		return v, ErrClosed
	case v.id == "":
		return v, ErrNotFound
	}
	return v, v.torn
}

// got counts a read.
func (t *Tiered) got(d *soa.Dict, start time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Gets++
	t.stats.BytesGot += int64(d.NBytes())
	t.stats.Reading += time.Since(start)
}

// consume removes the files of a value that has been read for the last time. Its key
// stays, on all ranks, until it is removed.
func (t *Tiered) consume(id string) {
	key, _, _, _ := parseID(id)
	t.mu.Lock()
	if v := t.catalog[key]; v.id == id {
		t.catalog[key] = tiered{id, ErrConsumed}
	}
	t.mu.Unlock()
	_ = t.tiers.Delete(id) // another goroutine may have; files that stay are tried again
}
