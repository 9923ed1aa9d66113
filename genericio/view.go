package genericio

import (
	"context"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/together"
)

// View returns variables of one rank, as ReadRank does, out of mem, which holds
// the whole file: a mapping of it. An array shares the memory of mem where the
// block is unfiltered, aligned for its type and in native byte order
// ([Reader.Viewable]), and is a copy elsewhere. Shared arrays are as long-lived
// and as writable as mem is. Several large blocks are checked at a time, on as many
// processors as there are; a fault in mem is a panic of the calling goroutine all the
// same.
func (r *Reader) View(ctx context.Context, mem []byte, rank int, names ...string) (*soa.Dict, error) {
	return r.viewRank(ctx, mem, rank, names, !r.opts.SkipCRC)
}

// ViewUnchecked is [Reader.View] without the checksums of what is shared, so that it
// touches headers only. Copies are checked as ever.
func (r *Reader) ViewUnchecked(ctx context.Context, mem []byte, rank int, names ...string) (*soa.Dict, error) {
	return r.viewRank(ctx, mem, rank, names, false)
}

func (r *Reader) viewRank(ctx context.Context, mem []byte, rank int, names []string, check bool) (*soa.Dict, error) {
	m := *r
	m.src = fsys.Content(mem)
	cols, err := m.columns(names, rank)
	if err != nil {
		return nil, err
	}
	sizes := make([]int64, len(cols))
	for i, v := range cols {
		sizes[i] = m.blocks.at(rank, v).Size
	}
	arrays := make([]soa.Array, len(cols))
	err = together.Do(sizes, func(i int) (err error) {
		arrays[i], err = m.view(ctx, mem, rank, cols[i], check)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := soa.NewDict()
	for i, v := range cols {
		out.Set(r.head.Variables[v].Name, arrays[i])
	}
	return out, nil
}

// Viewable reports whether View returns the block of a rank and a variable, both
// by position, without copying it out of a mapping of the file. Files that are
// written with [Spec.Align], and without [Spec.Compress], have such blocks only.
func (r *Reader) Viewable(rank, v int) bool {
	desc := &r.head.Variables[v]
	b := r.blocks.at(rank, v)
	return b.raw() && r.readable(rank, v) == nil && bigEndian(r.head.ByteOrder) == soa.NativeBigEndian() &&
		b.Offset%int64(desc.DType.Align()) == 0
}

func (r *Reader) view(ctx context.Context, mem []byte, rank, v int, check bool) (soa.Array, error) {
	b, desc := r.blocks.at(rank, v), &r.head.Variables[v]
	shape := desc.shape(int(r.head.Ranks[rank].Rows))
	end := b.Offset + b.Size
	if end+crcSize > int64(len(mem)) {
		return soa.Array{}, r.blockError(rank, v, errShort)
	}
	data := mem[b.Offset:end:end]
	if !r.Viewable(rank, v) || !aligned(data, desc.DType) {
		a, err := soa.New(desc.DType, shape...)
		if err != nil {
			return soa.Array{}, err
		}
		return a, r.readBlock(ctx, rank, v, a.Bytes())
	}
	if check {
		if err := r.checkView(ctx, data, mem[end:end+crcSize]); err != nil {
			return soa.Array{}, r.blockError(rank, v, err)
		}
	}
	return soa.FromBytes(desc.DType, data, shape...)
}

// checkView checks a block in memory, several parts of a large one at once.
func (r *Reader) checkView(ctx context.Context, data, stored []byte) error {
	n := int64(len(data))
	crc, err := sumParts(n, together.Parts(n), func(lo, hi int64) (uint64, error) { return sumOf(ctx, data[lo:hi]) })
	if err == nil && !checksumOK(crc, stored) {
		err = ErrChecksum
	}
	return err
}

// sumOf returns the checksum of data, unless ctx ends first.
func sumOf(ctx context.Context, data []byte) (crc uint64, err error) {
	for len(data) > 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n := min(len(data), chunk)
		crc = crc64.Update(crc, data[:n])
		data = data[n:]
	}
	return crc, nil
}

func aligned(p []byte, dtype soa.DType) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(p)))%uintptr(dtype.Align()) == 0
}
