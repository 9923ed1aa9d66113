package soastore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/soastore/soa"
)

// Pop is PopContext without a context.
func (s *Spill) Pop(key string) (*soa.Dict, error) { return s.PopContext(context.Background(), key) }

// PopContext returns the value of key and removes it; see Store.
func (s *Spill) PopContext(ctx context.Context, key string) (*soa.Dict, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	call, err := s.begin(ctx, "pop", key)
	if err != nil {
		return nil, err
	}
	defer call.end()
	d, err := s.get(ctx, key, nil)
	if err := call.remove(err, key); err != nil {
		return nil, err
	}
	return d, nil
}

// Remove is RemoveContext without a context.
func (s *Spill) Remove(key string) error { return s.RemoveContext(context.Background(), key) }

// RemoveContext removes key; see Store.
func (s *Spill) RemoveContext(ctx context.Context, key string) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	call, err := s.begin(ctx, "remove", key)
	if err != nil {
		return err
	}
	defer call.end()
	if s.lookup(key) == nil {
		err = ErrNotFound
	}
	return call.remove(err, key)
}

// Clear is ClearContext without a context.
func (s *Spill) Clear() error { return s.ClearContext(context.Background()) }

// ClearContext removes all keys; see Store.
func (s *Spill) ClearContext(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	call, err := s.begin(ctx, "clear", "")
	if err != nil {
		return err
	}
	defer call.end()
	return call.remove(nil, s.Keys()...)
}

// remove removes keys from all ranks, or from none. bad is what is already known
// to be wrong on this rank.
func (c *call) remove(bad error, keys ...string) error {
	s := c.s
	defer c.timed(&s.stats.Cleanup, time.Now())
	if err := c.removeFiles(bad, keys); err != nil {
		return err
	}
	for _, key := range keys {
		s.mu.Lock()
		e := s.catalog[key]
		delete(s.catalog, key)
		s.stats.Removes++
		s.mu.Unlock()
		e.release()
	}
	return nil
}

func (c *call) removeFiles(bad error, keys []string) error {
	if c.s.opts.Path == "" {
		return c.agree(bad, "")
	}
	ch := c.s.startChange(&c.ch)
	if bad == nil {
		for _, key := range keys {
			c.s.format.remove(ch, key, c.s.lookup(key).files)
		}
	}
	return c.settle(ch, bad, "", keys...)
}

// Close ends the store; see Store. It always frees what this rank holds, also
// when it returns an error.
func (s *Spill) Close() error {
	s.turn.Lock()
	defer s.turn.Unlock()
	call, err := s.begin(context.Background(), "close", "")
	if err != nil {
		return err
	}
	defer call.timed(&s.stats.Cleanup, time.Now())
	// No rank removes a file before all are done with theirs.
	err = call.agree(nil, "")
	s.mu.Lock()
	s.closed = true
	owned := s.owned()
	clear(s.catalog)
	s.mu.Unlock()
	if err == nil {
		err = call.agree(s.purge(owned), "")
	} else {
		err = errors.Join(err, s.purge(owned))
	}
	return errors.Join(err, s.closeComms())
}

// owned returns the files of the values that Close removes. The caller holds mu.
func (s *Spill) owned() map[string]files {
	out := map[string]files{}
	for key, e := range s.catalog {
		if e.own && s.opts.Path != "" && !s.opts.Keep {
			out[key] = e.files
		}
	}
	return out
}

// purge removes the files of values, and those that could not be removed before:
// first the names that readers look at, so that no half value is ever seen.
func (s *Spill) purge(owned map[string]files) error {
	ch := s.newChange()
	for key, f := range owned {
		s.format.remove(ch, key, f)
	}
	var names []string
	for _, e := range ch.edits {
		names = append(names, e.name)
	}
	var err error
	for _, step := range ch.steps {
		if stepErr := step.Commit(); stepErr == nil {
			err = errors.Join(err, step.Finish())
		} else {
			err = errors.Join(err, stepErr, step.Undo())
		}
	}
	if s.spares != nil {
		names = append(names, s.spares.drain()...)
	}
	for _, name := range slices.Concat(names, ch.garbage, s.leftover) {
		err = errors.Join(err, removeTree(s.fs, name))
	}
	s.leftover = nil
	if s.opts.Path != "" {
		err = errors.Join(err, s.format.stop(true))
	}
	return err
}

// closeComms frees the communicators that the store made.
func (s *Spill) closeComms() error {
	err := s.group.close()
	if !s.opts.Independent {
		err = errors.Join(err, s.comm.Close())
	}
	return err
}
