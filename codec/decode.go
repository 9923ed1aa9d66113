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
	if err := d.locate(); err != nil {
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
	src  []byte
	ends []int // of each block, in src
}

// locate finds the blocks and checks, before memory is allocated for them, that
// what is in each can be as long as the header says.
func (d *decoder) locate() error {
	if d.blocks() > (len(d.src)-headerSize)/4 {
		return invalid(8, "%d blocks in a frame of %d bytes", d.blocks(), len(d.src))
	}
	d.ends = make([]int, d.blocks())
	at := headerSize + 4*d.blocks()
	for i := range d.ends {
		size := int(binary.LittleEndian.Uint32(d.src[headerSize+4*i:]))
		if size > len(d.src)-at {
			return invalid(headerSize+4*i, "a block of %d bytes", size)
		}
		at += size
		d.ends[i] = at
		if err := d.walk(i, func(int, kind, []byte) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// begin returns where block i begins in the frame.
func (d *decoder) begin(i int) int {
	if i == 0 {
		return headerSize + 4*d.blocks()
	}
	return d.ends[i-1]
}

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

// walk calls f for each stream of block i, whose size is plausible.
func (d *decoder) walk(i int, f func(stream int, k kind, data []byte) error) error {
	at, end := d.begin(i), d.ends[i]-d.tailLen(i)
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
	return parallel.Do(d.blocks(), workers, func(i int) error {
		from, to := d.block(i)
		return d.decodeBlock(out[from:to], i)
	})
}

// decodeBlock fills out with block i.
func (d *decoder) decodeBlock(out []byte, i int) error {
	tail := len(out) - d.tailLen(i)
	copy(out[tail:], d.src[d.ends[i]-d.tailLen(i):d.ends[i]])
	elements := out[:tail]
	if err := d.decodeElements(elements, i); err != nil {
		return err
	}
	if d.filters&filterDelta != 0 {
		delta.Decode(elements, d.typesize)
	}
	return nil
}

// decodeElements fills out with the elements of block i, no longer shuffled.
func (d *decoder) decodeElements(out []byte, i int) error {
	shuffled := d.filters & (filterBytes | filterBits)
	if shuffled == 0 {
		_, err := d.decodeStreams(out, i, false)
		return err
	}
	buf := scratch.Get(len(out))
	defer scratch.Put(buf)
	parts, err := d.decodeStreams(buf.B, i, true)
	switch {
	case err != nil:
		return err
	case len(parts) > 1:
		shuffle.Join(out, parts)
	case shuffled == filterBytes:
		shuffle.Unshuffle(out, parts[0], d.typesize)
	default:
		shuffle.BitUnshuffle(out, parts[0], d.typesize)
	}
	return nil
}

// decodeStreams fills buf with the streams of block i, and returns where each is.
// With view, that is in the frame for those that are not compressed.
func (d *decoder) decodeStreams(buf []byte, i int, view bool) ([][]byte, error) {
	n := d.streamLen(i)
	parts := make([][]byte, d.streams())
	err := d.walk(i, func(s int, k kind, data []byte) error {
		part := buf[s*n : (s+1)*n]
		parts[s] = part
		switch {
		case k == rawStream && view:
			parts[s] = data
		case k == rawStream:
			copy(part, data)
		case k == runStream:
			fill(part, data[0])
		default:
			return d.coder(k).Decode(part, data)
		}
		return nil
	})
	return parts, err
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
