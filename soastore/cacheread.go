package soastore

import (
	"sync"
	"time"

	"github.com/soastore/soa"
)

// Get returns the value of key, in memory of the caller's own if it is cached, else
// as the source does; see Store.
func (c *Cache) Get(key string) (*soa.Dict, error) {
	return c.fetch(key, nil)
}

// GetField returns the named fields of key's value; see Store. It keeps nothing.
func (c *Cache) GetField(key string, names ...string) (*soa.Dict, error) {
	if len(names) == 0 {
		return c.source.GetField(key)
	}
	return c.fetch(key, names)
}

func (c *caching) fetch(key string, names []string) (*soa.Dict, error) {
	t := &getter{key: key, names: names, lent: c.lends}
	if err := c.read(key, names, t); err != nil {
		return nil, keyError("get", key, err)
	}
	return t.d, nil
}

// GetInto reads key's value into d; see Store.
func (c *Cache) GetInto(key string, d *soa.Dict) error {
	return keyError("get", key, c.read(key, nil, &filler{key: key, lent: c.lends, into: d}))
}

// View calls fn with fields of key's value; see Store. An error of fn is returned
// as it is.
func (c *Cache) View(key string, names []string, fn func(*soa.Dict) error) error {
	if len(names) == 0 {
		names = nil
	}
	t := &viewer{key: key, names: names, fn: fn}
	if err := c.read(key, names, t); err != nil {
		return keyError("view", key, err)
	}
	return t.err
}

// A taker is one way to read a value.
type taker interface {
	// from reads from a store as the caller asked to. It calls got with the value
	// before the caller has it; after got it may be gone.
	from(s Store, got func(*soa.Dict)) error
	// hit is from for the cache store, whose memory no caller may change.
	hit(cache Store, got func(*soa.Dict)) error
	// share takes the value from d, which others read too.
	share(d *soa.Dict) error
}

// route is how a read is served. The zero route is to ask the source and keep
// nothing.
type route struct {
	err    error        // if not nil: with this
	value  *cachedValue // if not nil: from the cache store
	flight *flight      // if not nil: with this flight
	leads  bool         // of which the caller is the leader
}

// read serves t with the named fields of key, or all if names is nil.
func (c *caching) read(key string, names []string, t taker) error {
	start := time.Now()
	r := requestOf(key, names)
	way := c.route(r, start)
	if way.err != nil {
		return way.err
	}
	if way.value != nil {
		if served, err := c.serve(way.value, t, start); served {
			return err
		}
	}
	missed := sync.OnceFunc(func() { c.count(func(s *CacheStats) { s.missed(start) }) })
	defer missed()
	switch f := way.flight; {
	case f == nil:
		return t.from(c.source, func(*soa.Dict) { missed() })
	case way.leads:
		return c.lead(r, f, t, missed)
	default:
		<-f.done
		missed()
		if f.err != nil {
			return f.err
		}
		return t.share(f.d)
	}
}

// route finds out how a read is to be served.
func (c *caching) route(r request, now time.Time) (way route) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.index.values[r.key]
	switch {
	case c.closed:
		way.err = ErrClosed
	case c.changes.concern(r.key): // what is known of it is about to be outdated
	case v.fresh(now):
		c.index.use(v)
		way.value = v
	case c.absent.has(r.key, now):
		c.stats.hit(now)
		c.stats.Negative++
		way.err = ErrNotFound
	default:
		way.flight, way.leads = c.join(r)
	}
	return way
}

// serve serves t from the cache store. If it cannot, it reports that the source
// must; an error is then of no interest.
func (c *caching) serve(v *cachedValue, t taker, start time.Time) (served bool, err error) {
	err = t.hit(c.cache, func(*soa.Dict) {
		served = true
		c.count(func(s *CacheStats) { s.hit(start) })
	})
	if err != nil {
		c.damaged(v, err)
	}
	return served, err
}

// getter is Get and GetField.
type getter struct {
	key   string
	names []string // nil for all
	lent  bool     // the cache store's memory is not the caller's
	d     *soa.Dict
}

func (t *getter) from(s Store, got func(*soa.Dict)) (err error) {
	if t.names == nil {
		t.d, err = s.Get(t.key)
	} else {
		t.d, err = s.GetField(t.key, t.names...)
	}
	if err == nil {
		got(t.d)
	}
	return err
}

func (t *getter) hit(cache Store, got func(*soa.Dict)) error {
	if !t.lent {
		return t.from(cache, got)
	}
	err := cache.View(t.key, t.names, t.share)
	if err == nil {
		got(t.d)
	}
	return err
}

func (t *getter) share(d *soa.Dict) error {
	t.d = d.Clone()
	return nil
}

// filler is GetInto.
type filler struct {
	key  string
	lent bool // the cache store's memory is not the caller's
	into *soa.Dict
}

func (t *filler) from(s Store, got func(*soa.Dict)) error {
	err := s.GetInto(t.key, t.into)
	if err == nil {
		got(t.into)
	}
	return err
}

func (t *filler) hit(cache Store, got func(*soa.Dict)) error {
	if !t.lent {
		return t.from(cache, got)
	}
	err := cache.View(t.key, nil, t.share)
	if err == nil {
		got(t.into)
	}
	return err
}

func (t *filler) share(d *soa.Dict) error {
	have := t.into.Share()
	t.into.Clear() // of other fields; and the order is the value's
	for name, a := range d.All() {
		old, _ := have.Get(name)
		to, err := old.Resize(a.DType(), a.Shape()...)
		if err != nil {
			return err
		}
		copy(to.Bytes(), a.Bytes())
		t.into.Set(name, to)
	}
	return nil
}

// viewer is View. The error of its function is kept apart from those of stores.
type viewer struct {
	key   string
	names []string // nil for all
	fn    func(*soa.Dict) error
	ran   bool  // fn has returned
	err   error // of fn
}

func (t *viewer) from(s Store, got func(*soa.Dict)) error {
	return s.View(t.key, t.names, func(d *soa.Dict) error {
		got(d)
		return t.share(d)
	})
}

func (t *viewer) hit(cache Store, got func(*soa.Dict)) error {
	err := t.from(cache, got)
	if t.ran { // what went wrong later, in closing a file, does not concern the caller
		return nil
	}
	return err
}

func (t *viewer) share(d *soa.Dict) error {
	t.err = t.fn(d)
	t.ran = true
	return nil
}
