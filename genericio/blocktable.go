package genericio

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/soastore/soa/internal/wire"
)

// blockTable finds blocks. It keeps block headers in their stored form: a file of
// many ranks has millions of them, of which a reader needs a few.
type blockTable struct {
	ranks     []Rank
	variables []Variable
	before    []int64 // bytes a row of the variables before each one

	raw      []byte // the block headers, nil without
	stride   int
	order    binary.ByteOrder
	filtered bool // some blocks are
}

// reset makes t that of a decoded file, after checking that the blocks lie in the
// file, behind the header and apart from one another, and that the raw ones have the
// size of their rows.
func (t *blockTable) reset(d *decoder) error {
	*t = blockTable{ranks: d.head.Ranks, variables: d.head.Variables, before: t.before, order: d.order, stride: int(d.blocks.size)}
	if d.blocks.size > 0 {
		t.raw = d.raw[d.blocks.start:][:d.blocks.count*d.blocks.size]
	}
	record, err := t.sum(d)
	if err != nil {
		return err
	}
	ordered, err := t.check(d, record)
	if err != nil || ordered { // as writers put them, so that there is rarely anything to sort
		return err
	}
	return t.checkExtents(d)
}

// sum fills before and returns the bytes of a whole row.
func (t *blockTable) sum(d *decoder) (record int64, err error) {
	t.before = slices.Grow(t.before[:0], len(t.variables))[:len(t.variables)]
	for i, v := range t.variables {
		t.before[i] = record
		record += int64(v.RowBytes) // 2^31 a variable at most, and 272 bytes of header each
	}
	if record < 0 {
		return 0, d.fail(56, "rows of more than 2^63 bytes")
	}
	return record, nil
}

// at returns a block.
func (t *blockTable) at(rank, variable int) block {
	if t.raw != nil {
		return t.stored(rank, variable)
	}
	r, plain := t.ranks[rank], t.plain(rank, variable)
	return block{Block: Block{Offset: r.start + r.Rows*t.before[variable] + int64(variable)*crcSize, Size: plain, Plain: plain}}
}

// plain returns the bytes of the rows of a rank and a variable.
func (t *blockTable) plain(rank, variable int) int64 {
	return t.ranks[rank].Rows * int64(t.variables[variable].RowBytes)
}

// stored decodes a block header.
func (t *blockTable) stored(rank, variable int) block {
	raw := t.raw[(rank*len(t.variables)+variable)*t.stride:][:blockSize]
	const names = numFilters * filterSize
	return block{
		Block{Offset: int64(t.order.Uint64(raw[names:])), Size: int64(t.order.Uint64(raw[names+8:])), Plain: t.plain(rank, variable)},
		raw[:names],
	}
}

// check checks all that at computes with, and reports whether every block begins
// where the one before has ended, or later.
func (t *blockTable) check(d *decoder, record int64) (ordered bool, err error) {
	end, ordered := int64(0), true
	for i, r := range t.ranks {
		if hi, lo := bits.Mul64(uint64(r.Rows), uint64(record)); hi != 0 || int64(lo) < 0 {
			return false, d.fail(d.ranks.start, "rank %d has %d rows of %d bytes", i, r.Rows, record)
		}
		if t.raw == nil && !wire.Fits(uint64(r.start)+uint64(len(t.variables))*crcSize, uint64(r.Rows), uint64(record), uint64(d.size)) {
			return false, d.fail(uint64(r.start), "rank %d has %d rows of %d bytes here, but the file ends at %d: it is cut short or damaged",
				i, r.Rows, record, d.size)
		}
		for v := range t.variables {
			b := t.at(i, v)
			if err := t.checkSize(d, i, v, &b); err != nil {
				return false, err
			}
			t.filtered = t.filtered || !b.raw()
			ordered = ordered && b.Offset >= end
			end = b.Offset + b.Size + crcSize
		}
	}
	return ordered, nil
}

func (t *blockTable) checkSize(d *decoder, rank, v int, b *block) error {
	if b.Offset < int64(len(d.raw))+crcSize || b.Size < 0 ||
		!wire.Fits(uint64(b.Offset)+crcSize, 1, uint64(b.Size), uint64(d.size)) {
		return d.fail(uint64(b.Offset), "the block of rank %d, variable %q has %d bytes here, in a file of %d: it is cut short or damaged",
			rank, t.variables[v].Name, b.Size, d.size)
	}
	if b.raw() && b.Size != b.Plain {
		return d.fail(uint64(b.Offset), "the block of rank %d, variable %q has %d bytes, its rows %d", rank, t.variables[v].Name, b.Size, b.Plain)
	}
	return nil
}

// checkExtents checks that no two blocks overlap.
func (t *blockTable) checkExtents(d *decoder) error {
	all := make([]Block, 0, len(t.ranks)*len(t.variables))
	for rank := range t.ranks {
		for v := range t.variables {
			b := t.at(rank, v)
			all = append(all, Block{Offset: b.Offset, Size: b.Size})
		}
	}
	slices.SortFunc(all, func(a, b Block) int { return cmp.Compare(a.Offset, b.Offset) })
	for i, b := range all[1:] {
		if b.Offset < all[i].Offset+all[i].Size+crcSize {
			return d.fail(uint64(b.Offset), "a block begins inside the one at %d", all[i].Offset)
		}
	}
	return nil
}
