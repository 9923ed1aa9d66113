package npz

import (
	"bytes"
	"context"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/together"
)

// View is [Reader.Read] for a file that is in memory, as a mapping makes it: mem
// is the whole file. Arrays that the file stores as they are in memory (not
// deflated, native byte order, C order, aligned, as [Write] does) are views of
// mem: nothing is copied, mem must live as long as they do, and must not be
// written to through them if it is mapped read-only. Others are copies.
//
// All CRC-32s are checked, which reads all of mem that belongs to the fields: several
// large ones at a time, on as many processors as there are. A fault in mem is a panic
// of the calling goroutine all the same.
func (r *Reader) View(ctx context.Context, mem []byte, names ...string) (*soa.Dict, error) {
	return r.view(ctx, mem, names, true)
}

// ViewUnchecked is [Reader.View] without the CRC-32 of views, so that it reads
// only headers (and bools, which are checked to be 0 or 1). Copies are checked.
func (r *Reader) ViewUnchecked(ctx context.Context, mem []byte, names ...string) (*soa.Dict, error) {
	return r.view(ctx, mem, names, false)
}

func (r *Reader) view(ctx context.Context, mem []byte, names []string, check bool) (*soa.Dict, error) {
	if int64(len(mem)) != r.size {
		return nil, formatf("npz: %d bytes of memory for a file of %d", len(mem), r.size)
	}
	members, err := r.arrays(names)
	if err != nil {
		return nil, err
	}
	arrays := make([]soa.Array, len(members))
	err = together.Do(sizesOf(members), func(i int) (err error) {
		arrays[i], err = members[i].view(ctx, mem, check)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := soa.NewDict()
	for i, m := range members {
		out.Set(m.field(), arrays[i])
	}
	return out, nil
}

func (m *member) view(ctx context.Context, mem []byte, check bool) (soa.Array, error) {
	l := &m.layout
	if m.method != Stored || l.swapped() || l.transposed() {
		return m.read(ctx, bytes.NewReader(mem), soa.Array{})
	}
	elements := mem[l.body+l.size : l.body+m.packed : l.body+m.packed]
	if !aligned(elements, l.dtype) {
		return m.read(ctx, bytes.NewReader(mem), soa.Array{})
	}
	if check {
		if err := m.checkMemory(ctx, elements, l); err != nil {
			return soa.Array{}, m.failed(l, err)
		}
	}
	a, err := soa.FromBytes(l.dtype, elements, l.shape...)
	if err != nil {
		return soa.Array{}, m.failed(l, formatf("%w", err))
	}
	return a, nil
}

// checkMemory checks the elements p, several parts of many at once.
func (m *member) checkMemory(ctx context.Context, p []byte, l *layout) error {
	crc, err := l.crc, error(nil)
	if n := int64(len(p)); together.Parts(n) > 1 {
		crc, err = sumParts(crc, n, together.Parts(n), func(lo, hi int64) (uint32, error) { return addMemory(ctx, 0, p[lo:hi]) })
	} else {
		crc, err = addMemory(ctx, crc, p)
	}
	if err == nil && crc != m.crc {
		err = crcError(crc, m.crc)
	}
	return err
}

func aligned(p []byte, dtype soa.DType) bool {
	return len(p) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%uintptr(dtype.Align()) == 0
}
