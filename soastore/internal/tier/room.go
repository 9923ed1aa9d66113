package tier

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
)

// maxFailures is after how many failed writes making room puts no more values below:
// on a full disk each of them would fail.
const maxFailures = 2

// demand says what may be done to make room.
type demand struct {
	must    bool    // any victim will do, and others' reservations are waited for
	waits   bool    // for the turn
	writes  bool    // dirty values may be put below
	retries bool    // also those whose last write failed
	spares  bool    // what was read ahead stays
	frugal  bool    // dirty values that the plan needs are not put below
	packs   bool    // but they may be packed
	own     *value  // whose columns stay
	rank    *column // only columns that come before it make room; nil for all

	failed []error // of values that could not be put below
}

// must returns the demand of a call that fails without room, in which the columns of
// own stay.
func must(own *value) *demand {
	return &demand{must: true, waits: true, writes: true, retries: true, own: own}
}

// toRead returns the demand of a call that reads what there is no room for all the same.
func (t *Tiers) toRead() *demand {
	return &demand{writes: !t.opts.Async, frugal: true, packs: t.packed.limit != 0}
}

// turn is a lock that can be waited for until a context ends.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) try() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) give() { <-t }

// reserve reserves n bytes of p, making room if need be.
func (t *Tiers) reserve(ctx context.Context, p *pool, n int64, d *demand) error {
	t.mu.Lock()
	ok := p.reserve(n)
	t.mu.Unlock()
	if ok {
		return nil
	}
	if !p.takes(n) {
		return &noRoom{wanted: n, limit: p.limit}
	}
	if err := t.turn.take(ctx); err != nil {
		return err
	}
	defer t.turn.give()
	return t.makeRoom(ctx, p, n, d)
}

// reserveSome reserves raw memory for those of the parts for which there is room, or
// room can be made, and returns them. The caller has no more use for the slice.
func (t *Tiers) reserveSome(ctx context.Context, parts []part, d *demand) (got []part) {
	got, rest := t.reserveFree(parts)
	switch {
	case len(rest) == 0:
		return got
	case d.waits:
		t.giveUp(got) // nobody waits for the turn with a reservation
		if t.turn.take(ctx) != nil {
			return nil
		}
		got, rest = nil, parts
	case !t.turn.try():
		return got
	}
	defer t.turn.give()
	for _, p := range rest {
		one := *d
		one.rank = p.column
		if t.makeRoom(ctx, t.raw, p.column.bytes, &one) == nil {
			got = append(got, p)
		}
		d.failed = one.failed
	}
	return got
}

// reserveFree reserves raw memory for those of the parts that fit into what is free.
func (t *Tiers) reserveFree(parts []part) (got, rest []part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.raw.reserve(bytesOf(parts)) {
		return parts, nil
	}
	for _, p := range parts {
		if t.raw.reserve(p.column.bytes) {
			got = append(got, p)
		} else {
			rest = append(rest, p)
		}
	}
	return got, rest
}

// giveUp gives the raw memory up that was reserved for parts.
func (t *Tiers) giveUp(parts []part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.raw.cancel(bytesOf(parts))
}

// makeRoom reserves n bytes of p, moving columns out as far as d allows. The caller
// has the turn.
func (t *Tiers) makeRoom(ctx context.Context, p *pool, n int64, d *demand) error {
	if !p.takes(n) {
		return &noRoom{wanted: n, limit: p.limit}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !p.feasible(n, d) {
		return p.full(n, d)
	}
	p.claim(n)
	return t.satisfy(ctx, p, n, d)
}

// shrink moves columns out of p until it holds at most n bytes. The caller has the
// turn.
func (t *Tiers) shrink(ctx context.Context, p *pool, n int64, d *demand) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	excess := p.held - n
	if excess <= 0 {
		return nil
	}
	p.wanted = excess
	err := t.satisfy(ctx, p, excess, d)
	if err == nil {
		p.cancel(excess)
	}
	return err
}

// satisfy moves columns out of p until its claim of n bytes lacks none, or abandons
// the claim. The caller holds mu, and the turn.
func (t *Tiers) satisfy(ctx context.Context, p *pool, n int64, d *demand) error {
	var aside []*column // no victims any more, but perhaps still there
	defer func() {
		for _, c := range aside {
			p.enlist(c)
		}
		if p.wanted > 0 {
			p.abandon(n)
		}
	}()
	for p.wanted > 0 && ctx.Err() == nil {
		c := p.victim(d, &aside)
		if c != nil {
			aside = append(aside, c)
			t.outside(func() { t.evict(ctx, p, c, d) })
		} else if d.must && p.promised(n) {
			t.awaitLanding(ctx, p)
		} else {
			return p.full(n, d)
		}
	}
	if p.wanted > 0 {
		return ctx.Err()
	}
	return nil
}

// outside calls fn without mu, which the caller holds.
func (t *Tiers) outside(fn func()) {
	t.mu.Unlock()
	defer t.mu.Lock()
	fn()
}

// awaitLanding waits until a reservation in p has been used or given up. The caller
// holds mu.
func (t *Tiers) awaitLanding(ctx context.Context, p *pool) {
	if p.landing == nil {
		p.landing = make(chan struct{})
	}
	landing := p.landing
	t.outside(func() {
		select {
		case <-landing:
		case <-ctx.Done():
		}
	})
}

// allows reports whether c may make room.
func (d *demand) allows(c *column) bool {
	return c.value != d.own && !(d.spares && c.ahead) && !(d.keeps(c) && !d.packs) && !d.ends(c)
}

// keeps reports whether c is not to be put below: that takes longer than to read there
// what room is wanted for, and then c has to be read again.
func (d *demand) keeps(c *column) bool { return d.frugal && !c.value.below && c.next != never }

// ends reports whether neither c nor any column that comes after it may make room.
func (d *demand) ends(c *column) bool { return d.rank != nil && !before(c, d.rank) }

// feasible reports whether there are victims enough to make room for n bytes, so that
// none goes in vain; whether all of them can go is another matter.
func (p *pool) feasible(n int64, d *demand) bool {
	n -= p.free()
	if d.must {
		n -= p.reserved
	}
	return p.victims.lacks(0, n, d) <= 0
}

// lacks returns what of n bytes is left when the i-th victim, and all below it in the
// heap, have made room as far as they may.
func (h victims) lacks(i int, n int64, d *demand) int64 {
	if n <= 0 || i >= len(h) || d.ends(h[i]) {
		return n
	}
	if d.allows(h[i]) {
		n -= h[i].size()
	}
	return h.lacks(2*i+2, h.lacks(2*i+1, n, d), d)
}

// victim takes the next column that may make room from the victims, nil if there is
// none. It puts those aside that d spares.
func (p *pool) victim(d *demand, aside *[]*column) *column {
	for len(p.victims) > 0 && !d.ends(p.victims[0]) {
		c := heap.Pop(&p.victims).(*column)
		if d.allows(c) {
			return c
		}
		*aside = append(*aside, c)
	}
	return nil
}

// full says why no room could be made for n bytes.
func (p *pool) full(n int64, d *demand) error {
	return &noRoom{n, p.held, p.limit, errors.Join(d.failed...)}
}

// noRoom says why a pool has no room. Its text is made when somebody asks for it: mostly
// another tier takes the value.
type noRoom struct {
	wanted, held, limit int64
	failed              error // of values that could not be put below
}

func (e *noRoom) Error() string {
	if e.wanted > e.limit {
		return fmt.Sprintf("%d bytes are more than its %d", e.wanted, e.limit)
	}
	text := fmt.Sprintf("%d bytes are wanted, and %d of its %d cannot make room", e.wanted, e.held, e.limit)
	if e.failed != nil {
		text = fmt.Sprintf("%s: %v", text, e.failed)
	}
	return text
}

func (e *noRoom) Unwrap() error { return e.failed }

// errStays says that a dirty value may not, or cannot, be put below.
var errStays = errors.New("value is not below, and cannot be put there")

// evict moves c out of p, into the packed pool or below, or leaves it with an error.
// The caller has the turn.
func (t *Tiers) evict(ctx context.Context, p *pool, c *column, d *demand) error {
	if p == t.raw && t.packOut(ctx, c, d) {
		return nil
	}
	err := t.shed(ctx, p, c, d)
	if err != nil && p == t.raw && t.asItIs(ctx, c, d) {
		return nil
	}
	return err
}

// shed drops c from p, after putting its value below if that is dirty.
func (t *Tiers) shed(ctx context.Context, p *pool, c *column, d *demand) error {
	if t.drop(p, c) {
		return nil
	}
	if !t.mayWrite(c, d) {
		return errors.Join(append(d.failed, errStays)...)
	}
	if err := t.putBelow(ctx, c.value); err != nil {
		d.failed = append(d.failed, err)
		return err
	}
	t.drop(p, c)
	return nil
}

func (t *Tiers) mayWrite(c *column, d *demand) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.below != nil && d.writes && !d.keeps(c) && len(d.failed) < maxFailures && (d.retries || c.value.failure == nil)
}

// drop takes c out of p, unless its value is dirty or pinned, and reports whether it is
// out.
func (t *Tiers) drop(p *pool, c *column) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.in != p {
		return true
	}
	if !c.value.below || c.value.pinned { // by now
		return false
	}
	p.stats.Evictions++
	t.leave(c)
	return true
}
