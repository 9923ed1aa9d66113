package soastore

import (
	"errors"
	"time"

	"github.com/soastore/soa"
)

// ErrReadOnly says that a call would change what may only be read.
var ErrReadOnly = errors.New("store is read-only")

// Set puts d under key in the source, and with CacheOnSet also in the cache; see
// Store. If the source fails, the value that was cached is the source's still, to
// be read again.
func (c *Cache) Set(key string, d *soa.Dict) error {
	return c.change("set", key, func(ch *keyChange) error {
		start := time.Now()
		err := c.source.Set(key, d)
		if err == nil && c.opts.CacheOnSet {
			c.put(key, d, start, func() bool { return !ch.contended })
		}
		return err
	})
}

// Pop returns the source's value of key and removes it; see Store.
func (c *Cache) Pop(key string) (d *soa.Dict, err error) {
	err = c.change("pop", key, func(*keyChange) error {
		d, err = c.source.Pop(key)
		return err
	})
	return d, err
}

// Remove removes key from the source; see Store.
func (c *Cache) Remove(key string) error {
	return c.change("remove", key, func(*keyChange) error { return c.source.Remove(key) })
}

// Clear removes all keys from the source; see Store.
func (c *Cache) Clear() error {
	if c.readOnly {
		return keyError("clear", "", ErrReadOnly)
	}
	c.beginAll()
	defer c.endAll()
	c.discardAll() // what could not be removed is not served
	return c.source.Clear()
}

// Close closes the source and then the cache store; see Store. An error of the
// cache store is this rank's own. It says so if an outdated value could not be
// removed from a persistent cache store, which must then not be used again.
func (c *Cache) Close() error {
	if c.readOnly {
		return keyError("close", "", ErrReadOnly)
	}
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.mu.Unlock()
	if closed {
		return keyError("close", "", ErrClosed)
	}
	err := c.source.Close()
	c.turn.Lock()
	defer c.turn.Unlock()
	return errors.Join(err, c.discardDead(), c.cache.Close())
}

// discardDead takes out the values that could not be removed so far. The caller
// holds turn.
func (c *caching) discardDead() error {
	c.mu.Lock()
	all := c.index.all()
	c.mu.Unlock()
	var err error
	for _, v := range all {
		if !v.live {
			err = errors.Join(err, c.discard(v))
		}
	}
	return err
}

// change calls fn, which changes key in the source. Until it returns, reads of key
// are the source's alone.
func (c *Cache) change(op, key string, fn func(*keyChange) error) error {
	if c.readOnly {
		return keyError(op, key, ErrReadOnly)
	}
	ch := c.begin(key)
	defer c.end(key, ch)
	c.invalidate(key)
	return fn(ch)
}

// invalidate takes key's value out, or else lets it not be served any more.
func (c *caching) invalidate(key string) {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.drop(key)
}

// changes are the changes of the source in progress.
type changes struct {
	keys map[string]*keyChange
	all  int // calls of Clear
}

// keyChange are the changes of one key in progress.
type keyChange struct {
	calls     int
	contended bool // there were several at once: whose value the source has is not known
}

// concern reports whether key is being changed.
func (ch *changes) concern(key string) bool { return ch.all > 0 || ch.keys[key] != nil }

// begin notes that a change of key begins: no read that began before it keeps
// anything of key, and none that begins until end does.
func (c *caching) begin(key string) *keyChange {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.changes.keys[key]
	if ch == nil {
		ch = &keyChange{contended: c.changes.all > 0}
		c.changes.keys[key] = ch
	} else {
		ch.contended = true
	}
	ch.calls++
	c.abandon(func(r request) bool { return r.key == key })
	c.absent.remove(key)
	return ch
}

func (c *caching) end(key string, ch *keyChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch.calls--; ch.calls == 0 {
		delete(c.changes.keys, key)
	}
}

// beginAll is begin for all keys.
func (c *caching) beginAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes.all++
	for _, ch := range c.changes.keys {
		ch.contended = true
	}
	c.abandon(func(request) bool { return true })
	c.absent = absentKeys{}
}

func (c *caching) endAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes.all--
}
