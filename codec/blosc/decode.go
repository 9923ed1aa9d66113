package blosc

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/soastore/soa/codec/internal/parallel"
	"github.com/soastore/soa/codec/internal/scratch"
	"github.com/soastore/soa/codec/internal/stream"
	"github.com/soastore/soa/codec/shuffle"
)

// Decode appends the array that chunk holds to dst. Bytes of chunk beyond its own
// size are ignored. On an error it returns dst as it was.
func Decode(dst, chunk []byte, o Options) ([]byte, error) {
	h, err := ParseHeader(chunk)
	if err != nil {
		return dst, err
	}
	if h.ChunkSize > len(chunk) {
		return dst, invalid(12, "a chunk of %d bytes, of which %d are there", h.ChunkSize, len(chunk))
	}
	if limit := o.Limit; limit > 0 && h.Bytes > limit {
		return dst, &Error{4, "", ErrLimit}
	}
	chunk = chunk[:h.ChunkSize]
	if h.memcpyed() {
		return append(dst, chunk[headerSize:]...), nil
	}
	d := decoder{layout: h.layout(), coder: compressors[h.Compressor].stream, chunk: chunk}
	if err := d.plausible(); err != nil {
		return dst, err
	}
	out := slices.Grow(dst, h.Bytes)[:len(dst)+h.Bytes]
	if err := d.decode(out[len(dst):], o.Workers); err != nil {
		return dst, err
	}
	return out, nil
}

type decoder struct {
	layout
	coder stream.Coder
	chunk []byte
}

// plausible checks that the chunk can hold as much as its header says.
func (d *decoder) plausible() error {
	if d.streams(d.blocksize) > 1 && d.blocksize%d.typesize != 0 {
		return invalid(8, "blocks of %d bytes do not split into %d", d.blocksize, d.typesize)
	}
	streams := len(d.chunk) - headerSize - 4*d.blocks()
	if streams < 0 {
		return invalid(8, "%d blocks in a chunk of %d bytes", d.blocks(), len(d.chunk))
	}
	if d.bytes/d.coder.MaxRatio > streams {
		return invalid(4, "%d bytes in a chunk of %d", d.bytes, len(d.chunk))
	}
	return nil
}

func (d *decoder) decode(out []byte, workers int) error {
	if d.blocks() == 1 {
		return d.decodeBlock(out, headerSize)
	}
	return d.decodeBlocks(out, workers)
}

// decodeBlocks decodes all blocks, on several goroutines. The decoder that these
// share is a copy, so that one that they do not need is never allocated.
func (d decoder) decodeBlocks(out []byte, workers int) error {
	return parallel.Do(d.blocks(), workers, func(i int) error {
		from, to := d.block(i)
		return d.decodeBlock(out[from:to], headerSize+4*i)
	})
}

// decodeBlock fills out with the block whose offset is at byte at of the chunk.
func (d *decoder) decodeBlock(out []byte, at int) error {
	offset := int(int32(binary.LittleEndian.Uint32(d.chunk[at:])))
	if offset < headerSize+4*d.blocks() || offset > len(d.chunk) {
		return invalid(at, "a block at %d of %d", offset, len(d.chunk))
	}
	var few [maxSplits][]byte
	kind := d.shuffled(len(out))
	if kind == NoShuffle {
		return d.decodeStreams(d.cut(few[:], out), offset, false)
	}
	buf := scratch.Get(len(out))
	defer scratch.Put(buf)
	planes := d.cut(few[:], buf.B)
	if err := d.decodeStreams(planes, offset, kind == ByteShuffle || len(planes) == 1); err != nil {
		return err
	}
	switch {
	case kind == ByteShuffle && len(planes) > 1:
		shuffle.Join(out, planes)
	case kind == ByteShuffle:
		shuffle.Unshuffle(out, planes[0], d.typesize)
	case len(planes) > 1:
		shuffle.BitUnshuffle(out, buf.B, d.typesize)
	default:
		shuffle.BitUnshuffle(out, planes[0], d.typesize)
	}
	return nil
}

// cut returns the parts of a block that its streams hold, in the memory of parts.
func (d *decoder) cut(parts [][]byte, block []byte) [][]byte {
	parts = parts[:d.streams(len(block))]
	n := len(block) / len(parts)
	for k := range parts {
		parts[k] = block[k*n : (k+1)*n]
	}
	return parts
}

// decodeStreams fills parts with the streams from offset on. With view, it makes
// parts of the chunk of those that are not compressed, rather than copy them.
func (d *decoder) decodeStreams(parts [][]byte, offset int, view bool) error {
	for k, part := range parts {
		data, err := d.stream(offset)
		if err != nil {
			return err
		}
		switch {
		case len(data) == len(part) && view:
			parts[k] = data
		case len(data) == len(part):
			copy(part, data)
		default:
			if err := d.coder.Decode(part, data); err != nil {
				return d.streamError(offset, err)
			}
		}
		offset += 4 + len(data)
	}
	return nil
}

// stream returns the bytes of the stream at offset of the chunk.
func (d *decoder) stream(offset int) ([]byte, error) {
	if len(d.chunk)-offset < 4 {
		return nil, invalid(offset, "a stream beyond the chunk's end")
	}
	n := int(int32(binary.LittleEndian.Uint32(d.chunk[offset:])))
	if n < 0 || n > len(d.chunk)-offset-4 {
		return nil, invalid(offset, "a stream of %d bytes", n)
	}
	return d.chunk[offset+4:][:n], nil
}

func (d *decoder) streamError(offset int, err error) error {
	if errors.Is(err, ErrOldZstd) {
		return &Error{offset, "", err}
	}
	return invalid(offset, "%v", err)
}
