package genericio

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
)

// headerSize returns the bytes of the header without its checksum.
func (l *Layout) headerSize() int64 {
	vars, ranks := int64(len(l.head.Variables)), int64(len(l.head.Ranks))
	n := globalSize + vars*varSize + ranks*rankSize
	if l.head.HasBlocks {
		n += ranks * vars * blockSize
	}
	return n
}

// encode appends the header with its checksum, in native byte order as the data.
func (l *Layout) encode(to []byte) []byte {
	h := &l.head
	size, vars, ranks := l.headerSize(), len(h.Variables), len(h.Ranks)
	e := encoder{slices.Grow(to, int(size+crcSize))}
	e.bytes(magic(), 8)
	e.u64(uint64(size), uint64(h.Rows))
	e.ints(h.Dims)
	ranksStart := uint64(globalSize + vars*varSize)
	e.u64(uint64(vars), varSize, globalSize, uint64(ranks), rankSize, ranksStart, globalSize)
	e.reals(h.PhysOrigin)
	e.reals(h.PhysScale)
	if h.HasBlocks {
		e.u64(blockSize, ranksStart+uint64(ranks*rankSize))
	} else {
		e.u64(0, 0)
	}
	for _, v := range h.Variables {
		e.bytes(v.Name, nameSize)
		e.u64(uint64(v.Flags), uint64(v.RowBytes), uint64(v.RowBytes/v.Elements))
	}
	for _, r := range h.Ranks {
		e.ints(r.Coords)
		e.u64(uint64(r.Rows), uint64(r.start), uint64(r.GlobalRank))
	}
	if h.HasBlocks {
		l.encodeBlocks(&e)
	}
	return binary.LittleEndian.AppendUint64(e.out, ^crc64.Checksum(e.out[len(to):]))
}

func (l *Layout) encodeBlocks(e *encoder) {
	for rank, r := range l.head.Ranks {
		offsets := l.offsets
		if rank != l.rank {
			offsets, _ = l.blocks(r.start, rank)
		}
		for v, offset := range offsets {
			size, filter := l.stored(rank, v)
			e.bytes(filter, numFilters*filterSize)
			e.u64(uint64(offset), uint64(size))
		}
	}
}

func magic() string {
	if soa.NativeBigEndian() {
		return magicBig
	}
	return magicLittle
}

// encoder appends structures in native byte order.
type encoder struct{ out []byte }

func (e *encoder) u64(values ...uint64) {
	for _, v := range values {
		e.out = binary.NativeEndian.AppendUint64(e.out, v)
	}
}

func (e *encoder) ints(values [3]int) {
	for _, v := range values {
		e.u64(uint64(v))
	}
}

func (e *encoder) reals(values [3]float64) {
	for _, v := range values {
		e.u64(math.Float64bits(v))
	}
}

// bytes appends s, NUL-padded to n bytes.
func (e *encoder) bytes(s string, n int) {
	e.out = append(append(e.out, s...), make([]byte, n-len(s))...)
}
