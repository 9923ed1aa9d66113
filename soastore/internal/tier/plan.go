package tier

import (
	"container/heap"
	"errors"
	"iter"
	"maps"
	"slices"
)

// Access is a read of the named fields of a value, all if Fields is nil.
type Access struct {
	ID     string
	Fields []string
}

// PlanOptions are the choices in a plan. The zero value works.
type PlanOptions struct {
	// DropAfterLastRead frees the memory of a column after its last planned read. A
	// further read is an ErrConsumed, also after the plan has ended. A value of which
	// every column has been read so is gone from memory, and one of Consumed. The
	// default is to keep what is read, until room is needed.
	DropAfterLastRead bool
}

// window is how many accesses a plan looks ahead, and back: an access is taken to be
// skipped when so many later ones have been made.
const window = 64

// nearby is how many of the next accesses are worth that others' dirty values are put
// below for them. What comes later waits for room that costs nothing.
const nearby = 2

// plan is the order of coming reads.
type plan struct {
	opts     PlanOptions
	accesses [][]*column // by position
	begun    []bool      // of which a column has been read
	count    int         // how many of them
}

// Plan says which reads are to come, in which order, in place of what an earlier Plan
// said. While there are some, the columns that are needed last make room first, and
// those that are needed next are read ahead in the background, into room that is free
// or holds what is needed later. No accesses end the plan.
//
// Each read of a column counts as its next planned one. So reads may come in another
// order, and a read that is made twice, or not at all, costs no more than an untimely
// eviction. Only DropAfterLastRead takes the number of reads at its word.
//
// An unknown value is an ErrNotFound, an unknown field a *soa.FieldError, each named,
// and a column whose last planned read has been made an ErrConsumed. Then the earlier
// plan goes on.
func (t *Tiers) Plan(accesses []Access, opts PlanOptions) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	p := &plan{opts: opts, begun: make([]bool, len(accesses))}
	var failures []error
	for _, a := range accesses {
		columns, err := t.resolve(a)
		if err != nil {
			failures = append(failures, err)
		}
		p.accesses = append(p.accesses, columns)
	}
	if err := errors.Join(failures...); err != nil {
		return err
	}
	t.adopt(p)
	return nil
}

// resolve returns the columns of a, none of which is consumed. The caller holds mu.
func (t *Tiers) resolve(a Access) ([]*column, error) {
	v, err := t.lookup(a.ID)
	if err != nil {
		return nil, &Error{ID: a.ID, Err: err}
	}
	columns, err := v.find(a.Fields)
	if err != nil {
		return nil, &Error{ID: a.ID, Err: err}
	}
	for _, c := range columns {
		if c.consumed {
			return nil, &Error{a.ID, c.field.Name, ErrConsumed}
		}
	}
	return columns, nil
}

// adopt makes p the plan. The caller holds mu.
func (t *Tiers) adopt(p *plan) {
	// Of few columns each finds its new place among the victims; for many it takes less
	// time to order all victims anew.
	const sparse = 16 // one of how many victims
	victims := len(t.raw.victims) + len(t.packed.victims)
	anew := (t.plan.columns()+p.columns())*sparse > victims
	expect := func(c *column, next int) {
		c.next = next
		if !anew {
			c.rerank()
		}
	}
	for c := range t.plan.all() {
		c.uses, c.taken = nil, 0
		expect(c, never)
	}
	t.plan = nil
	for c, i := range p.all() {
		if c.uses == nil {
			expect(c, i)
		}
		c.uses = append(c.uses, i)
		t.plan = p
	}
	if anew {
		heap.Init(&t.raw.victims)
		heap.Init(&t.packed.victims)
	}
	if t.plan != nil {
		t.startAhead()
		t.wake()
	}
}

// all runs over the columns of each access and its position. A nil plan has none.
func (p *plan) all() iter.Seq2[*column, int] {
	return func(yield func(*column, int) bool) {
		if p == nil {
			return
		}
		for i, columns := range p.accesses {
			for _, c := range columns {
				if !yield(c, i) {
					return
				}
			}
		}
	}
}

// columns returns how many columns all accesses have together.
func (p *plan) columns() (n int) {
	for range p.all() {
		n++
	}
	return n
}

// advance notes a read of c, and returns the position of the access that it counts
// as, -1 for none. The caller holds mu.
func (t *Tiers) advance(c *column) int {
	if len(c.uses) == 0 {
		return -1
	}
	at := c.uses[0]
	c.uses = c.uses[1:]
	c.taken++
	p := t.plan
	p.expect(c)
	if !p.begun[at] {
		p.begun[at] = true
		p.count++
		if late := p.count - window - 1; late >= 0 {
			for _, c := range p.accesses[late] {
				p.expect(c)
			}
		}
	}
	return at
}

// expect finds the next read of c that has not been skipped.
func (p *plan) expect(c *column) {
	i, _ := slices.BinarySearch(c.uses, p.count-window)
	if c.next = never; i < len(c.uses) {
		c.next = c.uses[i]
	}
	c.rerank()
}

// made ends a read of c that counted as the access at, of the plan that there was. If
// it was not made, it is still to come. The caller holds mu.
func (t *Tiers) made(p *plan, c *column, at int, made bool) {
	if at < 0 || t.plan != p {
		return
	}
	c.taken--
	if !made {
		i, _ := slices.BinarySearch(c.uses, at)
		c.uses = slices.Insert(slices.Clone(c.uses), i, at)
		p.expect(c)
	} else if p.opts.DropAfterLastRead && len(c.uses) == 0 && c.taken == 0 {
		t.consume(c)
	}
}

// consume notes that the last planned read of c has been made. It goes out of memory,
// unless its value has still to be put below with it. The caller holds mu.
func (t *Tiers) consume(c *column) {
	v := c.value
	if c.consumed || v.dead {
		return
	}
	c.consumed = true
	v.used++
	if !v.below && t.below != nil && t.opts.Whole {
		return
	}
	t.leave(c)
	if !v.below {
		v.unsaved -= c.bytes
		t.dirtyBytes -= c.bytes
	}
}

// settle lets go of a value of which all columns are consumed and no read is under
// way. The caller holds mu.
func (t *Tiers) settle(v *value) {
	if !v.gone() || v.dead || v.reads > 0 {
		return
	}
	for _, c := range v.columns {
		t.leave(c)
	}
	t.clean(v)
	t.consumed[v.id] = true
}

// Consumed returns the values of which every column has had its last planned read, and
// that have not been deleted, sorted by ID. Of what is left of them, below, nobody
// will read any more.
func (t *Tiers) Consumed() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.consumed) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(t.consumed))
}

// upcoming returns what the plan wants in raw memory next and is not there, and nil if
// that is nothing: columns of one access; and whether it is near. The caller holds mu.
func (t *Tiers) upcoming() (columns []*column, near bool) {
	p := t.plan
	if p == nil {
		return nil, false
	}
	for at := max(0, p.count-window); at < min(len(p.accesses), p.count+window); at++ {
		for _, c := range p.accesses[at] {
			if c.next == at && t.bringable(c) {
				columns = append(columns, c)
			}
		}
		if columns != nil {
			return columns, at < p.count+nearby
		}
	}
	return nil, false
}

// bringable reports whether c could be brought to raw memory, and nobody does so. The
// caller holds mu.
func (t *Tiers) bringable(c *column) bool {
	return c.in != t.raw && c.flight == nil && !c.consumed && !c.value.dead && t.raw.takes(c.bytes)
}
