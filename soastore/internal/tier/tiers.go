package tier

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

// Below is where values go for which there is no room in memory. Its methods are
// called by several goroutines at once, and do not call Tiers. What is below does not
// change until it is deleted. Names are fields of the value, at least one; nil is all.
type Below interface {
	// Put puts a whole value there, and returns the bytes that it takes. If it fails
	// it leaves nothing. It does not keep d.
	Put(ctx context.Context, id string, d *soa.Dict) (disk int64, err error)
	// Read reads the named fields into the memory of into's arrays that have a field's
	// name and are large enough, else into fresh memory. Afterwards into has these
	// fields, and may have lost others.
	Read(ctx context.Context, id string, into *soa.Dict, names []string) error
	// View calls fn with the named fields, which end with it. It returns the error of
	// fn, and calls fn at most once.
	View(ctx context.Context, id string, names []string, fn func(*soa.Dict) error) error
	// Delete removes a value. Reads of it may be under way, and fail then.
	Delete(id string) error
}

// Options are the choices in making Tiers.
type Options struct {
	// Memory is the most bytes of raw columns, -1 for no limit. The default is none.
	Memory int64
	// Compressed is the most bytes of packed columns, -1 for no limit. The default is
	// none.
	Compressed int64
	// Codec gives the codec for each element type; there is one if and only if there
	// is Compressed memory. The default is nil.
	Codec func(soa.DType) codec.Codec
	// Weight says what a column is worth: those that weigh least make room first, of
	// equal ones the least recently used. It is asked once for each column, when its
	// value is put or adopted. The default is the same for all.
	Weight func(id, field string, bytes int64) float64
	// Whole keeps the columns of a dirty value in memory until all of them are below, also
	// those of which the last planned read has been made: for who opens it there again.
	// The default is to let go of these at once, and to put below what is left.
	Whole bool
	// CopyOnPut leaves the arrays that Put is given to the caller: what goes to raw memory
	// is copied, into room that has been made before, and what goes elsewhere need not be.
	// The default is to keep the arrays themselves.
	CopyOnPut bool
	// Async puts dirty values below in the background, the oldest first. The default
	// is to do so when room is needed, and at Flush.
	Async bool
	// Writers is how many goroutines do that. Calls that need room write too. The
	// default is 1.
	Writers int
	// Clock is a clock that never goes back, for Stats. The default is the time since
	// New.
	Clock func() time.Duration
}

// Tiers are the values of one rank. Methods may be called by several goroutines at
// once.
type Tiers struct {
	below Below // nil for none
	opts  Options
	turn  turn // to make room; see the package's lock order

	mu         sync.Mutex
	closed     bool
	values     map[string]*value
	coming     map[string]bool // IDs of values that are being put
	raw        *pool
	packed     *pool
	disk       TierStats
	dirty      list.List     // of *value, the oldest first
	tried      *list.Element // of dirty; writers have looked at it and those before
	dirtyBytes int64
	failures   int64
	failure    error
	unreported map[*value]error // failures in the background
	tick       uint64           // the latest use
	plan       *plan            // nil for none
	consumed   map[string]bool
	wanted     []request // of Prefetch
	aheadRuns  bool      // the goroutine that reads ahead does
	packing    *column   // which who has the turn encodes

	soiled  chan struct{} // has an element when there may be a value to put below
	awake   chan struct{} // has an element when there may be something to read ahead
	ctx     context.Context
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

// errNotBelow says that there is no Below.
var errNotBelow = fmt.Errorf("%w: there is nothing below", ErrOptions)

// New returns Tiers over below, which may be nil. Without it values are in memory
// only. The error is an ErrOptions.
func New(below Below, opts Options) (*Tiers, error) {
	if err := opts.check(below); err != nil {
		return nil, err
	}
	if opts.Clock == nil {
		start := time.Now()
		opts.Clock = func() time.Duration { return time.Since(start) }
	}
	t := &Tiers{
		below: below, opts: opts, turn: make(turn, 1),
		values: map[string]*value{}, coming: map[string]bool{},
		raw: &pool{kind: 0, limit: opts.Memory}, packed: &pool{kind: 1, limit: opts.Compressed},
		unreported: map[*value]error{}, consumed: map[string]bool{},
		soiled: make(chan struct{}, 1), awake: make(chan struct{}, 1),
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	if opts.Async {
		for range max(1, opts.Writers) {
			t.workers.Go(func() { t.writeBehind(t.ctx) })
		}
	}
	return t, nil
}

// check reports options that do not fit.
func (o *Options) check(below Below) error {
	switch {
	case o.Memory < -1 || o.Compressed < -1 || o.Writers < 0:
		return fmt.Errorf("%w: Memory %d, Compressed %d, Writers %d: a size is at least -1, and a number 0", ErrOptions, o.Memory, o.Compressed, o.Writers)
	case o.Compressed != 0 && o.Codec == nil:
		return fmt.Errorf("%w: Compressed %d, but no Codec", ErrOptions, o.Compressed)
	case o.Compressed == 0 && o.Codec != nil:
		return fmt.Errorf("%w: a Codec, but Compressed 0", ErrOptions)
	case o.Async && below == nil:
		return fmt.Errorf("%w: Async, but there is nothing below to write to", ErrOptions)
	case o.Writers > 0 && !o.Async:
		return fmt.Errorf("%w: Writers %d, but not Async", ErrOptions, o.Writers)
	case o.Memory == 0 && o.Compressed == 0 && below == nil:
		return fmt.Errorf("%w: Memory 0 and Compressed 0, and nothing below", ErrOptions)
	}
	return nil
}

// Close stops what is done in the background, and waits for it. It puts nothing
// below: that is what Flush is for. Every later call returns an ErrClosed.
func (t *Tiers) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	t.workers.Wait()
}

// open reports an ErrClosed.
func (t *Tiers) open() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	return nil
}

// lookup returns the value, or an ErrNotFound. The caller holds mu.
func (t *Tiers) lookup(id string) (*value, error) {
	v := t.values[id]
	switch {
	case t.closed:
		return nil, ErrClosed
	case v == nil:
		return nil, ErrNotFound
	}
	return v, nil
}

// Delete takes values out, and deletes them below. A write of one that is under way
// is cancelled, and waited for. Those that are not there are ErrNotFounds, which do
// not keep the others. An error of what is below does not bring the values back.
func (t *Tiers) Delete(ids ...string) error {
	var failures []error
	for _, id := range ids {
		if err := t.delete(id); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

func (t *Tiers) delete(id string) error {
	t.mu.Lock()
	v, err := t.lookup(id)
	if err != nil {
		t.mu.Unlock()
		return wrap(id, err)
	}
	w := v.write
	t.forget(v)
	t.mu.Unlock()
	if v.below || w.arrives() {
		return t.below.Delete(id)
	}
	return nil
}

// arrives cancels and awaits a write of a dead value, and reports whether it got
// below all the same. A nil write does not.
func (w *write) arrives() bool {
	if w == nil {
		return false
	}
	w.cancel()
	<-w.done
	return w.err == nil
}

// forget takes v out of memory and out of the index. The caller holds mu.
func (t *Tiers) forget(v *value) {
	v.dead = true
	delete(t.values, v.id)
	delete(t.consumed, v.id)
	t.clean(v)
	for _, c := range v.columns {
		t.leave(c)
	}
	if v.below {
		t.disk.add(v, -1)
	}
}

// Place is where the columns of a value are.
type Place struct {
	Raw, Packed []string // in memory
	Absent      []string // only below, or consumed
	Below       bool     // it is there, but for what was consumed before
	Disk        int64    // bytes that it takes there
	Pinned      bool
}

// Where returns where a value is, and whether it is there.
func (t *Tiers) Where(id string) (p Place, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.values[id]
	if v == nil {
		return p, false
	}
	for _, c := range v.columns {
		list := &p.Absent
		switch c.in {
		case t.raw:
			list = &p.Raw
		case t.packed:
			list = &p.Packed
		}
		*list = append(*list, c.field.Name)
	}
	p.Below, p.Disk, p.Pinned = v.below, v.there.disk, v.pinned
	return p, true
}

// Has reports whether there is a value, be it consumed.
func (t *Tiers) Has(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.values[id] != nil
}

// Len returns the number of values.
func (t *Tiers) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.values)
}

// IDs returns the IDs of all values, sorted.
func (t *Tiers) IDs() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.values))
}
