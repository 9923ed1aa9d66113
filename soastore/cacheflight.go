package soastore

import (
	"errors"
	"fmt"
	"time"

	"github.com/soastore/soa"
)

// request is what a read asks for: the key, and the names of the fields, "" for the
// whole value.
type request struct{ key, fields string }

func requestOf(key string, names []string) request {
	if names == nil {
		return request{key: key}
	}
	return request{key, fmt.Sprintf("%q", names)}
}

// flight is one read of the source, for all who ask for the same meanwhile. Its
// leader is the goroutine that reads; the others wait for done.
type flight struct {
	stale   bool // the key was changed since. Guarded by mu
	waiting int  // goroutines that wait. Guarded by mu
	landed  bool // the leader's

	done chan struct{} // closed when these are set:
	d    *soa.Dict     // the value, not the leader's own; for reading only
	err  error
}

// errAborted is what others get if the leader of their flight panicked.
var errAborted = errors.New("another goroutine's read of the same value panicked")

// join returns the flight of r, and whether the caller leads it. The caller holds
// mu.
func (c *caching) join(r request) (f *flight, leads bool) {
	f = c.flights[r]
	if f != nil {
		f.waiting++
		c.stats.Joined++
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[r] = f
	return f, true
}

// lead reads what r asks for from the source, keeps a whole value, and hands it to
// those who wait. It calls got when it has the value and has done so.
func (c *caching) lead(r request, f *flight, t taker, got func()) error {
	defer c.land(r, f, nil, errAborted) // for a panic; else it has landed
	start := time.Now()
	err := t.from(c.source, func(d *soa.Dict) {
		if r.fields == "" {
			c.put(r.key, d, start, func() bool { return !f.stale })
		}
		c.land(r, f, d, nil)
		got()
	})
	if errors.Is(err, ErrNotFound) {
		c.notFound(r.key, f)
	}
	c.land(r, f, nil, err)
	return err
}

// land ends a flight, if it has not ended yet. d stays the caller's: those who wait
// get a copy.
func (c *caching) land(r request, f *flight, d *soa.Dict, err error) {
	if f.landed {
		return
	}
	f.landed = true
	c.mu.Lock()
	if c.flights[r] == f {
		delete(c.flights, r)
	}
	waiting := f.waiting
	c.mu.Unlock()
	if f.err = err; err == nil && waiting > 0 {
		f.d = d.Clone()
	}
	close(f.done)
}

// notFound notes that the source does not have key, as of flight f.
func (c *caching) notFound(key string, f *flight) {
	c.turn.Lock()
	c.expire() // a value of key, if there is one, is too old
	c.turn.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.opts.NegativeAge > 0 && !f.stale {
		c.absent.add(key, now, now.Add(c.opts.NegativeAge))
	}
}

// abandon makes the flights of some requests keep nothing, and lets nobody join
// them any more. The caller holds mu.
func (c *caching) abandon(which func(request) bool) {
	for r, f := range c.flights {
		if which(r) {
			f.stale = true
			delete(c.flights, r)
		}
	}
}
