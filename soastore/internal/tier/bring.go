package tier

import (
	"context"

	"github.com/soastore/soa"
)

// flight is the bringing of a column to raw memory, for all who ask for it meanwhile.
type flight struct {
	done  chan struct{} // of all that are brought together; closed when these are set:
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

// bring reads or unpacks parts of v, for which raw memory is reserved, and enters them
// there. It returns them; those that others have brought, or are bringing, are not among
// them.
func (t *Tiers) bring(ctx context.Context, v *value, reserved []part, ahead bool) ([]part, error) {
	if len(reserved) == 0 {
		return nil, nil
	}
	parts := t.lead(v, reserved)
	err := errAborted
	defer func() { t.land(v, parts, err, ahead) }()
	if err = t.load(ctx, v, parts, nil); err != nil {
		return nil, err
	}
	return parts, nil
}

// lead begins flights of those of the parts that nobody else brings, and returns them,
// in the same slice. Of the others it gives the reserved memory up.
func (t *Tiers) lead(v *value, reserved []part) []part {
	t.mu.Lock()
	defer t.mu.Unlock()
	parts := reserved[:0]
	done, flights := make(chan struct{}), make([]flight, len(reserved))
	for i := range reserved {
		c := reserved[i].column
		if c.in == t.raw || c.flight != nil || v.dead || c.in == nil && !v.below {
			t.raw.cancel(c.bytes)
			continue
		}
		c.flight = &flights[i]
		c.flight.done = done
		reserved[i].look()
		parts = append(parts, reserved[i])
	}
	return parts
}

// land ends flights: it enters the arrays, unless there is an error. In any case they
// are for all who asked for them.
func (t *Tiers) land(v *value, parts []part, err error, ahead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var done chan struct{}
	for i := range parts {
		c, a := parts[i].column, parts[i].array
		f := c.flight
		c.flight, done = nil, f.done
		f.array, f.err = a, err
		if err != nil || v.dead || c.consumed || c.in == t.raw {
			t.raw.cancel(c.bytes)
			continue
		}
		t.enter(t.raw, c, held{array: a})
		t.raw.stats.Promotions++
		c.ahead = ahead
	}
	if done != nil {
		close(done)
	}
}
