package arena

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/fsys"
)

// view is a mapping of the file for reading, with how many use it: the arena, until
// it has a longer one, and calls of View.
type view struct {
	*fsys.Mapping
	users atomic.Int32
}

func (w *view) unref() error {
	if w.users.Add(-1) == 0 {
		return w.Unmap()
	}
	return nil
}

// viewTo returns a view that reaches to end, to unref.
func (a *Arena) viewTo(end int64) (*view, error) {
	if w := a.refView(end); w != nil {
		return w, nil
	}
	a.resize.Lock() // so that the file does not become shorter
	defer a.resize.Unlock()
	if w := a.refView(end); w != nil {
		return w, nil
	}
	a.mu.Lock()
	size := a.space.end
	a.mu.Unlock()
	m, err := a.file.Map(size)
	if err != nil {
		return nil, err
	}
	w := &view{Mapping: m}
	w.users.Store(2) // the arena, and the caller
	a.mu.Lock()
	old := a.view
	a.view = w
	a.mu.Unlock()
	if old != nil {
		if err := old.unref(); err != nil {
			return nil, errors.Join(err, w.unref())
		}
	}
	return w, nil
}

func (a *Arena) refView(end int64) *view {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.view == nil || int64(len(a.view.Data)) < end {
		return nil
	}
	a.view.users.Add(1)
	return a.view
}

// View calls fn with the named fields, or all if no names are given: arrays whose
// memory is the file itself, mapped read-only. Nothing is copied. They are valid
// until fn returns, and writing to them kills the process. Where the file was cut
// short, or the disk fails, fn ends at the read that finds out, so it releases what
// it holds by defer; that is an error, but only in the goroutine that called View: in
// another it kills the process. The error is fn's own, or as for Read.
func (v *Value) View(ctx context.Context, names []string, opts ReadOptions, fn func(*soa.Dict) error) (err error) {
	if err := v.enter(); err != nil {
		return v.failed("view", err)
	}
	defer func() { v.leave(&err) }() // fn may panic, or end the goroutine
	var own error
	err = v.view(ctx, names, opts, func(d *soa.Dict) error {
		own = fn(d)
		return own
	})
	if own != nil {
		return own
	}
	return v.failed("view", err)
}

func (v *Value) view(ctx context.Context, names []string, opts ReadOptions, fn func(*soa.Dict) error) error {
	picked, err := v.v.pick(nil, names)
	if err != nil {
		return err
	}
	w, err := v.a.viewTo(v.v.ext.end())
	if err != nil {
		return err
	}
	defer w.unref()
	columns := make([]part, len(picked))
	for k, i := range picked {
		f := &v.v.fields[i]
		off := v.v.ext.off + f.off
		columns[k] = part{field: i, p: w.Data[off : off+f.len : off+f.len], off: off}
	}
	if !opts.Unchecked {
		if err := v.check(ctx, w, columns); err != nil {
			return err
		}
	}
	return w.Guard(func() error {
		d := soa.NewDict()
		for k, i := range picked {
			f := &v.v.fields[i]
			arr, err := soa.FromBytes(f.dtype, columns[k].p, f.shape...)
			if err != nil {
				return v.a.fieldError(v.v, f, formatf("%w", err))
			}
			d.Set(f.name, arr)
		}
		return fn(d)
	})
}

// check compares the checksums of columns that are in memory.
func (v *Value) check(ctx context.Context, w *view, columns []part) error {
	sorted := slices.Clone(columns)
	slices.SortFunc(sorted, byPlace)
	parts, err := each(ctx, sorted, false, func(ctx context.Context, job []part) error {
		return w.Guard(func() error { return sumJob(ctx, job) })
	})
	if err != nil {
		return err
	}
	return v.a.compare(v.v, parts)
}

func sumJob(ctx context.Context, job []part) error {
	for i := range job {
		q := &job[i]
		for p := q.p; len(p) > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(len(p), 4*block)
			q.sum = crc64.Update(q.sum, p[:n])
			p = p[n:]
		}
	}
	return nil
}
