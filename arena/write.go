package arena

import (
	"context"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
)

const (
	block     = 256 << 10 // what is moved while the caches hold it
	gatherMax = 64 << 10  // shorter columns are written together
)

// blocks are buffers of a block each.
var blocks = sync.Pool{New: func() any { return new([block]byte) }}

// writeValue writes the columns and the header of v, and fills in the checksums.
func (a *Arena) writeValue(ctx context.Context, v *version, d *soa.Dict) error {
	if v.size <= block {
		return a.writeSmall(ctx, v, d)
	}
	columns := make([]part, 0, len(v.fields))
	for _, arr := range d.All() {
		i := len(columns)
		columns = append(columns, part{field: i, p: arr.Bytes(), off: v.ext.off + v.fields[i].off})
	}
	direct, job := a.direct.takes(v.size), a.writeJob
	if direct {
		job = a.direct.writeJob
	}
	parts, err := each(ctx, columns, direct, job)
	if err != nil {
		return err
	}
	sums(parts, func(i int, sum uint64) { v.sums[i] = sum })
	head := v.append(make([]byte, 0, roundUp(v.head, page)), a.super.id, v.seq)
	return a.writePages(head, v.ext.off)
}

// writeSmall writes a value that a buffer can hold.
func (a *Arena) writeSmall(ctx context.Context, v *version, d *soa.Dict) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	off, n := v.ext.off, int(v.size)
	if m := a.window.toWrite(off, n); m != nil {
		return m.Guard(func() error { a.assemble(reach(m, off, n), v, d); return nil })
	}
	buf := blocks.Get().(*[block]byte)
	defer blocks.Put(buf)
	p := buf[:roundUp(v.size, page)]
	a.assemble(p, v, d)
	return a.call(p, off)
}

// assemble makes p what is written of v, with zeros after it, and fills in its sums.
func (a *Arena) assemble(p []byte, v *version, d *soa.Dict) {
	i, at := 0, v.head
	for _, arr := range d.All() {
		f := &v.fields[i]
		clear(p[at:f.off])
		column := arr.Bytes() // which is in the caches sooner than its copy
		at = f.off + int64(copy(p[f.off:], column))
		v.sums[i] = crc64.Checksum(column)
		i++
	}
	clear(p[at:])
	v.append(p[:0], a.super.id, v.seq)
}

// write writes p.
func (a *Arena) write(p []byte, off int64) error { return a.writeUnits(p, off, 1) }

// writePages writes p, which begins a page, and may write zeros up to the end of its
// last one. They follow p, in its capacity. System calls get whole pages, so that the
// kernel need not read first what it does not have in memory.
func (a *Arena) writePages(p []byte, off int64) error { return a.writeUnits(p, off, page) }

// writeUnits writes p, and what follows it up to a multiple of unit where it takes
// system calls.
func (a *Arena) writeUnits(p []byte, off, unit int64) error {
	for len(p) > 0 {
		n := inBlock(p, off)
		if m := a.window.toWrite(off, n); m != nil {
			if err := m.Guard(func() error { copy(reach(m, off, n), p); return nil }); err != nil {
				return err
			}
		} else if err := a.call(p[:roundUp(int64(n), unit)], off); err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// call writes p by a system call.
func (a *Arena) call(p []byte, off int64) error {
	_, err := a.file.WriteAt(p, off)
	return noSpace(err)
}

// writeSum is write of what lies in one block of the file, and returns the checksum
// of what crc is of, followed by p.
func (a *Arena) writeSum(crc uint64, p []byte, off int64) (uint64, error) {
	if m := a.window.toWrite(off, len(p)); m != nil {
		err := m.Guard(func() error { crc = sumCopy(crc, reach(m, off, len(p)), p); return nil })
		return crc, err
	}
	crc = crc64.Update(crc, p)
	return crc, a.call(p, off)
}

// inBlock returns how many bytes of p lie in the block of the file that off is in.
func inBlock(p []byte, off int64) int { return int(min(int64(len(p)), block-off%block)) }

// writeJob writes parts, short ones together, and fills in their checksums.
func (a *Arena) writeJob(ctx context.Context, job []part) error {
	buf := blocks.Get().(*[block]byte)
	defer blocks.Put(buf)
	g := gather{buf: buf[:0]}
	for i := range job {
		q := &job[i]
		if g.takes(q) {
			g.add(q)
			continue
		}
		if err := a.writeGathered(ctx, &g); err != nil {
			return err
		}
		if g.takes(q) {
			g.add(q)
		} else if err := a.writePart(ctx, q); err != nil {
			return err
		}
	}
	return a.writeGathered(ctx, &g)
}

func (a *Arena) writePart(ctx context.Context, q *part) error {
	p, off := q.p, q.off
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := inBlock(p, off)
		var err error
		if q.sum, err = a.writeSum(q.sum, p[:n], off); err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (a *Arena) writeGathered(ctx context.Context, g *gather) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := a.write(g.buf, g.off)
	g.buf = g.buf[:0]
	return err
}

// gather holds short parts that lie one after another, as they will in the file.
type gather struct {
	buf []byte
	off int64
}

// takes reports whether q can be added.
func (g *gather) takes(q *part) bool {
	if len(g.buf) == 0 {
		return len(q.p) < gatherMax
	}
	return len(q.p) < gatherMax && q.off-g.off+int64(len(q.p)) <= int64(cap(g.buf))
}

// add adds q, after zeros up to where it lies, and sums it.
func (g *gather) add(q *part) {
	if len(g.buf) == 0 {
		g.off = q.off
	}
	end, at := len(g.buf), int(q.off-g.off)
	g.buf = g.buf[:at]
	clear(g.buf[end:])
	g.buf = append(g.buf, q.p...)
	q.sum = crc64.Update(q.sum, g.buf[at:])
}
