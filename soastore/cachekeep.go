package soastore

import (
	"errors"
	"io/fs"
	"time"

	"github.com/soastore/soa"
)

// What is in the cache store changes only here, by goroutines that hold turn. The
// index counts a value from before it is put into the store until after it is taken
// out, so that the store never holds more than the index says.

// put keeps key's value d, which the source gave since start, if the options let
// it. If current, which is called with mu held, returns false, then d may be
// outdated, and is not kept.
func (c *caching) put(key string, d *soa.Dict, start time.Time, current func() bool) {
	admitted := c.opts.Admit == nil || c.opts.Admit(key, d, time.Since(start))
	v := &cachedValue{key: key, size: int64(d.NBytes()), since: start, deadline: c.deadline(key, start)}
	c.turn.Lock()
	defer c.turn.Unlock()
	c.expire()
	if c.drop(key) != nil || !admitted || !c.makeRoom(v.size) || !c.reserve(v, current) {
		return
	}
	if c.keeps {
		d = d.Clone()
	}
	err := c.cache.Set(key, d)
	if err != nil {
		c.fail(err)
	}
	if err != nil || !c.publish(v, current) {
		c.discard(v)
	}
}

// deadline returns when a value of key, of the time since, is too old; zero for
// never.
func (c *caching) deadline(key string, since time.Time) time.Time {
	age := c.opts.MaxAge
	if c.opts.AgeOf != nil {
		age = c.opts.AgeOf(key)
	}
	if age <= 0 {
		return time.Time{}
	}
	return since.Add(age)
}

// reserve counts v, unless it is outdated already.
func (c *caching) reserve(v *cachedValue, current func() bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !current() {
		return false
	}
	c.index.add(v)
	return true
}

// publish lets reads be served from v, unless it is outdated by now.
func (c *caching) publish(v *cachedValue, current func() bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !current() {
		return false
	}
	c.index.publish(v)
	return true
}

// makeRoom evicts values until there is room for size more bytes, and reports
// whether there is. It evicts none for what would never fit, and gives up at the
// first that cannot be removed.
func (c *caching) makeRoom(size int64) bool {
	limit := c.opts.MaxSize
	if limit == 0 {
		return true
	}
	if size > limit {
		return false
	}
	for {
		c.mu.Lock()
		v, full := c.index.oldest(), c.index.size > limit-size
		c.mu.Unlock()
		if !full {
			return true
		}
		if c.discard(v) != nil {
			return false
		}
		c.count(func(s *CacheStats) { s.Evictions++ })
	}
}

// expire takes out the values that are too old.
func (c *caching) expire() {
	c.mu.Lock()
	old := c.index.expired(time.Now())
	c.mu.Unlock()
	for _, v := range old {
		if c.discard(v) == nil {
			c.count(func(s *CacheStats) { s.Expirations++ })
		}
	}
}

// drop takes key's value out, if there is one.
func (c *caching) drop(key string) error {
	c.mu.Lock()
	v := c.index.values[key]
	c.mu.Unlock()
	return c.discard(v)
}

// discard takes v out, unless it is out already. If the cache store fails to remove
// it, it is not served any more but counts still, and its turn to be evicted comes
// after all others'.
func (c *caching) discard(v *cachedValue) error {
	c.mu.Lock()
	if v == nil || c.index.values[v.key] != v {
		c.mu.Unlock()
		return nil
	}
	v.live = false
	c.mu.Unlock()
	err := c.cache.Remove(v.key)
	if errors.Is(err, ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		err = nil // somebody else removed it, or its file
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.stats.failed(err)
		c.index.use(v)
		return err
	}
	c.index.remove(v)
	return nil
}

// damaged is called when v could not be read. It takes v out, unless another
// goroutine just did, which was the reason.
func (c *caching) damaged(v *cachedValue, err error) {
	c.mu.Lock()
	live := v.live
	c.mu.Unlock()
	if !live || errors.Is(err, ErrNoField) {
		return
	}
	c.fail(err)
	c.turn.Lock()
	defer c.turn.Unlock()
	c.discard(v)
}

// adopt takes in what the cache store holds already.
func (c *caching) adopt() {
	now := time.Now()
	for _, key := range c.cache.Keys() {
		v := &cachedValue{key: key, since: now}
		err := c.cache.View(key, nil, func(d *soa.Dict) error {
			v.size = int64(d.NBytes())
			return nil
		})
		if !c.deadline(key, now).IsZero() {
			v.deadline = now // its age is not known
		}
		if err != nil {
			c.fail(err)
		}
		c.index.add(v)
		if err == nil && c.source.Has(key) {
			c.index.publish(v)
		} else {
			c.discard(v)
		}
	}
	c.makeRoom(0)
}

// ClearCache takes all values out of the cache store, and forgets which keys were
// absent; counts go on. The source stays as it is. The errors are of values that
// could not be removed, which are not served any more. Local.
func (c *Cache) ClearCache() error {
	c.mu.Lock()
	c.abandon(func(request) bool { return true })
	c.absent = absentKeys{}
	c.mu.Unlock()
	return c.discardAll()
}

// discardAll takes all values out.
func (c *caching) discardAll() error {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.mu.Lock()
	all := c.index.all()
	c.mu.Unlock()
	var err error
	for _, v := range all {
		err = errors.Join(err, c.discard(v))
	}
	return err
}
