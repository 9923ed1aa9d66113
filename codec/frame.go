package codec

import (
	"encoding/binary"
	"math"

	"github.com/soastore/soa/codec/internal/delta"
)

// A frame, little-endian:
//
//	 0  u8   0xc1
//	 1  u8   ID: 0 none, 1 zstd, 2 s2, 3 lz4
//	 2  u8   filters: 0x01 bytes shuffled, 0x02 bits shuffled, 0x04 differences
//	 3  u8   typesize, bytes of an element
//	 4  u32  blocksize, decoded, a multiple of typesize; the last block may be shorter
//	 8  u64  nbytes, of the decoded array
//	16       of none: the array as it is. Of others, for each block:
//	    u32  its size
//	    ...  blocks
//
// A block is filtered: differences first, then the shuffle. Of a byte shuffle of
// elements up to 16 bytes it has a stream for each byte of an element, else one
// stream of all elements. Bytes after the last whole element follow as they are. A
// stream is
//
//	 0  u32  size<<3 | kind
//	 4       size bytes
//
//	kind 0  the bytes as they are
//	     1  one byte, which all are like
//	     2  compressed: a zstd frame, an s2 block or an lz4 block
//	     3  Huffman codes, as the literals of a zstd frame, with their table
//	     4  an lz4 block, in frames of every codec
//	     5  bytes of a narrow range in fewer bits: see package narrow
const (
	frameMagic = 0xc1
	headerSize = 16

	filterBytes = 0x01
	filterBits  = 0x02
	filterDelta = 0x04

	maxSplits    = 16
	maxBlock     = 1 << 20
	streamHeader = 4
)

// A kind is how a stream is stored.
type kind uint8

const (
	rawStream kind = iota
	runStream
	codedStream
	huffmanStream
	lz4Stream
	narrowStream

	kindBits = 3
)

// plan is what a frame's header says.
type plan struct {
	id        ID
	filters   uint8
	typesize  int
	blocksize int
	bytes     int

	level, workers int // not in the header
}

// newPlan returns how arrays of elements of typesize bytes are to be encoded.
func newPlan(id ID, o Options, typesize int) plan {
	if typesize < 1 || typesize > math.MaxUint8 {
		typesize = 1
	}
	p := plan{id: id, typesize: typesize, level: o.level(id), workers: o.Workers}
	switch {
	case o.Shuffle == ByteShuffle && typesize > 1:
		p.filters = filterBytes
	case o.Shuffle == BitShuffle:
		p.filters = filterBits
	}
	if o.Delta && delta.Supported(typesize) {
		p.filters |= filterDelta
	}
	p.blocksize = min(typesize*(128<<10), 512<<10) / typesize * typesize
	return p
}

func (p *plan) blocks() int { return (p.bytes + p.blocksize - 1) / p.blocksize }

// block returns where block i begins and ends in the array.
func (p *plan) block(i int) (from, to int) {
	from = i * p.blocksize
	return from, min(from+p.blocksize, p.bytes)
}

// streams returns how many streams each block has.
func (p *plan) streams() int {
	if p.filters&filterBytes != 0 && p.typesize <= maxSplits {
		return p.typesize
	}
	return 1
}

// blockBound returns the most bytes that a block takes.
func (p *plan) blockBound() int { return min(p.blocksize, p.bytes) + p.streams()*streamHeader }

// bound returns the most bytes that the frame takes.
func (p *plan) bound() int { return headerSize + p.blocks()*(4+p.blockBound()) }

func (p *plan) put(b []byte) {
	b[0], b[1], b[2], b[3] = frameMagic, byte(p.id), p.filters, byte(p.typesize)
	binary.LittleEndian.PutUint32(b[4:], uint32(p.blocksize))
	binary.LittleEndian.PutUint64(b[8:], uint64(p.bytes))
}

// knownFilters reports whether there are such filters, of which one at most is a
// shuffle, and integers for the differences.
func (p *plan) knownFilters() bool {
	shuffles := p.filters & (filterBytes | filterBits)
	rest := p.filters &^ (filterBytes | filterBits)
	return shuffles != filterBytes|filterBits && (rest == 0 || rest == filterDelta && delta.Supported(p.typesize))
}

// parseHeader reads the header of a frame.
func parseHeader(b []byte) (plan, error) {
	if len(b) < headerSize {
		return plan{}, invalid(len(b), "the header has %d bytes", headerSize)
	}
	p := plan{
		id:        ID(b[1]),
		filters:   b[2],
		typesize:  int(b[3]),
		blocksize: int(binary.LittleEndian.Uint32(b[4:])),
	}
	size := binary.LittleEndian.Uint64(b[8:])
	switch {
	case b[0] != frameMagic:
		return p, invalid(0, "neither a frame nor a blosc chunk")
	case p.id > LZ4:
		return p, &Error{1, p.id.String(), ErrUnknown}
	case !p.knownFilters():
		return p, invalid(2, "filters %#x of elements of %d bytes", p.filters, p.typesize)
	case p.typesize == 0 || p.blocksize == 0 || p.blocksize%p.typesize != 0 || p.blocksize > maxBlock:
		return p, invalid(3, "blocks of %d bytes, elements of %d", p.blocksize, p.typesize)
	case size > math.MaxInt-maxBlock:
		return p, invalid(8, "%d bytes", size)
	}
	p.bytes = int(size)
	return p, nil
}
