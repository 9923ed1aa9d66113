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

// readInto reads the named fields, all if names is nil, into d, in the memory of its
// arrays where they are large enough.
func (s *Spill) readInto(ctx context.Context, key string, d *soa.Dict, names []string) error {
	start := time.Now()
	v, err := s.startReading(ctx, key, names)
	if err == nil {
		err = errors.Join(v.r.read(ctx, d, v.names), v.end())
	}
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
	v, err := s.startReading(ctx, key, nil)
	if err == nil {
		err = errors.Join(v.readInto(ctx, d), v.end())
	}
	if err != nil {
		return keyError("get", key, err)
	}
	s.got(d, start)
	return nil
}

// readInto makes d what is read, in the value's order. After an error it has the
// fields that it had.
func (v *reading) readInto(ctx context.Context, d *soa.Dict) error {
	if hasJust(d, v.names) {
		return v.r.read(ctx, d, v.names)
	}
	into := d.Share()
	if err := v.r.read(ctx, into, v.names); err != nil {
		return err
	}
	d.Clear()
	for _, name := range v.names {
		a, _ := into.Get(name)
		d.Set(name, a)
	}
	return nil
}

// hasJust reports whether d has the named fields and no others, in that order.
func hasJust(d *soa.Dict, names []string) bool {
	i := 0
	for name := range d.All() {
		if i == len(names) || name != names[i] {
			return false
		}
		i++
	}
	return i == len(names)
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
func (s *Spill) withReader(ctx context.Context, key string, names []string, fn use) (err error) {
	v, err := s.startReading(ctx, key, names)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.end()) }() // also if fn panics
	return fn(v.e, v.r, v.names, v.opened)
}

// reading is a value that is open for reading.
type reading struct {
	e      *entry
	r      reader
	names  []string // of the fields that are read
	locked bool     // e's lock for use is held
}

// startReading opens key's value, for withReader. The caller ends it.
func (s *Spill) startReading(ctx context.Context, key string, names []string) (v reading, err error) {
	for !v.locked {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		if v.e, err = s.find(key); err != nil {
			return v, err
		}
		v.e.use.RLock()
		v.locked = true
		if s.lookup(key) != v.e { // it was replaced or removed while we waited
			v.unlock()
		}
	}
	if v.r, err = s.openEntry(key, v.e); err != nil {
		v.unlock()
		return v, err
	}
	if !v.r.lazy() {
		v.opened()
	}
	if v.names = names; names == nil {
		v.names = v.r.fields()
	} else if err := hasFields(v.r.fields(), names); err != nil {
		return v, errors.Join(err, v.end())
	}
	return v, nil
}

// opened says that all files are open, and need be there no longer. Memory must be
// there until the end.
func (v *reading) opened() {
	if v.e.mem == nil {
		v.unlock()
	}
}

func (v *reading) unlock() {
	if v.locked {
		v.e.use.RUnlock()
		v.locked = false
	}
}

func (v *reading) end() error {
	defer v.unlock()
	return v.r.close()
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
