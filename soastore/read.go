package soastore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/soastore/soa"
)

// Get is GetContext without a context.
func (s *Spill) Get(key string) (*soa.Dict, error) { return s.GetContext(context.Background(), key) }

// GetContext returns the value of key; see Store.
func (s *Spill) GetContext(ctx context.Context, key string) (*soa.Dict, error) {
	return s.get(ctx, key, nil)
}

// GetField is GetFieldContext without a context.
func (s *Spill) GetField(key string, names ...string) (*soa.Dict, error) {
	return s.GetFieldContext(context.Background(), key, names...)
}

// GetFieldContext returns the named fields of key's value; see Store.
func (s *Spill) GetFieldContext(ctx context.Context, key string, names ...string) (*soa.Dict, error) {
	if names == nil {
		names = []string{}
	}
	return s.get(ctx, key, names)
}

// get returns the named fields, all if names is nil.
func (s *Spill) get(ctx context.Context, key string, names []string) (d *soa.Dict, err error) {
	start := time.Now()
	err = s.withReader(ctx, key, names, func(_ *entry, r reader, names []string, _ func()) error {
		d, err = r.get(ctx, names)
		return err
	})
	if err != nil {
		return nil, keyError("get", key, err)
	}
	s.got(d, start)
	return d, nil
}

// readInto reads the named fields into d, in the memory of its arrays where they are
// large enough.
func (s *Spill) readInto(ctx context.Context, key string, d *soa.Dict, names []string) error {
	start := time.Now()
	err := s.withReader(ctx, key, names, func(_ *entry, r reader, names []string, _ func()) error { return r.read(ctx, d, names) })
	if err != nil {
		return keyError("get", key, err)
	}
	s.got(d, start)
	return nil
}

// GetInto is GetIntoContext without a context.
func (s *Spill) GetInto(key string, d *soa.Dict) error {
	return s.GetIntoContext(context.Background(), key, d)
}

// GetIntoContext reads key's value into d; see Store.
func (s *Spill) GetIntoContext(ctx context.Context, key string, d *soa.Dict) error {
	start := time.Now()
	err := s.withReader(ctx, key, nil, func(_ *entry, r reader, names []string, _ func()) error {
		into := d.Share()
		if err := r.read(ctx, into, names); err != nil {
			return err
		}
		d.Clear() // of other fields; and the order is the value's
		for _, name := range names {
			a, _ := into.Get(name)
			d.Set(name, a)
		}
		return nil
	})
	if err != nil {
		return keyError("get", key, err)
	}
	s.got(d, start)
	return nil
}

// View is ViewContext without a context.
func (s *Spill) View(key string, names []string, fn func(*soa.Dict) error) error {
	return s.ViewContext(context.Background(), key, names, fn)
}

// ViewContext calls fn with fields of key's value; see Store. An error of fn is
// returned as it is.
func (s *Spill) ViewContext(ctx context.Context, key string, names []string, fn func(*soa.Dict) error) error {
	if len(names) == 0 {
		names = nil
	}
	start := time.Now()
	var inFn error
	err := s.withReader(ctx, key, names, func(e *entry, r reader, names []string, opened func()) error {
		return r.view(ctx, names, s.mustCheck(e, names), func(d *soa.Dict) error {
			opened()
			s.checked(e, names)
			s.got(d, start)
			inFn = fn(d)
			return inFn
		})
	})
	if inFn != nil {
		return inFn
	}
	return keyError("view", key, err)
}

// mustCheck reports whether a view of fields checks their checksums.
func (s *Spill) mustCheck(e *entry, names []string) bool {
	if s.opts.Verify != VerifyOnce {
		return s.opts.Verify == VerifyAlways
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(names, func(name string) bool { return !e.checked[name] })
}

// checked remembers that the checksums of fields were right.
func (s *Spill) checked(e *entry, names []string) {
	if s.opts.Verify != VerifyOnce {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.checked == nil {
		e.checked = map[string]bool{}
	}
	for _, name := range names {
		e.checked[name] = true
	}
}

// use is what is done with a reader of a value, for the named fields, all of which
// there are. It may call opened when it needs to open no more files.
type use func(e *entry, r reader, names []string, opened func()) error

// withReader calls fn with a reader of this rank's rows of key. A collective call
// that replaces or removes the value meanwhile does not disturb it: once the files
// are open, their content stays until they are closed. If names is nil, fn gets
// the names of all fields.
func (s *Spill) withReader(ctx context.Context, key string, names []string, fn use) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := s.find(key)
		if err != nil {
			return err
		}
		e.use.RLock()
		if s.lookup(key) == e {
			return s.readEntry(key, e, names, fn)
		}
		e.use.RUnlock() // it was replaced or removed while we waited
	}
}

// readEntry calls fn with a reader of e, whose lock for use is held, and lets go
// of the lock: of files when they are open, of memory when fn is done.
func (s *Spill) readEntry(key string, e *entry, names []string, fn use) error {
	locked := true
	unlock := func() {
		if locked {
			e.use.RUnlock()
			locked = false
		}
	}
	defer unlock()
	opened := unlock
	if e.mem != nil {
		opened = func() {}
	}
	r, err := s.openEntry(key, e)
	if err != nil {
		return err
	}
	if !r.lazy() {
		opened()
	}
	if names == nil {
		names = r.fields()
	} else {
		err = hasFields(r.fields(), names)
	}
	if err == nil {
		err = fn(e, r, names, opened)
	}
	return errors.Join(err, r.close())
}

func (s *Spill) openEntry(key string, e *entry) (reader, error) {
	switch {
	case e.mem != nil:
		return memReader{e.mem}, nil
	case e.pack != nil:
		return packedReader{e.pack}, nil
	}
	return s.format.open(key, e.files)
}

// hasFields reports the first name that is not among have, or is there twice.
func hasFields(have, names []string) error {
	for i, name := range names {
		if !slices.Contains(have, name) {
			return &soa.FieldError{Field: name, Have: have}
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%w twice: %q", ErrNoField, name)
		}
	}
	return nil
}

// got counts a read.
func (s *Spill) got(d *soa.Dict, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Gets++
	s.stats.BytesGot += int64(d.NBytes())
	s.stats.Reading += time.Since(start)
}
