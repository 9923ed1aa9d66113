package tier

import (
	"context"
	"errors"
	"math"

	"github.com/soastore/soa"
)

// Put places a value: in raw memory, if it is no larger than Options.Memory, making
// room there; else in compressed memory, if it is small enough packed; else below.
// Unless Options.CopyOnPut, the arrays belong to the tiers from then on, nobody changes
// them, and they may be released, unless they have been kept ([soa.Dict.Keep]). An ID is
// put once.
//
// If there is room nowhere the error is a *NoSpaceError. With Options.Async it may
// also be of values that could not be put below in the background since the last
// call; each is told of once. After an error nothing is left of d.
func (t *Tiers) Put(ctx context.Context, id string, d *soa.Dict) error {
	v, err := valueOf(id, d)
	if err != nil {
		return err
	}
	t.weigh(v)
	if err := t.expect(id); err != nil {
		return wrap(id, err)
	}
	defer t.expected(id)
	return t.place(ctx, v, d)
}

// weigh asks for the weights of v's columns.
func (t *Tiers) weigh(v *value) {
	if t.opts.Weight == nil {
		return
	}
	for _, c := range v.columns {
		if w := t.opts.Weight(v.id, c.field.Name, c.bytes); !math.IsNaN(w) { // which has no place in an order
			c.weight = w
		}
	}
}

// expect keeps id for a value that is on its way, until expected.
func (t *Tiers) expect(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrClosed
	case t.values[id] != nil || t.coming[id]:
		return ErrExists
	}
	if err := t.reported(); err != nil {
		return err
	}
	t.coming[id] = true
	return nil
}

func (t *Tiers) expected(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.coming, id)
}

// places are the ways to place a value, in the order in which they are tried.
var places = [...]func(*Tiers, context.Context, *value, *soa.Dict, *demand) error{
	(*Tiers).placeRaw, (*Tiers).placePacked, (*Tiers).placeBelow,
}

// place puts v, which is d, into the first tier that takes it.
func (t *Tiers) place(ctx context.Context, v *value, d *soa.Dict) error {
	room := must(nil)
	var reasons [len(places)]error
	for i, try := range places {
		err := try(t, ctx, v, d, room)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return wrap(v.id, ctx.Err())
		}
		if !errors.Is(err, errNoTier) {
			reasons[i] = err
		}
	}
	return &NoSpaceError{ID: v.id, Bytes: v.bytes, Memory: reasons[0], Compressed: reasons[1], Below: reasons[2]}
}

// errNoTier says that there is no such tier.
var errNoTier = errors.New("there is none")

func (t *Tiers) placeRaw(ctx context.Context, v *value, d *soa.Dict, room *demand) error {
	if t.raw.limit == 0 && v.bytes > 0 {
		return errNoTier
	}
	if err := t.reserve(ctx, t.raw, v.bytes, room); err != nil {
		return err
	}
	if t.opts.CopyOnPut {
		d = d.Clone()
	}
	for _, c := range v.columns {
		c.array, _ = d.Get(c.field.Name)
	}
	t.admit(v, t.raw)
	return nil
}

// disown gives the memory of c's array of d back, which the tiers have no use for.
func (t *Tiers) disown(d *soa.Dict, c *column) {
	if !t.opts.CopyOnPut {
		a, _ := d.Get(c.field.Name)
		a.Release()
	}
}

func (t *Tiers) placePacked(ctx context.Context, v *value, d *soa.Dict, room *demand) error {
	if t.packed.limit == 0 {
		return errNoTier
	}
	size, all := int64(0), make([]packed, len(v.columns))
	for i, c := range v.columns {
		a, _ := d.Get(c.field.Name)
		all[i], _ = t.encode(c, a)
		if size += all[i].size(); !t.packed.takes(size) {
			break
		}
	}
	if err := t.reserve(ctx, t.packed, size, room); err != nil {
		return err
	}
	for i, c := range v.columns {
		c.packed = &all[i]
		if t.opts.CopyOnPut && c.packed.codec == nil && c.bytes > rawBytes { // of others there is a copy
			c.packed.array = c.packed.array.Clone()
		}
	}
	t.admit(v, t.packed)
	for i, c := range v.columns {
		if all[i].codec != nil {
			t.disown(d, c)
		}
	}
	return nil
}

func (t *Tiers) placeBelow(ctx context.Context, v *value, d *soa.Dict, _ *demand) error {
	if t.below == nil {
		return errNoTier
	}
	disk, err := t.give(ctx, v, d)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.values[v.id] = v
	t.isBelow(v, stored{len(v.columns), v.bytes, disk})
	for _, c := range v.columns {
		t.disown(d, c)
	}
	return nil
}

// admit takes in a value, dirty, whose columns hold their elements and all go to p, where
// room is reserved.
func (t *Tiers) admit(v *value, p *pool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tick++
	t.values[v.id] = v
	for _, c := range v.columns {
		c.tick = t.tick
		t.enter(p, c, c.held)
	}
	t.soil(v)
	t.stir()
}

// Adopt takes in a value that is below already, where it takes so many bytes.
func (t *Tiers) Adopt(id string, fields []Field, disk int64) error {
	v, err := valueWith(id, fields)
	if err != nil {
		return err
	}
	if t.below == nil {
		return &Error{ID: id, Err: errNotBelow}
	}
	t.weigh(v)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return &Error{ID: id, Err: ErrClosed}
	case t.values[id] != nil || t.coming[id]:
		return &Error{ID: id, Err: ErrExists}
	}
	t.values[id] = v
	t.isBelow(v, stored{len(v.columns), v.bytes, disk})
	return nil
}
