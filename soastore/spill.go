package soastore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/fsys"
)

// Spill is the Store of this package: values in memory or in files. Besides
// Store's methods it has forms of the long ones that take a context. When the
// context of one rank ends, the call fails on all ranks.
//
// Lock order: turn, then entry.use, then mu. turn is held during a whole collective
// call. use of an entry is held by readers while they open its files, and by a
// collective call from where it changes them until the catalog says so. mu is held
// only while the catalog is looked at or changed, never during I/O or
// communication.
type Spill struct {
	opts   Options
	fs     fsys.FS
	comm   comm.Comm // the store's own; comm.Self if Independent
	group  *grouping // which ranks share files; nil in memory
	format format
	token  string
	on     fsys.Type // where the files are; zero if that is not known
	spares *spares   // nil for none
	// codecOf gives the codec of arrays in memory; nil for none.
	codecOf func(soa.DType) codec.Codec

	turn sync.Mutex
	seq  uint64 // collective calls so far

	mu       sync.RWMutex
	closed   bool
	catalog  map[string]*entry
	stats    Stats
	leftover []string // files that could not be removed
}

var _ Store = (*Spill)(nil)

// entry is one value. But for checked it does not change once it is in the catalog.
type entry struct {
	mem   *soa.Dict // the value, of a store in memory
	pack  *packed   // the value, of a store in memory with a codec
	files files     // where it is, of a store in files
	bytes int64     // of this rank's elements; 0 if not known yet
	own   bool      // the store wrote it
	torn  error     // why it cannot be read any more
	use   *sync.RWMutex

	checked map[string]bool // fields whose checksums were right, with VerifyOnce
}

// newEntry returns an entry with its lock, in one piece of memory.
func newEntry() *entry {
	both := new(struct {
		entry
		lock sync.RWMutex
	})
	both.use = &both.lock
	return &both.entry
}

// present reports whether the file is there that this rank changes to replace e.
func (e *entry) present() bool { return e != nil && !e.files.missing }

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
	defer call.end()
	defer call.timed(&s.stats.Writing, time.Now())
	old := s.lookup(key)
	err = s.check(key, d)
	e := newEntry()
	e.bytes, e.own = int64(d.NBytes()), true
	if s.opts.Path == "" {
		err = call.agree(s.keep(e, d, err), schemaOf(s.comm, d))
	} else {
		e.files, err = s.write(call, d, old, err)
	}
	if err != nil {
		e.release()
		return err
	}
	s.mu.Lock()
	s.catalog[key] = e
	s.stats.Sets++
	s.stats.BytesSet += e.bytes
	s.mu.Unlock()
	old.release()
	return nil
}

// release gives the memory of a value back that is not in the catalog any more, if
// the store copied it, has given it to nobody, and nobody reads it just now.
func (e *entry) release() {
	if e != nil && e.mem != nil && e.use.TryLock() {
		e.mem.Release()
		e.use.Unlock()
	}
}

// keep puts into e what a store in memory keeps of d. bad is what is already known
// to be wrong on this rank.
func (s *Spill) keep(e *entry, d *soa.Dict, bad error) (err error) {
	switch {
	case bad != nil:
		return bad
	case s.codecOf != nil:
		e.pack, err = pack(d, s.codecOf)
	case s.opts.CopyOnSet:
		e.mem = d.Clone()
	default:
		e.mem = d.Share()
		e.mem.Keep()
	}
	return err
}

// write puts d into files under call's key. bad is what is already known to be
// wrong on this rank.
func (s *Spill) write(call *call, d *soa.Dict, old *entry, bad error) (files, error) {
	if s.group.anyShared() {
		// Ranks that write one file exchange sizes; all must have some.
		if err := call.agree(bad, schemaOf(s.comm, d)); err != nil {
			return files{}, err
		}
	}
	ch := s.startChange(&call.ch)
	var f files
	err := bad
	if err == nil {
		f, err = s.format.stage(call, ch, d, old)
	}
	if errors.Is(classify(err), ErrNoSpace) && s.dropSpares() {
		leftover, _ := ch.undo()
		s.left(leftover)
		ch = s.startChange(&call.ch)
		f, err = s.format.stage(call, ch, d, old)
	}
	if err = call.settle(ch, err, schemaOf(s.comm, d), call.key); errors.Is(err, ErrNoSpace) {
		s.dropSpares() // another rank may need the room
	}
	return f, err
}

// dropSpares removes the files that are kept to be written over, and reports
// whether there were any. Ranks that write one file have none.
func (s *Spill) dropSpares() bool {
	if s.spares == nil {
		return false
	}
	names := s.spares.drain()
	for _, name := range names {
		if removeTree(s.fs, name) != nil {
			s.left([]string{name})
		}
	}
	return len(names) > 0
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
	if s.spares != nil {
		st.Spare = s.spares.held()
	}
	for _, e := range s.catalog {
		st.Bytes += e.bytes
	}
	if !s.closed { // Close lets go of what it asks about
		if disk, spare, ok := s.format.usage(); ok {
			st.Files, st.Disk, st.Spare = 1, disk, spare
			return st
		}
	}
	for _, e := range s.catalog {
		switch {
		case e.mem != nil:
			st.Memory += e.bytes
		case e.pack != nil:
			st.Memory += e.pack.size
		}
		st.Files += len(e.files.mine)
		st.Disk += e.files.size
	}
	return st
}

// sizeOf returns the bytes that key's value takes in files.
func (s *Spill) sizeOf(key string) int64 {
	e := s.lookup(key)
	if e == nil || e.files.size > 0 {
		return e.fileBytes()
	}
	var size int64 // of files that were found
	for _, name := range e.files.mine {
		if info, err := s.fs.Lstat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// fileBytes returns the bytes of e's files, as far as they are known.
func (e *entry) fileBytes() int64 {
	if e == nil {
		return 0
	}
	return e.files.size
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
