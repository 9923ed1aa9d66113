package codec

import (
	"encoding/binary"

	"github.com/soastore/soa/codec/internal/delta"
	"github.com/soastore/soa/codec/internal/parallel"
	"github.com/soastore/soa/codec/internal/scratch"
	"github.com/soastore/soa/codec/shuffle"
)

// minFrame is the shortest array that is worth compressing.
const minFrame = 128

// encodeFrame appends src as a frame to dst: one of none where that is shorter, so
// it takes at most headerSize bytes more than src.
func encodeFrame(dst, src []byte, p plan) []byte {
	p.bytes = len(src)
	if p.id == None || len(src) < minFrame {
		return storeFrame(dst, src)
	}
	out := scratch.Append(dst, p.bound(), func(out []byte) int {
		if n := p.encode(out, src); n < headerSize+len(src) {
			return n
		}
		return 0
	})
	if len(out) == len(dst) {
		return storeFrame(out, src)
	}
	return out
}

// storeFrame appends src to dst as a frame of none.
func storeFrame(dst, src []byte) []byte {
	p := plan{id: None, typesize: 1, blocksize: 1, bytes: len(src)}
	var head [headerSize]byte
	p.put(head[:])
	return append(append(dst, head[:]...), src...)
}

// encode writes the frame of src to out, and returns its size.
func (p *plan) encode(out, src []byte) int {
	p.put(out)
	if p.blocks() > 1 {
		return p.encodeBlocks(out, src)
	}
	size := p.encodeBlock(out[headerSize+4:], src)
	binary.LittleEndian.PutUint32(out[headerSize:], uint32(size))
	return headerSize + 4 + size
}

// encodeBlocks writes the blocks of src, on several goroutines, and their sizes to
// out, and returns the size of the frame. The plan that these goroutines share is a
// copy, so that one that they do not need is never allocated.
func (p plan) encodeBlocks(out, src []byte) int {
	at := headerSize + 4*p.blocks()
	sizes := parallel.Pack(out[at:], p.blocks(), p.blockBound(), p.workers, func(out []byte, i int) int {
		from, to := p.block(i)
		return p.encodeBlock(out, src[from:to])
	})
	for i, size := range sizes {
		binary.LittleEndian.PutUint32(out[headerSize+4*i:], uint32(size))
		at += size
	}
	return at
}

// encodeBlock writes block b to out, and returns its size.
func (p *plan) encodeBlock(out, b []byte) int {
	buf := scratch.Get(2 * len(b))
	defer scratch.Put(buf)
	if p.filters&filterDelta != 0 {
		differences := buf.B[len(b):]
		delta.Encode(differences, b, p.typesize)
		b = differences
	}
	shuffled := buf.B[:len(b)]
	switch {
	case p.filters&filterBytes != 0:
		shuffle.Shuffle(shuffled, b, p.typesize)
		b = shuffled
	case p.filters&filterBits != 0:
		shuffle.BitShuffle(shuffled, b, p.typesize)
		b = shuffled
	}
	return p.encodeStreams(out, b)
}

// encodeStreams writes a filtered block to out, and returns its size.
func (p *plan) encodeStreams(out, b []byte) int {
	at, n := 0, len(b)/p.typesize*p.typesize/p.streams()
	for range p.streams() {
		k, size := p.encodeStream(out[at+streamHeader:][:n], b[:n])
		binary.LittleEndian.PutUint32(out[at:], uint32(size)<<kindBits|uint32(k))
		at += streamHeader + size
		b = b[n:]
	}
	return at + copy(out[at:], b)
}

// encodeStream writes s to out, as long as s, in the way that suits it, and returns
// that way and the size.
func (p *plan) encodeStream(out, s []byte) (kind, int) {
	if constant(s) {
		return runStream, copy(out, s[:1])
	}
	best := p.choose(s)
	if best == rawStream {
		return rawStream, copy(out, s)
	}
	if size := p.encodeAs(best, out, s); size > 0 {
		return best, size
	}
	if best != codedStream {
		if size := p.encodeAs(codedStream, out, s); size > 0 {
			return codedStream, size
		}
	}
	return rawStream, copy(out, s)
}

// encodeAs writes s to out as a stream of kind k, and returns its size, 0 if it would
// be too large to pay.
func (p *plan) encodeAs(k kind, out, s []byte) int {
	return p.coder(k).Encode(out[:room(k, len(s))], s, p.level)
}
