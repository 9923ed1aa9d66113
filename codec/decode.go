package codec

import (
	"encoding/binary"
	"slices"

	"github.com/soastore/soa/codec/internal/delta"
	"github.com/soastore/soa/codec/internal/parallel"
	"github.com/soastore/soa/codec/internal/scratch"
	"github.com/soastore/soa/codec/shuffle"
)

func decodeFrame(dst, src []byte, o Options) ([]byte, error) {
	p, err := parseHeader(src)
	if err != nil {
		return dst, err
	}
	if o.Limit > 0 && p.bytes > o.Limit {
		return dst, &Error{8, "", ErrLimit}
	}
	if p.id == None {
		if p.bytes > len(src)-headerSize {
			return dst, invalid(8, "%d bytes, of which %d are there", p.bytes, len(src)-headerSize)
		}
		return append(dst, src[headerSize:][:p.bytes]...), nil
	}
	d := decoder{plan: p, src: src}
	if err := d.check(); err != nil {
		return dst, err
	}
	out := slices.Grow(dst, p.bytes)[:len(dst)+p.bytes]
	if err := d.decode(out[len(dst):], o.Workers); err != nil {
		return dst, err
	}
	return out, nil
}

type decoder struct {
	plan
	src []byte
}

// check checks, before memory is allocated for the blocks, that they are there and
// that what is in each can be as long as the header says.
func (d *decoder) check() error {
	if d.blocks() > (len(d.src)-headerSize)/4 {
		return invalid(8, "%d blocks in a frame of %d bytes", d.blocks(), len(d.src))
	}
	at := d.first()
	for i := range d.blocks() {
		if size := d.size(i); size > len(d.src)-at {
			return invalid(headerSize+4*i, "a block of %d bytes", size)
		}
		if err := d.walk(i, at, func(int, kind, []byte) error { return nil }); err != nil {
			return err
		}
		at += d.size(i)
	}
	return nil
}

// first returns where the first block begins in the frame.
func (d *decoder) first() int { return headerSize + 4*d.blocks() }

// size returns the bytes of block i in the frame.
func (d *decoder) size(i int) int { return int(binary.LittleEndian.Uint32(d.src[headerSize+4*i:])) }

// streamLen returns the bytes of each stream of block i, decoded.
func (d *decoder) streamLen(i int) int {
	from, to := d.block(i)
	return (to - from) / d.typesize * d.typesize / d.streams()
}

// tailLen returns the bytes of block i after its last whole element.
func (d *decoder) tailLen(i int) int {
	from, to := d.block(i)
	return (to - from) % d.typesize
}

// walk calls f for each stream of block i, which begins at byte at of the frame, if
// the stream's size is plausible.
func (d *decoder) walk(i, at int, f func(stream int, k kind, data []byte) error) error {
	end := at + d.size(i) - d.tailLen(i)
	for s := range d.streams() {
		if end-at < streamHeader {
			return invalid(at, "block %d ends before stream %d", i, s)
		}
		head := binary.LittleEndian.Uint32(d.src[at:])
		k, size := kind(head&(1<<kindBits-1)), int(head>>kindBits)
		if size > end-at-streamHeader || !d.plausible(k, size, d.streamLen(i)) {
			return invalid(at, "a stream of %d bytes for %d", size, d.streamLen(i))
		}
		if err := f(s, k, d.src[at+streamHeader:][:size]); err != nil {
			return invalid(at, "%v", err)
		}
		at += streamHeader + size
	}
	if at != end {
		return invalid(at, "block %d has more bytes than its streams", i)
	}
	return nil
}

// plausible reports whether size bytes can stand for n.
func (d *decoder) plausible(k kind, size, n int) bool {
	switch k {
	case rawStream:
		return size == n
	case runStream:
		return size == 1
	case codedStream, huffmanStream, lz4Stream, narrowStream:
		return n <= size*d.coder(k).MaxRatio
	}
	return false
}

func (d *decoder) decode(out []byte, workers int) error {
	if d.blocks() == 1 {
		return d.decodeBlock(out, 0, d.first())
	}
	return d.decodeBlocks(out, workers)
}

// decodeBlocks decodes all blocks, on several goroutines. The decoder that these
// share is a copy, so that one that they do not need is never allocated.
func (d decoder) decodeBlocks(out []byte, workers int) error {
	begins := make([]int, d.blocks())
	at := d.first()
	for i := range begins {
		begins[i] = at
		at += d.size(i)
	}
	return parallel.Do(len(begins), workers, func(i int) error {
		from, to := d.block(i)
		return d.decodeBlock(out[from:to], i, begins[i])
	})
}

// decodeBlock fills out with block i, which begins at byte at of the frame.
func (d *decoder) decodeBlock(out []byte, i, at int) error {
	elements := out[:len(out)-d.tailLen(i)]
	copy(out[len(elements):], d.src[at+d.size(i)-d.tailLen(i):])
	if err := d.decodeElements(elements, i, at); err != nil {
		return err
	}
	if d.filters&filterDelta != 0 {
		delta.Decode(elements, d.typesize)
	}
	return nil
}

// decodeElements fills out with the elements of block i, no longer shuffled.
func (d *decoder) decodeElements(out []byte, i, at int) error {
	var all [maxSplits][]byte
	streams := all[:d.streams()]
	shuffled := d.filters & (filterBytes | filterBits)
	if shuffled == 0 {
		return d.decodeStreams(streams, out, i, at, false)
	}
	buf := scratch.Get(len(out))
	defer scratch.Put(buf)
	err := d.decodeStreams(streams, buf.B, i, at, true)
	switch {
	case err != nil:
		return err
	case len(streams) > 1:
		shuffle.Join(out, streams)
	case shuffled == filterBytes:
		shuffle.Unshuffle(out, streams[0], d.typesize)
	default:
		shuffle.BitUnshuffle(out, streams[0], d.typesize)
	}
	return nil
}

// decodeStreams fills buf with the streams of block i, and streams with where each
// is. With view, that is in the frame for those that are not compressed.
func (d *decoder) decodeStreams(streams [][]byte, buf []byte, i, at int, view bool) error {
	n := d.streamLen(i)
	return d.walk(i, at, func(s int, k kind, data []byte) error {
		to := buf[s*n : (s+1)*n]
		streams[s] = to
		switch {
		case k == rawStream && view:
			streams[s] = data
		case k == rawStream:
			copy(to, data)
		case k == runStream:
			fill(to, data[0])
		default:
			return d.coder(k).Decode(to, data)
		}
		return nil
	})
}

func fill(b []byte, v byte) {
	if len(b) == 0 {
		return
	}
	b[0] = v
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}
