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
	r, err := t.begin(id, names)
	if err != nil {
		return nil, wrap(id, err)
	}
	defer r.end()
	if err := r.load(ctx, nil); err != nil {
		return nil, wrap(id, err)
	}
	r.made, r.gives = true, true
	return dictOf(r.parts), nil
}

// Read is Get into memory of the caller: of into's arrays that have a field's name
// and are large enough, else of its own. Afterwards into has these fields and no
// others; after an error the elements of its arrays are undefined. They must share
// no memory with what Put was given or Get returned.
func (t *Tiers) Read(ctx context.Context, id string, into *soa.Dict, names []string) error {
	r, err := t.begin(id, names)
	if err != nil {
		return wrap(id, err)
	}
	defer r.end()
	have := into
	if !r.matches(into) { // what it has stays until all has been read
		have = into.Share()
	}
	if err := r.load(ctx, have); err != nil {
		return wrap(id, err)
	}
	r.made = true
	if !r.matches(into) {
		into.Clear()
	}
	for i := range r.parts {
		into.Set(r.parts[i].column.field.Name, r.parts[i].array)
	}
	return nil
}

// View calls fn with the named fields of a value, as Get returns them; but what is only
// below stays there, and is as Below.View gives it. All are valid until fn ends. No lock
// is held meanwhile. An error of fn is returned as it is.
func (t *Tiers) View(ctx context.Context, id string, names []string, fn func(*soa.Dict) error) error {
	r, err := t.begin(id, names)
	if err != nil {
		return wrap(id, err)
	}
	defer r.end()
	if err := r.promote(ctx, false); err != nil {
		return wrap(id, err)
	}
	var inFn error
	err = r.view(ctx, func(d *soa.Dict) error {
		inFn = fn(d)
		return inFn
	})
	r.made = err == nil
	if inFn != nil {
		return inFn
	}
	return wrap(id, err)
}

// reading is one read of some columns.
type reading struct {
	t     *Tiers
	value *value
	parts []part
	plan  *plan
	made  bool // so that the plan's reads count as made
	gives bool // the caller gets the tiers' own arrays
}

// begin looks the columns up, and counts their use. The caller ends the reading.
func (t *Tiers) begin(id string, names []string) (r reading, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.lookup(id)
	if err != nil {
		return r, err
	}
	columns, err := v.find(names)
	if err != nil {
		return r, err
	}
	for _, c := range columns {
		if c.consumed {
			return r, &Error{id, c.field.Name, ErrConsumed}
		}
	}
	r = reading{t: t, value: v, parts: partsOf(columns), plan: t.plan}
	v.reads++
	t.tick++
	for i, c := range columns {
		r.parts[i].look()
		r.parts[i].use = t.advance(c)
		c.tick, c.ahead = t.tick, false
		c.rerank()
		t.hit(c)
	}
	return r, nil
}

// end ends a read. If it was made, columns whose last planned read it was may go.
func (r *reading) end() {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	r.value.reads--
	for i := range r.parts {
		p := &r.parts[i]
		p.column.given = r.gives
		t.made(r.plan, p.column, p.use, r.made)
	}
	t.settle(r.value)
	for i := range r.parts {
		c := r.parts[i].column
		if r.gives && !r.parts[i].own && (c.in != nil || !t.unused(c)) {
			r.parts[i].array.Keep() // others have it too
		}
		c.given = false
	}
	t.wake()
}

// load gives the parts their arrays, from columns that have been promoted as far as there
// was room; see Tiers.load.
func (r *reading) load(ctx context.Context, have *soa.Dict) error {
	if err := r.promote(ctx, true); err != nil {
		return err
	}
	return r.t.load(ctx, r.value, r.parts, have)
}

// matches reports whether d has the fields that are read and no others, in that order.
func (r *reading) matches(d *soa.Dict) bool {
	i := 0
	for name := range d.All() {
		if i == len(r.parts) || name != r.parts[i].column.field.Name {
			return false
		}
		i++
	}
	return i == len(r.parts)
}

// raw reports whether all columns are.
func (r *reading) raw() bool {
	for i := range r.parts {
		if !r.parts[i].raw() {
			return false
		}
	}
	return true
}

// promote brings the columns to raw memory, as far as there is room, and waits for
// those that others are bringing. What is only below it brings if lifts.
func (r *reading) promote(ctx context.Context, lifts bool) error {
	t := r.t
	if err := ctx.Err(); err != nil || r.raw() {
		return err
	}
	if t.raw.takes(bytesOf(r.parts)) {
		got := t.reserveSome(ctx, r.wanted(lifts), t.toRead())
		brought, err := t.bring(ctx, r.value, got, false)
		if err != nil {
			return err
		}
		for _, p := range brought {
			r.parts[p.index].held = p.held
		}
	}
	return r.join(ctx)
}

// wanted returns those of the missing columns that are worth bringing: nobody else
// does, and the plan does not say that this is the last read.
func (r *reading) wanted(lifts bool) []part {
	parts := make([]part, 0, len(r.parts))
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	for i := range r.parts {
		p := &r.parts[i]
		c := p.column
		last := p.use >= 0 && c.next == never
		if !p.raw() && !last && c.flight == nil && c.in != r.t.raw && (lifts || c.in != nil) {
			parts = append(parts, *p)
		}
	}
	return parts
}

// join takes those of the missing columns that others have brought, or are bringing.
// If they fail, the read goes on by itself.
func (r *reading) join(ctx context.Context) error {
	for _, w := range r.joinable() {
		if err := w.flight.wait(ctx); err != nil {
			return err
		}
		if w.flight.err == nil {
			w.part.held = held{array: w.flight.array}
		}
	}
	return nil
}

// awaited is a part that somebody else is bringing.
type awaited struct {
	part   *part
	flight *flight
}

// joinable looks again where the missing columns are, and returns those that others are
// bringing.
func (r *reading) joinable() (coming []awaited) {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	for i := range r.parts {
		p := &r.parts[i]
		if p.raw() {
			continue
		}
		if p.column.in != nil {
			p.look()
		}
		if f := p.column.flight; f != nil && !p.raw() {
			coming = append(coming, awaited{p, f})
		}
	}
	return coming
}

// view calls fn with all columns.
func (r *reading) view(ctx context.Context, fn func(*soa.Dict) error) error {
	if err := r.t.takeAll(ctx, r.parts, nil); err != nil {
		return err
	}
	if names, some := r.value.onlyBelow(r.parts); some {
		return r.viewBelow(ctx, names, fn)
	}
	return fn(dictOf(r.parts))
}

// viewBelow is view if some columns are only below: those named, all if names is nil.
func (r *reading) viewBelow(ctx context.Context, names []string, fn func(*soa.Dict) error) error {
	t, called := r.t, false
	start := t.opts.Clock()
	err := t.below.View(ctx, r.value.id, names, func(seen *soa.Dict) error {
		bytes, err := pick(r.parts, seen)
		if err != nil {
			return err
		}
		t.count(func() { t.disk.read(bytes, t.opts.Clock()-start) })
		called = true
		return fn(dictOf(r.parts))
	})
	if err != nil && !called {
		return t.readFailed(r.value, err)
	}
	return err
}
