package tier

import (
	"context"

	"github.com/soastore/soa"
)

// flight is the bringing of a column to raw memory, for all who ask for it meanwhile.
type flight struct {
	done  chan struct{} // closed when these are set:
	array soa.Array
	err   error
}

// wait waits until the flight has ended.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bring reads or unpacks columns of v, for which raw memory is reserved, and enters
// them there. It returns the arrays; those of columns that others have brought, or
// are bringing, are not among them.
func (t *Tiers) bring(ctx context.Context, v *value, reserved []*column, ahead bool) (map[*column]soa.Array, error) {
	columns, from := t.lead(v, reserved)
	if len(columns) == 0 {
		return nil, nil
	}
	arrays, err := make([]soa.Array, len(columns)), errAborted
	defer func() { t.land(v, columns, arrays, err, ahead) }()
	err = t.load(ctx, v, columns, from, nil, arrays)
	if err != nil {
		return nil, err
	}
	out := make(map[*column]soa.Array, len(columns))
	for i, c := range columns {
		out[c] = arrays[i]
	}
	return out, nil
}

// lead begins flights of those of the columns that nobody else brings, and returns
// them with where they are. Of the others it gives the reserved memory up.
func (t *Tiers) lead(v *value, reserved []*column) (columns []*column, from []source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range reserved {
		if c.in == t.raw || c.flight != nil || v.dead || c.in == nil && !v.below {
			t.raw.cancel(c.bytes)
			continue
		}
		c.flight = &flight{done: make(chan struct{})}
		columns, from = append(columns, c), append(from, t.sourceOf(c))
	}
	return columns, from
}

// land ends flights: it enters the arrays, unless there is an error. In any case they
// are for all who asked for them.
func (t *Tiers) land(v *value, columns []*column, arrays []soa.Array, err error, ahead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range columns {
		f := c.flight
		c.flight = nil
		f.array, f.err = arrays[i], err
		close(f.done)
		if err != nil || v.dead || c.consumed || c.in == t.raw {
			t.raw.cancel(c.bytes)
			continue
		}
		t.enter(t.raw, c, held{array: arrays[i]})
		t.raw.stats.Promotions++
		c.ahead = ahead
	}
}

// source is where a column is taken from: raw or packed memory, or below, which the
// zero source is.
type source struct {
	held
	raw bool
}

func (s source) below() bool { return !s.raw && s.packed == nil }

// sourceOf returns where c is now. The caller holds mu.
func (t *Tiers) sourceOf(c *column) source { return source{c.held, c.in == t.raw} }

// load takes columns of v from their sources into arrays, those from below at once.
// If have is nil, the arrays may be the tiers' own; else they are not, and are in the
// memory of have's arrays of these names where they fit.
func (t *Tiers) load(ctx context.Context, v *value, columns []*column, from []source, have *soa.Dict, arrays []soa.Array) error {
	var there, below []int
	for i := range columns {
		if from[i].below() {
			below = append(below, i)
		} else if a, plain := from[i].plain(); plain && have == nil {
			arrays[i] = a
		} else {
			there = append(there, i)
		}
	}
	err := each(ctx, pick(columns, there), func(j int, c *column) (err error) {
		i := there[j]
		arrays[i], err = t.take(c, from[i], have)
		return err
	})
	if err != nil || len(below) == 0 {
		return err
	}
	d, err := t.readBelow(ctx, v, pick(columns, below), have)
	if err != nil {
		return err
	}
	for _, i := range below {
		arrays[i], _ = d.Get(columns[i].field.Name)
	}
	return nil
}

// take copies or unpacks a column that is in memory; see load.
func (t *Tiers) take(c *column, from source, have *soa.Dict) (soa.Array, error) {
	old, _ := have.Get(c.field.Name)
	to, err := old.Resize(c.field.DType, c.field.Shape...)
	if err != nil {
		return to, err
	}
	if a, plain := from.plain(); plain {
		copy(to.Bytes(), a.Bytes())
		return to, nil
	}
	return to, t.decode(from.packed, to)
}

// plain returns the array of a column that is not encoded.
func (h held) plain() (a soa.Array, ok bool) {
	if h.packed != nil {
		return h.packed.array, h.packed.codec == nil
	}
	return h.array, true
}

func pick(columns []*column, which []int) []*column {
	out := make([]*column, len(which))
	for i, at := range which {
		out[i] = columns[at]
	}
	return out
}

// readBelow reads columns of v from below, in the memory of have's arrays where that
// fits.
func (t *Tiers) readBelow(ctx context.Context, v *value, columns []*column, have *soa.Dict) (*soa.Dict, error) {
	into := soa.NewDict()
	for _, c := range columns {
		if a, ok := have.Get(c.field.Name); ok {
			into.Set(c.field.Name, a)
		}
	}
	start := t.opts.Clock()
	err := t.below.Read(ctx, v.id, into, namesOf(columns))
	if err == nil {
		err = checkAll(columns, into)
	}
	if err != nil {
		return nil, t.readFailed(v, err)
	}
	t.count(func() { t.disk.read(bytesOf(columns), t.opts.Clock()-start) })
	return into, nil
}

// checkAll reports an array of d that is not of its column.
func checkAll(columns []*column, d *soa.Dict) error {
	for _, c := range columns {
		a, _ := d.Get(c.field.Name)
		if err := c.check(a); err != nil {
			return err
		}
	}
	return nil
}

// readFailed returns the error of a read below: an ErrNotFound if the value has been
// deleted meanwhile, which was the reason.
func (t *Tiers) readFailed(v *value, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.dead {
		return ErrNotFound
	}
	return err
}

func bytesOf(columns []*column) (n int64) {
	for _, c := range columns {
		n += c.bytes
	}
	return n
}
