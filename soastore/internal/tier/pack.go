package tier

import (
	"context"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

const (
	// rawBytes is the largest array that is never encoded: smaller than a codec's
	// header.
	rawBytes = 16
	// paying is the most that encoding leaves of a column, in parts of 64, for it to
	// pay.
	paying = 60
)

// packed is a column in the packed pool: encoded, or as it is.
type packed struct {
	codec codec.Codec // nil: as it is
	bytes []byte
	array soa.Array
}

func (p *packed) size() int64 {
	if p.codec == nil {
		return int64(p.array.NBytes())
	}
	return int64(len(p.bytes))
}

// encode returns c's elements a packed, or as they are, and whether packing pays. It does
// for small arrays, which it copies.
func (t *Tiers) encode(c *column, a soa.Array) (k packed, pays bool) {
	asItIs := packed{array: a}
	if c.bytes <= rawBytes {
		return packed{array: a.Clone()}, true // and not the caller's memory around them
	}
	start := t.opts.Clock()
	size := a.DType().Size()
	if !codec.Worth(a.Bytes(), size) {
		return asItIs, false
	}
	by := t.opts.Codec(a.DType())
	b, err := by.Encode(nil, a.Bytes(), size)
	if err != nil || int64(len(b))*64 > c.bytes*paying { // too large for the codec, or noise
		return asItIs, false
	}
	t.count(func() { t.packed.stats.wrote(int64(len(b)), t.opts.Clock()-start) })
	return packed{codec: by, bytes: b}, true
}

// packOut moves the raw column c to the packed pool, if it pays and there is room,
// or room can be made from columns worth less. The caller has the turn.
func (t *Tiers) packOut(ctx context.Context, c *column, d *demand) bool {
	t.mu.Lock()
	a, ok := c.array, c.in == t.raw && t.worthPacking(c)
	if ok {
		t.packing = c
	}
	t.mu.Unlock()
	if !ok {
		return false
	}
	k, ok := t.encode(c, a)
	t.count(func() { t.packing, c.hard = nil, !ok })
	return ok && t.moveOut(ctx, c, &k, d)
}

// worthPacking reports whether it is worth trying to pack c. The caller holds mu.
func (t *Tiers) worthPacking(c *column) bool {
	p := t.packed
	switch {
	case p.limit == 0, c.hard:
		return false
	case c.value.below && (c.consumed || t.plan != nil && c.next == never):
		return false // nobody will ask for it
	}
	return p.free() > 0 || len(p.victims) > 0 && before(p.victims[0], c)
}

// asItIs moves the raw column c to the packed pool although packing does not pay:
// when it can be nowhere else.
func (t *Tiers) asItIs(ctx context.Context, c *column, d *demand) bool {
	t.mu.Lock()
	a, ok := c.array, c.in == t.raw && t.packed.limit != 0
	if ok {
		a.Keep() // when it leaves the raw pool
	}
	t.mu.Unlock()
	return ok && t.moveOut(ctx, c, &packed{array: a}, d)
}

// moveOut moves the raw column c to the packed pool as k. The caller has the turn.
func (t *Tiers) moveOut(ctx context.Context, c *column, k *packed, d *demand) bool {
	inner := &demand{rank: c, writes: d.writes, retries: d.retries, frugal: d.frugal, failed: d.failed}
	err := t.makeRoom(ctx, t.packed, k.size(), inner)
	d.failed = inner.failed
	if err != nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.in != t.raw || c.value.pinned { // by now
		t.packed.cancel(k.size())
		return c.in != t.raw
	}
	t.raw.stats.Evictions++
	t.enter(t.packed, c, held{packed: k})
	return true
}
