package tier

import (
	"container/heap"
	"math"
)

// pool is the budget of one tier in memory, and the columns in it. Guarded by mu.
//
// A reservation belongs to who made it, until they enter a column or give it up.
// Who makes room claims it: all that is free, and then every byte that becomes free,
// goes into the reservation of the claim, so that nobody else is quicker.
type pool struct {
	kind     int   // 0 is raw, 1 packed
	limit    int64 // -1 is none
	held     int64 // bytes of the columns in it
	reserved int64 // bytes of columns to come
	wanted   int64 // bytes that the claim still lacks
	victims  victims
	landing  chan struct{} // closed when a reservation has been used or given up
	stats    TierStats
}

// takes reports whether n bytes fit if nothing else is there.
func (p *pool) takes(n int64) bool { return p.limit < 0 || n <= p.limit }

func (p *pool) free() int64 {
	if p.limit < 0 {
		return math.MaxInt64
	}
	return p.limit - p.held - p.reserved
}

// reserve reserves n bytes if they are free.
func (p *pool) reserve(n int64) bool {
	if n > p.free() {
		return false
	}
	p.reserved += n
	return true
}

// cancel gives n reserved bytes up.
func (p *pool) cancel(n int64) {
	p.reserved -= n
	p.freed(n)
	p.landed()
}

// freed hands n free bytes to the claim, as far as it lacks them.
func (p *pool) freed(n int64) {
	n = min(n, p.wanted)
	p.wanted -= n
	p.reserved += n
}

// claim begins a claim of n bytes.
func (p *pool) claim(n int64) {
	p.wanted = n
	p.freed(p.free())
}

// abandon ends a claim of n bytes that were not all to be had.
func (p *pool) abandon(n int64) {
	p.reserved -= n - p.wanted
	p.wanted = 0
}

// promised reports whether some of what is reserved belongs to others than a claim
// of n bytes.
func (p *pool) promised(n int64) bool { return p.reserved > n-p.wanted }

// landed tells who waits that a reservation has been used or given up.
func (p *pool) landed() {
	if p.landing != nil {
		close(p.landing)
		p.landing = nil
	}
}

// enlist makes c a victim, if it may be one.
func (p *pool) enlist(c *column) {
	if c.in == p && c.at < 0 && c.evictable() {
		heap.Push(&p.victims, c)
	}
}

func (p *pool) delist(c *column) {
	if c.at >= 0 {
		heap.Remove(&p.victims, c.at)
	}
}

// rerank puts c in its place after a change of what before looks at.
func (c *column) rerank() {
	if c.at >= 0 {
		heap.Fix(&c.in.victims, c.at)
	}
}

// enter puts c into p, where its bytes are reserved, as an array or packed, and out
// of the pool where it was. The caller holds mu.
func (t *Tiers) enter(p *pool, c *column, as held) {
	t.leave(c)
	c.in, c.held = p, as
	n := c.size()
	p.reserved -= n
	p.held += n
	p.stats.Columns++
	p.stats.Raw += c.bytes
	if c.value.in[p.kind]++; c.value.in[p.kind] == 1 {
		p.stats.Values++
	}
	p.enlist(c)
	p.landed()
}

// leave takes c out of memory, and releases that unless somebody uses it, or gets it.
// The caller holds mu.
func (t *Tiers) leave(c *column) {
	p := c.in
	if p == nil {
		return
	}
	n := c.size()
	p.delist(c)
	p.held -= n
	p.freed(n)
	p.stats.Columns--
	p.stats.Raw -= c.bytes
	if c.value.in[p.kind]--; c.value.in[p.kind] == 0 {
		p.stats.Values--
	}
	if t.unused(c) && !c.given {
		c.release()
	}
	c.in, c.held, c.ahead = nil, held{}, false
}

// unused reports whether nobody uses the elements of c just now. The caller holds mu.
func (t *Tiers) unused(c *column) bool {
	return c.value.reads == 0 && c.value.write == nil && c.flight == nil && t.packing != c
}

// victims is a heap of columns: the next one to make room is the first.
type victims []*column

func (h victims) Len() int           { return len(h) }
func (h victims) Less(i, j int) bool { return before(h[i], h[j]) }

func (h victims) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements heap.Interface.
func (h *victims) Push(x any) {
	c := x.(*column)
	c.at = len(*h)
	*h = append(*h, c)
}

// Pop implements heap.Interface.
func (h *victims) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	c.at = -1
	return c
}
