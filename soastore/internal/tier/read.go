package tier

import (
	"context"

	"github.com/soastore/soa"
)

// Get returns the named fields of a value, in that order, or all if names is nil.
// Their arrays are for reading only: others get them too. Columns that were not raw
// are so afterwards, if they are together no larger than Options.Memory and there is
// room for them, or can be made from columns that are worth less. Those that are not
// kept, since their last planned read was this one, are the caller's to release.
func (t *Tiers) Get(ctx context.Context, id string, names []string) (*soa.Dict, error) {
	var d *soa.Dict
	err := t.reading(ctx, id, names, true, func(r *reading) (err error) {
		d, err = r.finish(ctx, nil)
		r.gives = true
		return err
	})
	if err != nil {
		return nil, wrap(id, err)
	}
	return d, nil
}

// Read is Get into memory of the caller: of into's arrays that have a field's name
// and are large enough, else of its own. Afterwards into has these fields and no
// others; after an error the elements of its arrays are undefined. They must share
// no memory with what Put was given or Get returned.
func (t *Tiers) Read(ctx context.Context, id string, into *soa.Dict, names []string) error {
	return wrap(id, t.reading(ctx, id, names, true, func(r *reading) error {
		d, err := r.finish(ctx, into)
		if err == nil {
			*into = *d
		}
		return err
	}))
}

// View calls fn with the named fields of a value, as Get returns them; but what is only
// below stays there, and is as Below.View gives it. All are valid until fn ends. No lock
// is held meanwhile. An error of fn is returned as it is.
func (t *Tiers) View(ctx context.Context, id string, names []string, fn func(*soa.Dict) error) error {
	var inFn error
	err := t.reading(ctx, id, names, false, func(r *reading) error {
		return r.view(ctx, func(d *soa.Dict) error {
			inFn = fn(d)
			return inFn
		})
	})
	if inFn != nil {
		return inFn
	}
	return wrap(id, err)
}

// reading is one read of some columns.
type reading struct {
	t       *Tiers
	value   *value
	columns []*column
	from    []source
	lifts   bool // also what is only below is promoted
	gives   bool // the caller gets the tiers' own arrays
	plan    *plan
	uses    []int // positions in the plan; -1 for what is not planned
}

// reading calls fn with a read of columns that have been promoted as far as there was
// room; what is only below if lifts. What fn returns decides whether the plan's reads
// count as made.
func (t *Tiers) reading(ctx context.Context, id string, names []string, lifts bool, fn func(*reading) error) error {
	r, err := t.begin(id, names)
	if err != nil {
		return err
	}
	r.lifts = lifts
	made := false
	defer func() { r.end(made) }()
	if err := r.promote(ctx); err != nil {
		return err
	}
	err = fn(r)
	made = err == nil
	return err
}

// begin looks the columns up, and counts their use.
func (t *Tiers) begin(id string, names []string) (*reading, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.lookup(id)
	if err != nil {
		return nil, err
	}
	columns, err := v.find(names)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if c.consumed {
			return nil, &Error{id, c.field.Name, ErrConsumed}
		}
	}
	n := len(columns)
	r := &reading{t: t, value: v, columns: columns, from: make([]source, n), plan: t.plan, uses: make([]int, n)}
	v.reads++
	t.tick++
	for i, c := range columns {
		r.from[i] = t.sourceOf(c)
		r.uses[i] = t.advance(c)
		c.tick, c.ahead = t.tick, false
		c.rerank()
		t.hit(c)
	}
	return r, nil
}

// end ends a read. If it was made, columns whose last planned read it was may go.
func (r *reading) end(made bool) {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	r.value.reads--
	for i, c := range r.columns {
		c.given = r.gives
		t.made(r.plan, c, r.uses[i], made)
	}
	t.settle(r.value)
	for i, c := range r.columns {
		if a, plain := r.from[i].plain(); r.gives && plain && (c.in != nil || !t.unused(c)) {
			a.Keep() // others have it too
		}
		c.given = false
	}
	t.wake()
}

// missing returns the columns that are not raw, by their index.
func (r *reading) missing() (which []int) {
	for i := range r.from {
		if !r.from[i].raw {
			which = append(which, i)
		}
	}
	return which
}

// promote brings the columns to raw memory, as far as there is room, and waits for
// those that others are bringing.
func (r *reading) promote(ctx context.Context) error {
	t := r.t
	which := r.missing()
	if len(which) == 0 {
		return ctx.Err()
	}
	if t.raw.takes(bytesOf(r.columns)) {
		got := t.reserveSome(ctx, r.wanted(which), &demand{writes: !t.opts.Async})
		arrays, err := t.bring(ctx, r.value, got, false)
		if err != nil {
			return err
		}
		for _, i := range which {
			if a, ok := arrays[r.columns[i]]; ok {
				r.from[i] = source{held{array: a}, true}
			}
		}
	}
	return r.join(ctx)
}

// wanted returns those of the missing columns that are worth bringing: nobody else
// does, and the plan does not say that this is the last read.
func (r *reading) wanted(which []int) (columns []*column) {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	for _, i := range which {
		c := r.columns[i]
		last := r.uses[i] >= 0 && c.next == never
		if !last && c.flight == nil && c.in != r.t.raw && (r.lifts || c.in != nil) {
			columns = append(columns, c)
		}
	}
	return columns
}

// join takes those of the missing columns that others have brought, or are bringing.
// If they fail, the read goes on by itself.
func (r *reading) join(ctx context.Context) error {
	for _, i := range r.missing() {
		c := r.columns[i]
		r.t.mu.Lock()
		f := c.flight
		if c.in != nil {
			r.from[i] = r.t.sourceOf(c)
		}
		r.t.mu.Unlock()
		if f == nil || r.from[i].raw {
			continue
		}
		if err := f.wait(ctx); err != nil {
			return err
		}
		if f.err == nil {
			r.from[i] = source{held{array: f.array}, true}
		}
	}
	return nil
}

// finish returns all columns; see load.
func (r *reading) finish(ctx context.Context, have *soa.Dict) (*soa.Dict, error) {
	arrays := make([]soa.Array, len(r.columns))
	if err := r.t.load(ctx, r.value, r.columns, r.from, have, arrays); err != nil {
		return nil, err
	}
	d := soa.NewDict()
	for i, c := range r.columns {
		d.Set(c.field.Name, arrays[i])
	}
	return d, nil
}

// view calls fn with all columns.
func (r *reading) view(ctx context.Context, fn func(*soa.Dict) error) error {
	var below []int
	for i := range r.from {
		if r.from[i].below() {
			below = append(below, i)
		}
	}
	if len(below) > 0 {
		return r.viewBelow(ctx, below, fn)
	}
	d, err := r.finish(ctx, nil)
	if err != nil {
		return err
	}
	return fn(d)
}

// viewBelow is view if some columns are only below.
func (r *reading) viewBelow(ctx context.Context, which []int, fn func(*soa.Dict) error) error {
	t, called := r.t, false
	columns := pick(r.columns, which)
	start := t.opts.Clock()
	err := t.below.View(ctx, r.value.id, namesOf(columns), func(seen *soa.Dict) error {
		if err := checkAll(columns, seen); err != nil {
			return err
		}
		t.count(func() { t.disk.read(bytesOf(columns), t.opts.Clock()-start) })
		for _, i := range which {
			a, _ := seen.Get(r.columns[i].field.Name)
			r.from[i] = source{held{array: a}, true}
		}
		d, err := r.finish(ctx, nil)
		if err != nil {
			return err
		}
		called = true
		return fn(d)
	})
	if err != nil && !called {
		return t.readFailed(r.value, err)
	}
	return err
}
