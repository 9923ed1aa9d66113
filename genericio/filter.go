package genericio

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/soastore/soa/codec/blosc"
)

// bloscFilter is the only filter that there is. A block that went through it is
//
//	0  CRC-64/XZ of the rows' bytes, not complemented, in the file's byte order
//	8  one Blosc-1 chunk of the rows' bytes, up to the block's end
//
// The rows in the chunk are in the file's byte order. The checksum behind the block
// is that of the bytes above, as of any block.
const bloscFilter = "BLOSC"

const (
	chunkStart  = crcSize
	chunkHeader = 16

	// maxRatio is the most bytes of rows that a byte of a chunk can stand for; zstd
	// comes near it. It bounds what the header of a chunk makes a reader allocate.
	maxRatio = 1 << 15
)

// block is a Block without Filters, which only the caller of [Reader.Block] needs.
type block struct {
	Block
	filters []byte // their names as the header has them, nil without block headers
}

func (b *block) raw() bool { return len(b.filters) == 0 || b.filters[0] == 0 }

func (b *block) blosc() bool {
	return len(b.filters) > 0 && b.filters[filterSize] == 0 && bytes.HasPrefix(b.filters, []byte(bloscFilter+"\x00"))
}

// names returns the names of the filters, in the order in which they were applied.
func (b *block) names() (names []string) {
	for rest := b.filters; len(rest) > 0 && rest[0] != 0; rest = rest[filterSize:] {
		name, _, _ := bytes.Cut(rest[:filterSize], []byte{0})
		names = append(names, string(name))
	}
	return names
}

// Chunk returns the header of the Blosc chunk in the block of a rank and a
// variable, both by position: what compressed the rows, and how. It reads no more
// than that. The error is a *BlockError: an ErrFilter for a block without a chunk
// ([Block].Filters tells), an ErrFormat, or that of the read.
func (r *Reader) Chunk(rank, variable int) (blosc.Header, error) {
	h, err := r.chunk(r.blocks.at(rank, variable))
	if err != nil {
		return h, r.blockError(rank, variable, err)
	}
	return h, nil
}

func (r *Reader) chunk(b block) (blosc.Header, error) {
	if !b.blosc() {
		return blosc.Header{}, fmt.Errorf("%w: a Blosc chunk is stored by %q, this block by %q", ErrFilter, []string{bloscFilter}, b.names())
	}
	buf := buffers.Get().(*[chunk + crcSize]byte)
	defer buffers.Put(buf)
	stored := buf[:min(b.Size, chunkStart+chunkHeader)]
	if err := readFull(r.src, stored, b.Offset); err != nil {
		return blosc.Header{}, err
	}
	return checkChunk(stored, b)
}

// checkChunk checks that the chunk whose header is in stored, the first bytes of
// block b, is one of b's rows and can hold as much.
func checkChunk(stored []byte, b block) (blosc.Header, error) {
	h, err := blosc.ParseHeader(stored[min(chunkStart, len(stored)):])
	switch {
	case err != nil:
		return h, chunkError(err)
	case chunkStart+int64(h.ChunkSize) != b.Size:
		return h, fmt.Errorf("%w: a chunk of %d bytes in a block of %d", ErrFormat, h.ChunkSize, b.Size)
	case int64(h.Bytes) != b.Plain:
		return h, fmt.Errorf("%w: a chunk holds %d bytes, the rows have %d", ErrFormat, h.Bytes, b.Plain)
	case h.Bytes/maxRatio > h.ChunkSize:
		return h, fmt.Errorf("%w: %d bytes in a chunk of %d", ErrFormat, h.Bytes, h.ChunkSize)
	}
	return h, nil
}

// chunkError makes an error of decoding a chunk one of this package, but for that
// of old zstd frames, which are valid.
func chunkError(err error) error {
	if errors.Is(err, blosc.ErrOldZstd) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrFormat, err)
}

// readBlosc reads a filtered block's rows into dst, which is as long as they are,
// checks both checksums, and calls each on every piece of the rows.
//
// The stored bytes are copied from the source by the calling goroutine, and only
// the copy is shared with others: the source may be a mapping, whose faults no
// other goroutine survives.
func (r *Reader) readBlosc(ctx context.Context, b block, dst []byte, each func([]byte)) error {
	buf := borrow(int(b.Size))
	defer lent.Put(buf)
	stored := *buf
	if err := r.readRaw(ctx, b, stored, func([]byte) {}); err != nil {
		return err
	}
	if _, err := checkChunk(stored, b); err != nil { // the file may have changed
		return err
	}
	if _, err := blosc.Decode(dst[:0], stored[chunkStart:], blosc.Options{}); err != nil {
		return chunkError(err)
	}
	crc := uint64(0)
	for rows := dst; len(rows) > 0; rows = rows[min(chunk, len(rows)):] {
		piece := rows[:min(chunk, len(rows))]
		crc = r.sum(crc, piece)
		each(piece)
	}
	if !r.opts.SkipCRC && crc != r.head.ByteOrder.Uint64(stored) {
		return fmt.Errorf("%w of the rows, though that of the chunk is right", ErrChecksum)
	}
	return nil
}

// checkBlosc checks a filtered block, stored and decoded. Where this package cannot
// decode it, it is checked as it is stored.
func (r *Reader) checkBlosc(ctx context.Context, b block) error {
	if _, err := r.chunk(b); err != nil {
		return cmp.Or(r.checkRaw(ctx, b), err)
	}
	rows := borrow(int(b.Plain))
	defer lent.Put(rows)
	checked := *r
	checked.opts.SkipCRC = false
	if err := checked.readBlosc(ctx, b, *rows, func([]byte) {}); !errors.Is(err, blosc.ErrOldZstd) {
		return err
	}
	return nil
}

// lent has buffers of the sizes of blocks, *[]byte.
var lent sync.Pool

// borrow returns n bytes, which lent takes back.
func borrow(n int) *[]byte {
	buf, _ := lent.Get().(*[]byte)
	if buf == nil || cap(*buf) < n {
		buf = new([]byte)
		*buf = make([]byte, n)
	}
	*buf = (*buf)[:n]
	return buf
}
