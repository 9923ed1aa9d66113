package arena

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
)

// ReadOptions say how elements are read.
type ReadOptions struct {
	// Unchecked leaves the checksums of the columns out. The default is that they
	// are checked.
	Unchecked bool
}

// Read reads the named fields, or all if no names are given. Afterwards into holds
// these fields and no others, in the order of names, or of the value.
//
// Arrays that into has under these names give their memory to what is read if it is
// large enough ([soa.Array.Resize]), so that a Dict which is read into again and
// again allocates once; they must be writable and share no memory with each other.
//
// The error is a *soa.FieldError for a name that the value does not have, an
// ErrChecksum, an ErrClosed, ctx's, or that of reading the file. Then into has the
// names, types and shapes it had before, and the elements of its arrays of the named
// fields are undefined.
func (v *Value) Read(ctx context.Context, into *soa.Dict, names []string, opts ReadOptions) error {
	if err := v.enter(); err != nil {
		return v.failed("read", err)
	}
	err := v.read(ctx, into, names, opts)
	v.leave(&err)
	return v.failed("read", err)
}

func (v *Value) read(ctx context.Context, into *soa.Dict, names []string, opts ReadOptions) (err error) {
	r := readings.Get().(*reading)
	defer r.put()
	if r.picked, err = v.v.pick(r.picked, names); err != nil {
		return err
	}
	for _, i := range r.picked {
		f := &v.v.fields[i]
		old, _ := into.Get(f.name)
		a, err := old.Resize(f.dtype, f.shape...)
		if err != nil {
			return err
		}
		r.arrays = append(r.arrays, a)
		r.columns = append(r.columns, part{field: i, p: a.Bytes(), off: v.v.ext.off + f.off})
	}
	slices.SortFunc(r.columns, byPlace)
	if err = v.a.readColumns(ctx, v.v, r.columns, opts); err == nil {
		err = v.checkBools(r)
	}
	if err != nil {
		clearBools(r.arrays)
		return err
	}
	v.v.fill(into, r)
	return nil
}

func byPlace(p, q part) int { return cmp.Compare(p.off, q.off) }

// reading is what one Read works with.
type reading struct {
	picked  []int
	arrays  []soa.Array
	columns []part // by place
}

var readings = sync.Pool{New: func() any { return new(reading) }}

func (r *reading) put() {
	clear(r.arrays) // the caller's memory
	clear(r.columns)
	r.picked, r.arrays, r.columns = r.picked[:0], r.arrays[:0], r.columns[:0]
	readings.Put(r)
}

// fill makes into hold what was read and nothing else.
func (v *version) fill(into *soa.Dict, r *reading) {
	if !v.has(into, r.picked) {
		into.Clear()
	}
	for k, i := range r.picked {
		into.Set(v.fields[i].name, r.arrays[k])
	}
}

// has reports whether d has the picked fields, in order, and no others.
func (v *version) has(d *soa.Dict, picked []int) bool {
	if d.Len() != len(picked) {
		return false
	}
	k := 0
	for name := range d.All() {
		if name != v.fields[picked[k]].name {
			return false
		}
		k++
	}
	return true
}

// readColumns fills the memory of columns of v, which are sorted by offset.
func (a *Arena) readColumns(ctx context.Context, v *version, columns []part, opts ReadOptions) (err error) {
	parts, check := columns, !opts.Unchecked
	if v.size < directLen { // by one goroutine, which allocates nothing
		err = a.readJob(ctx, columns, check)
	} else {
		parts, err = a.readLarge(ctx, v, columns, check)
	}
	if err != nil || !check {
		return err
	}
	return a.compare(v, parts)
}

// readLarge is readColumns by several goroutines, or past the system's cache, without
// the comparison.
func (a *Arena) readLarge(ctx context.Context, v *version, columns []part, check bool) ([]part, error) {
	direct, read := a.direct.takes(v.size), a.readJob
	if direct {
		read = a.direct.readJob
	}
	return each(ctx, columns, direct, func(ctx context.Context, job []part) error { return read(ctx, job, check) })
}

// compare compares the checksums of parts with those of v's fields.
func (a *Arena) compare(v *version, parts []part) (err error) {
	sums(parts, func(i int, sum uint64) {
		if bad := compare(v.sums[i], sum); bad != nil && err == nil {
			err = a.fieldError(v, &v.fields[i], bad)
		}
	})
	return err
}

func compare(want, have uint64) error {
	if have != want {
		return fmt.Errorf("%w: %#x, not %#x", ErrChecksum, have, want)
	}
	return nil
}

func (a *Arena) fieldError(v *version, f *field, err error) error {
	return &Error{Op: "read", File: a.name, Key: v.key, Field: f.name, Offset: v.ext.off + f.off, Err: err}
}

// readJob reads parts, and sums them if check says so. Short parts that lie one after
// another are read together.
func (a *Arena) readJob(ctx context.Context, job []part, check bool) error {
	for len(job) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := together(job)
		var err error
		if n == 1 {
			err = a.readPart(ctx, &job[0], check)
		} else {
			err = a.readRun(job[:n], check)
		}
		if err != nil {
			return err
		}
		job = job[n:]
	}
	return nil
}

// together returns how many of the first parts are read by one call.
func together(job []part) int {
	n, first := 1, &job[0]
	if len(first.p) >= gatherMax {
		return 1
	}
	for ; n < len(job); n++ {
		q, before := &job[n], &job[n-1]
		gap := q.off - before.off - int64(len(before.p))
		if len(q.p) >= gatherMax || gap > maxGap || q.off+int64(len(q.p))-first.off > block {
			break
		}
	}
	return n
}

// maxGap is how much that nobody asked for is read between parts.
const maxGap = 512

// vector says where a run of parts is read to.
type vector struct {
	bufs    [][]byte
	between [maxGap]byte
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

// readRun reads parts that lie within the length of a block by one call, with what
// is between them.
func (a *Arena) readRun(job []part, check bool) error {
	last := &job[len(job)-1]
	off, end := job[0].off, last.off+int64(len(last.p))
	if off/block == (end-1)/block && end > off {
		if m := a.window.toRead(off, int(end-off)); m != nil {
			return m.Guard(func() error { copyRun(m.Data, job, check); return nil })
		}
	}
	to := vectors.Get().(*vector)
	defer vectors.Put(to)
	to.bufs = to.bufs[:0]
	at := off
	for i := range job {
		q := &job[i]
		to.bufs = append(to.bufs, to.between[:q.off-at], q.p)
		at = q.off + int64(len(q.p))
	}
	err := a.file.ReadvAt(to.bufs, off)
	clear(to.bufs) // the caller's memory
	if err != nil {
		return err
	}
	for i := range job {
		if check {
			job[i].sum = crc64.Checksum(job[i].p)
		}
	}
	return nil
}

// copyRun reads parts of a file that is in memory.
func copyRun(mem []byte, job []part, check bool) {
	for i := range job {
		q := &job[i]
		copy(q.p, mem[q.off:])
		if check {
			q.sum = crc64.Checksum(q.p)
		}
	}
}

// readPart reads a part by blocks.
func (a *Arena) readPart(ctx context.Context, q *part, check bool) error {
	p, off := q.p, q.off
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := inBlock(p, off)
		if err := a.readBlock(q, p[:n], off, check); err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// readBlock reads what lies in one block of the file, a piece of q.
func (a *Arena) readBlock(q *part, p []byte, off int64, check bool) error {
	m := a.window.toRead(off, len(p))
	switch {
	case m != nil && check:
		return m.Guard(func() error { q.sum = sumCopy(q.sum, p, m.Data[off:off+int64(len(p))]); return nil })
	case m != nil:
		return m.Guard(func() error { copy(p, m.Data[off:]); return nil })
	}
	if _, err := a.file.ReadAt(p, off); err != nil {
		return err
	}
	if check {
		q.sum = crc64.Update(q.sum, p)
	}
	return nil
}

// checkBools returns an ErrFormat if there are bools other than 0 and 1, which are
// no Go bools. The checksum does not tell: whoever wrote the file made it too.
func (v *Value) checkBools(r *reading) error {
	for k, arr := range r.arrays {
		if arr.DType() == soa.Bool && !areBools(arr.Bytes()) {
			return v.a.fieldError(v.v, &v.v.fields[r.picked[k]], formatf("a bool is neither 0 nor 1"))
		}
	}
	return nil
}

func areBools(p []byte) bool {
	all := uint64(0)
	for ; len(p) >= 8; p = p[8:] {
		all |= native.Uint64(p)
	}
	for _, b := range p {
		all |= uint64(b)
	}
	return all&^0x0101010101010101 == 0
}

// clearBools makes what a failed read left in bools 0 or 1 again: whoever the memory
// is from may see it as Go bools.
func clearBools(arrays []soa.Array) {
	for _, arr := range arrays {
		if arr.DType() == soa.Bool {
			clear(arr.Bytes())
		}
	}
}
