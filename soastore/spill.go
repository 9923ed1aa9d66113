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
	"github.com/soastore/soa/internal/fsys"
)

// Spill is the Store of this package: values in memory or in files. Besides
// Store's methods it has forms of the long ones that take a context. When the
// context of one rank ends, the call fails on all ranks.
//
// Lock order: turn, then mu. turn is held during a whole collective call, mu only
// while the catalog is looked at or changed, never during I/O or communication.
type Spill struct {
	opts   Options
	fs     fsys.FS
	comm   comm.Comm // the store's own; comm.Self if Independent
	group  *grouping // which ranks share files; nil in memory
	format format
	token  string

	turn sync.Mutex
	seq  uint64 // collective calls so far

	mu       sync.RWMutex
	closed   bool
	catalog  map[string]*entry
	stats    Stats
	leftover []string // files that could not be removed
}

var _ Store = (*Spill)(nil)

// entry is one value. It does not change once it is in the catalog.
type entry struct {
	mem   *soa.Dict // the value, of a store in memory
	files files     // where it is, of a store in files
	bytes int64     // of this rank's elements; 0 if not known yet
	own   bool      // the store wrote it
	torn  error     // why it cannot be read any more
}

// Set is SetContext without a context.
func (s *Spill) Set(key string, d *soa.Dict) error {
	return s.SetContext(context.Background(), key, d)
}

// SetContext puts d under key; see Store.
func (s *Spill) SetContext(ctx context.Context, key string, d *soa.Dict) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	call, err := s.begin(ctx, "set", key)
	if err != nil {
		return err
	}
	defer call.timed(&s.stats.Writing)()
	old := s.lookup(key)
	err = s.check(key, d)
	e := &entry{bytes: int64(d.NBytes()), own: true}
	if s.opts.Path == "" {
		err = call.agree(err, schemaOf(d))
		if err == nil {
			e.mem = s.own(d)
		}
	} else {
		e.files, err = s.write(call, d, old, err)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog[key] = e
	s.stats.Sets++
	s.stats.BytesSet += e.bytes
	return nil
}

// own returns what a store in memory keeps of d.
func (s *Spill) own(d *soa.Dict) *soa.Dict {
	if s.opts.CopyOnSet {
		return d.Clone()
	}
	return d.Share()
}

// write puts d into files under call's key. bad is what is already known to be
// wrong on this rank.
func (s *Spill) write(call *call, d *soa.Dict, old *entry, bad error) (files, error) {
	if s.group.sharesFiles() {
		// Ranks that write one file exchange sizes; all must have some.
		if err := call.agree(bad, schemaOf(d)); err != nil {
			return files{}, err
		}
	}
	ch := s.newChange()
	var f files
	err := bad
	if err == nil {
		f, err = s.format.stage(call, ch, d, old)
	}
	return f, call.settle(ch, err, schemaOf(d))
}

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
func (s *Spill) get(ctx context.Context, key string, names []string) (*soa.Dict, error) {
	d := soa.NewDict()
	start := time.Now()
	if err := s.read(ctx, key, names, d); err != nil {
		return nil, keyError("get", key, err)
	}
	s.got(d, start)
	return d, nil
}

// GetInto is GetIntoContext without a context.
func (s *Spill) GetInto(key string, d *soa.Dict) error {
	return s.GetIntoContext(context.Background(), key, d)
}

// GetIntoContext reads key's value into d; see Store.
func (s *Spill) GetIntoContext(ctx context.Context, key string, d *soa.Dict) error {
	start := time.Now()
	err := s.readInto(ctx, key, d)
	if err == nil {
		s.got(d, start)
	}
	return keyError("get", key, err)
}

func (s *Spill) readInto(ctx context.Context, key string, d *soa.Dict) error {
	e, err := s.find(key)
	if err != nil {
		return err
	}
	if e.mem != nil {
		return copyInto(d, e.mem)
	}
	return s.withReader(key, func(r reader) error {
		into := d.Share()
		if err := r.read(ctx, into, r.fields()); err != nil {
			return err
		}
		d.Clear()
		for _, name := range r.fields() {
			a, _ := into.Get(name)
			d.Set(name, a)
		}
		return nil
	})
}

// copyInto gives d copies of src's arrays, in d's memory where it suffices.
func copyInto(d, src *soa.Dict) error {
	have := d.Share()
	d.Clear()
	for name, a := range src.All() {
		old, _ := have.Get(name)
		to, err := old.Resize(a.DType(), a.Shape()...)
		if err != nil {
			return err
		}
		copy(to.Bytes(), a.Bytes())
		d.Set(name, to)
	}
	return nil
}

// read reads the named fields, all if names is nil, into fresh arrays in d; of a
// store in memory, it shares the value's.
func (s *Spill) read(ctx context.Context, key string, names []string, d *soa.Dict) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := s.find(key)
	if err != nil {
		return err
	}
	if e.mem != nil {
		return s.share(e.mem, names, d)
	}
	return s.withReader(key, func(r reader) error {
		if names == nil {
			names = r.fields()
		}
		if err := hasFields(r.fields(), names); err != nil {
			return err
		}
		return r.read(ctx, d, names)
	})
}

func (s *Spill) share(mem *soa.Dict, names []string, d *soa.Dict) error {
	if names == nil {
		names = mem.Names()
	}
	part, err := mem.Select(names...)
	if err != nil {
		return err
	}
	for name, a := range part.All() {
		d.Set(name, a)
	}
	return nil
}

// View is ViewContext without a context.
func (s *Spill) View(key string, names []string, fn func(*soa.Dict) error) error {
	return s.ViewContext(context.Background(), key, names, fn)
}

// ViewContext calls fn with fields of key's value; see Store. fn's error is
// returned as it is.
func (s *Spill) ViewContext(ctx context.Context, key string, names []string, fn func(*soa.Dict) error) error {
	if err := ctx.Err(); err != nil {
		return keyError("view", key, err)
	}
	e, err := s.find(key)
	if err != nil {
		return keyError("view", key, err)
	}
	start := time.Now()
	var inFn error
	call := func(d *soa.Dict) error {
		s.got(d, start)
		inFn = fn(d)
		return inFn
	}
	if e.mem != nil {
		part := soa.NewDict()
		if err = s.share(e.mem, nilIfEmpty(names), part); err == nil {
			err = call(part)
		}
	} else {
		err = s.withReader(key, func(r reader) error {
			want := nilIfEmpty(names)
			if want == nil {
				want = r.fields()
			}
			if err := hasFields(r.fields(), want); err != nil {
				return err
			}
			return r.view(ctx, want, call)
		})
	}
	if inFn != nil {
		return inFn
	}
	return keyError("view", key, err)
}

func nilIfEmpty(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return names
}

// hasFields reports the first name that is not among have, or is there twice.
func hasFields(have, names []string) error {
	for i, name := range names {
		if !slices.Contains(have, name) {
			return &soa.FieldError{Field: name, Have: have}
		}
		if slices.Contains(names[:i], name) {
			return &Error{Op: "get", Field: name, Err: ErrNoField}
		}
	}
	return nil
}

// withReader calls fn with a reader of this rank's rows of key. A collective call
// that replaces or removes the value meanwhile does not disturb it: the files are
// open, and their content stays until they are closed.
func (s *Spill) withReader(key string, fn func(reader) error) error {
	r, err := s.open(key)
	if err != nil {
		return err
	}
	return errors.Join(fn(r), r.close())
}

// open opens the files of key, once more if they were replaced under its hands.
func (s *Spill) open(key string) (reader, error) {
	for {
		e, err := s.find(key)
		if err != nil {
			return nil, err
		}
		r, err := s.format.open(key, e.files)
		if now := s.lookup(key); err == nil || now == e {
			return r, err
		}
	}
}

// got counts a read.
func (s *Spill) got(d *soa.Dict, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Gets++
	s.stats.BytesGot += int64(d.NBytes())
	s.stats.Reading += time.Since(start)
}

// Has reports whether there is a value under key; see Store.
func (s *Spill) Has(key string) bool { return s.lookup(key) != nil }

// Len returns the number of keys; see Store.
func (s *Spill) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.catalog)
}

// Keys returns the keys, sorted; see Store.
func (s *Spill) Keys() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.catalog))
}

// Stats returns what this rank holds and has done; see Store.
func (s *Spill) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st := s.stats
	st.Keys = len(s.catalog)
	st.Leftover = len(s.leftover)
	for _, e := range s.catalog {
		st.Bytes += e.bytes
		if e.mem != nil {
			st.Memory += e.bytes
		}
		st.Files += len(e.files.mine)
		st.Disk += e.files.size
	}
	return st
}

func (s *Spill) lookup(key string) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.catalog[key]
}

// find returns the readable entry of key, or why there is none.
func (s *Spill) find(key string) (*entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.catalog[key]
	switch {
	case s.closed:
		return nil, ErrClosed
	case e == nil:
		return nil, ErrNotFound
	case e.torn != nil:
		return nil, e.torn
	}
	return e, nil
}
