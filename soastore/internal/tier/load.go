package tier

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

// part is a column in a call that needs its elements: a read, a write below, or what
// brings it to raw memory.
type part struct {
	column *column
	index  int  // of the part in its call
	use    int  // position of a read in the plan; -1 for what is not planned
	held        // the elements: where the call found them, and once loaded their array
	own    bool // the array was made for the call; else it is the tiers'
}

// partsOf returns a part for each column.
func partsOf(columns []*column) []part {
	parts := make([]part, len(columns))
	for i, c := range columns {
		parts[i] = part{column: c, index: i, use: -1}
	}
	return parts
}

// look notes where the elements are now. The caller holds mu.
func (p *part) look() { p.held = p.column.held }

func bytesOf(parts []part) (n int64) {
	for i := range parts {
		n += parts[i].column.bytes
	}
	return n
}

// dictOf returns the Dict of what has been loaded.
func dictOf(parts []part) *soa.Dict {
	d := soa.NewDict()
	for i := range parts {
		d.Set(parts[i].column.field.Name, parts[i].array)
	}
	return d
}

// load gives parts of v their arrays, from where their elements are. If have is nil,
// these may be the tiers' own; else they are not, and are in the memory of have's arrays
// of these names where they fit. What have holds after an error is not defined.
func (t *Tiers) load(ctx context.Context, v *value, parts []part, have *soa.Dict) error {
	if err := t.takeAll(ctx, parts, have); err != nil {
		return err
	}
	return t.readBelow(ctx, v, parts, have)
}

// parallel is from how many bytes copying and decoding are worth several goroutines.
const parallel = 64 << 10

// takeAll takes the parts that are in memory, large ones on all processors: much of the
// time goes into memory that is touched for the first time.
func (t *Tiers) takeAll(ctx context.Context, parts []part, have *soa.Dict) error {
	work := int64(0)
	for i := range parts {
		if !parts[i].free(have) {
			work += parts[i].column.bytes
		}
	}
	if work >= parallel {
		return t.takeParallel(ctx, parts, have)
	}
	for i := range parts {
		if err := t.take(&parts[i], have); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tiers) takeParallel(ctx context.Context, parts []part, have *soa.Dict) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range parts {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return t.take(&parts[i], have)
		})
	}
	return g.Wait()
}

// free reports whether taking p copies nothing.
func (p *part) free(have *soa.Dict) bool {
	_, plain := p.plain()
	return p.below() || plain && have == nil
}

// take takes a part that is in memory: the array itself if it may, else a copy, or what
// it decodes; see load.
func (t *Tiers) take(p *part, have *soa.Dict) error {
	a, plain := p.plain()
	if p.free(have) {
		p.held = held{array: a} // no array yet if it is below
		return nil
	}
	c := p.column
	old, _ := have.Get(c.field.Name)
	to, err := old.Resize(c.field.DType, c.field.Shape...)
	if err != nil {
		return c.wrap(err)
	}
	if plain {
		copy(to.Bytes(), a.Bytes())
	} else if err := t.decode(p.packed, to); err != nil {
		return c.wrap(err)
	}
	p.held, p.own = held{array: to}, true
	return nil
}

// decode fills the array with what was encoded.
func (t *Tiers) decode(p *packed, to soa.Array) error {
	start := t.opts.Clock()
	got, err := p.codec.Decode(to.Bytes()[:0], p.bytes)
	if err != nil {
		return err
	}
	if len(got) != to.NBytes() {
		return fmt.Errorf("%w: %d bytes instead of %d", codec.ErrFormat, len(got), to.NBytes())
	}
	copy(to.Bytes(), got) // nothing, if there was room for Decode
	t.count(func() { t.packed.stats.read(int64(len(got)), t.opts.Clock()-start) })
	return nil
}

// readBelow reads those parts of v that are only below, at once; see load.
func (t *Tiers) readBelow(ctx context.Context, v *value, parts []part, have *soa.Dict) error {
	names, any := v.onlyBelow(parts)
	if !any {
		return nil
	}
	into := have
	if have == nil || len(names) > 0 { // what have holds besides must stay
		into = have.Share()
	}
	start := t.opts.Clock()
	err := t.below.Read(ctx, v.id, into, names)
	var bytes int64
	if err == nil {
		bytes, err = pick(parts, into)
	}
	if err != nil {
		return t.readFailed(v, err)
	}
	t.count(func() { t.disk.read(bytes, t.opts.Clock()-start) })
	return nil
}

// onlyBelow reports whether some parts are only below, and names them, unless they are
// all of v.
func (v *value) onlyBelow(parts []part) (names []string, some bool) {
	n := 0
	for i := range parts {
		if parts[i].below() {
			n++
		}
	}
	if n == 0 || n == len(v.columns) {
		return nil, n > 0
	}
	names = make([]string, 0, n)
	for i := range parts {
		if parts[i].below() {
			names = append(names, parts[i].column.field.Name)
		}
	}
	return names, true
}

// pick gives the parts that are only below their arrays of d, which has been read there,
// and returns the bytes of these, or reports one that is not of its column.
func pick(parts []part, d *soa.Dict) (bytes int64, err error) {
	for i := range parts {
		p := &parts[i]
		if !p.below() {
			continue
		}
		a, _ := d.Get(p.column.field.Name)
		if err := p.column.check(a); err != nil {
			return 0, err
		}
		p.array, p.own = a, true
		bytes += p.column.bytes
	}
	return bytes, nil
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
