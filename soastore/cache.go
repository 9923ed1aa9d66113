package soastore

import (
	"fmt"
	"sync"
	"time"

	"github.com/soastore/soa"
)

// Cache is a Store that reads through: values of its source are kept in another
// store, of bounded size, and later reads are served from there.
//
// # Ranks
//
// Set, Pop, Remove, Clear and Close are collective if the source's are. What a rank
// caches is its own affair: the cache store is the rank's own (opened with
// Options.Independent, or on one rank), ranks may give different options, and
// keeping or evicting a value sends no messages. The cache store belongs to the
// Cache: nothing else changes it, and Close closes it too.
//
// # Reads
//
// Get, GetInto, and View of all fields keep the value that they have read. A kept
// value serves every kind of read, single fields too. GetField, and View of some
// fields, keep nothing: the cache holds whole values or none, so no part is ever
// taken for the whole. Goroutines that miss the same value at the same time read
// the source once. Has, Keys, Len and Stats are the source's.
//
// What Get returns and what GetInto fills is the caller's own to change. View
// passes the cache store's memory, or a mapping of its file; it is read-only.
//
// # What is never served
//
// After a Set, Pop, Remove or Clear through the Cache, on this rank, no read gives
// what was there before; a read during the call gives the old value or the new one,
// each whole. The cached value is taken out before the source is changed, so a
// process that dies in between leaves no outdated one in a persistent cache. A read
// that began before the change keeps nothing. A value that the cache store fails to
// remove is not read any more; it counts in the size until its removal succeeds.
//
// A value that changes in the source without the Cache is noticed only when the
// cached one is too old, or after ClearCache. That holds also for a source in
// memory whose caller changes the elements that it gave to Set: open it with
// Options.CopyOnSet.
//
// # Failures
//
// When the cache store fails, on a full disk or a damaged file, the failure is
// counted, and the source serves the read. Of this there is one exception: View
// returns the error if a mapped file of the cache is lost while its function runs,
// since the function cannot be run again.
//
// All methods may be called by several goroutines at once.
type Cache struct {
	*caching
	readOnly bool
}

var _ Store = (*Cache)(nil)

// CacheOptions are the choices in making a Cache. The zero value works. Functions
// may be called by several goroutines at once.
type CacheOptions struct {
	// MaxSize is the most bytes of elements that the cache store holds on this
	// rank; the least recently used values make room for new ones. Headers of files
	// and what compression saves are not counted. The default is no limit.
	MaxSize int64
	// MaxAge is how long after it was read from the source, or written to it, a
	// value may be served. The time is measured on the monotonic clock, which
	// setting the machine's clock does not change. The default is for ever.
	MaxAge time.Duration
	// AgeOf gives the age of one key's value, in place of MaxAge; 0 is for ever.
	// The default is MaxAge for all.
	AgeOf func(key string) time.Duration
	// NegativeAge is how long the answer that the source has no such key is given
	// again without asking it. The default is to ask each time.
	NegativeAge time.Duration
	// CacheOnSet keeps also what Set writes. The default is to keep what is read.
	CacheOnSet bool
	// Admit decides whether a value is kept, of which the source took so long to
	// read or write this rank's rows. It must not change d or hold on to it. The
	// default is to keep all that are not larger than MaxSize.
	Admit func(key string, d *soa.Dict, took time.Duration) bool
}

// caching is what a Cache and its read-only views share.
//
// Lock order: turn, then mu. turn is held while the cache store is changed, mu only
// while the fields below it are looked at or changed. No lock is held during a call
// of the source or of a function of the options.
type caching struct {
	source, cache Store
	opts          CacheOptions
	lends         bool // the cache store's Get gives its own memory
	keeps         bool // the cache store's Set keeps the memory that it is given

	turn sync.Mutex

	mu      sync.Mutex
	closed  bool
	index   cacheIndex
	absent  absentKeys
	flights map[request]*flight
	changes changes
	stats   CacheStats
}

// NewCache returns a Cache of source whose values are kept in cache. Local.
//
// Values that are in cache already, which an earlier run kept, count at their size,
// and are served if the source has their key and no age limit applies, since their
// age is not known; others only take up room until it is needed. Those that cannot
// be read, and those whose key the source does not have, are removed. To find the
// sizes, NewCache views every value; for NPZ and GenericIO that reads their files.
//
// The error is an ErrOptions.
func NewCache(source, cache Store, opts CacheOptions) (*Cache, error) {
	if err := opts.check(source, cache); err != nil {
		return nil, &Error{Op: "open", Err: err}
	}
	c := &caching{
		source: source, cache: cache, opts: opts, lends: true, keeps: true,
		index:   cacheIndex{values: map[string]*cachedValue{}},
		flights: map[request]*flight{},
		changes: changes{keys: map[string]*keyChange{}},
	}
	if s, ok := cache.(*Spill); ok {
		c.lends = s.opts.Path == "" && s.codecOf == nil
		c.keeps = c.lends && !s.opts.CopyOnSet
	}
	c.adopt()
	return &Cache{caching: c}, nil
}

// check reports options and stores that do not fit.
func (o CacheOptions) check(source, cache Store) error {
	switch {
	case o.MaxSize < 0, o.MaxAge < 0, o.NegativeAge < 0:
		return fmt.Errorf("%w: MaxSize %d, MaxAge %v, NegativeAge %v: none may be negative", ErrOptions, o.MaxSize, o.MaxAge, o.NegativeAge)
	case source == nil || cache == nil:
		return fmt.Errorf("%w: a Cache needs two stores", ErrOptions)
	}
	if s, ok := source.(*Spill); ok && s.opts.Writable {
		return fmt.Errorf("%w: the source is Writable: what View changed in it would not be seen in the cache", ErrOptions)
	}
	s, ok := cache.(*Spill)
	switch {
	case !ok:
		return nil
	case source == cache:
		return fmt.Errorf("%w: source and cache are the same store", ErrOptions)
	case s.comm.Size() > 1:
		return fmt.Errorf("%w: the cache store is shared by %d ranks: open it with Options.Independent", ErrOptions, s.comm.Size())
	case s.opts.Writable:
		return fmt.Errorf("%w: the cache store is Writable: open it without", ErrOptions)
	}
	return nil
}

// ReadOnly returns a view of c that shares its stores, what is cached, and the
// counts. Its Set, Pop, Remove, Clear and Close return an ErrReadOnly and do
// nothing. Local.
func (c *Cache) ReadOnly() *Cache { return &Cache{c.caching, true} }

// Has reports whether the source has a value under key; see Store.
func (c *Cache) Has(key string) bool { return c.source.Has(key) }

// Keys returns the source's keys, sorted; see Store.
func (c *Cache) Keys() []string { return c.source.Keys() }

// Len returns the number of the source's keys; see Store.
func (c *Cache) Len() int { return c.source.Len() }

// Stats returns what this rank holds in the source and has done with it; see Store.
// What the cache does is in CacheStats and Info.
func (c *Cache) Stats() Stats { return c.source.Stats() }
