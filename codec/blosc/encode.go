package blosc

import (
	"encoding/binary"

	"github.com/soastore/soa/codec/internal/parallel"
	"github.com/soastore/soa/codec/internal/scratch"
	"github.com/soastore/soa/codec/internal/stream"
	"github.com/soastore/soa/codec/shuffle"
)

// Encode appends src as one chunk to dst. typesize is the bytes of an element, from
// 1; src need not be a whole number of them. The chunk has at most 16 bytes more
// than src. On an error it returns dst as it was: ErrLimit of an array above
// [MaxBytes], or ErrUnknown of what o asks for.
func Encode(dst, src []byte, typesize int, o Options) ([]byte, error) {
	switch {
	case o.Compressor >= numCompressors || o.Shuffle > NoShuffle:
		return dst, &Error{0, "compressor or shuffle", ErrUnknown}
	case len(src) > MaxBytes:
		return dst, &Error{0, "cut the array", ErrLimit}
	case typesize < 1 || typesize > MaxTypeSize:
		typesize = 1
	}
	h := o.header(len(src), typesize)
	if len(src) < minBuffer {
		return memcpyed(dst, src, h), nil
	}
	e := encoder{layout: h.layout(), coder: compressors[o.Compressor].stream, level: o.level(), src: src}
	out := scratch.Append(dst, e.bound(), func(out []byte) int {
		if h.ChunkSize = e.encode(out, o.Workers); h.ChunkSize >= headerSize+len(src) {
			return 0
		}
		h.put(out)
		return h.ChunkSize
	})
	if len(out) == len(dst) {
		return memcpyed(out, src, h), nil
	}
	return out, nil
}

// Bound returns a capacity of dst, for an array of n bytes, that saves Encode a copy
// of the chunk, unless blocks are very small. Otherwise it works elsewhere and
// appends the result, which then takes no more memory than it needs.
func Bound(n int) int { return n + n/64 + 256 }

// memcpyed appends a chunk of src as it is.
func memcpyed(dst, src []byte, h Header) []byte {
	h.flags |= flagMemcpyed
	h.ChunkSize = headerSize + len(src)
	var head [headerSize]byte
	h.put(head[:])
	return append(append(dst, head[:]...), src...)
}

// header returns the header, but for the chunk's size, of n bytes.
func (o Options) header(n, typesize int) Header {
	h := Header{Compressor: o.Compressor, Shuffle: o.Shuffle, TypeSize: typesize, Bytes: n}
	h.BlockSize = max(1, o.blockSize(n, typesize))
	h.flags = compressors[o.Compressor].format << compressorShift
	switch o.Shuffle {
	case ByteShuffle:
		h.flags |= flagByteShuffle
	case BitShuffle:
		h.flags |= flagBitShuffle
	}
	if !o.split() || !splits(typesize, h.BlockSize) {
		h.flags |= flagUnsplit
	}
	return h
}

type encoder struct {
	layout
	coder stream.Coder
	level int
	src   []byte
}

// table returns the bytes before the first block.
func (e *encoder) table() int { return headerSize + 4*e.blocks() }

// bound returns the most bytes that the chunk can take before it is given up.
func (e *encoder) bound() int { return e.table() + e.blocks()*e.blockBound() }

// encode writes the offsets and blocks of the chunk to out, and returns its size.
func (e *encoder) encode(out []byte, workers int) int {
	if e.blocks() > 1 {
		return e.encodeBlocks(out, workers)
	}
	at := e.table()
	binary.LittleEndian.PutUint32(out[headerSize:], uint32(at))
	return at + e.encodeBlock(out[at:], 0)
}

// encodeBlocks is encode of blocks on several goroutines. The encoder that these
// share is a copy, so that one that they do not need is never allocated.
func (e encoder) encodeBlocks(out []byte, workers int) int {
	at := e.table()
	sizes := parallel.Pack(out[at:], e.blocks(), e.blockBound(), workers, e.encodeBlock)
	for i, size := range sizes {
		binary.LittleEndian.PutUint32(out[headerSize+4*i:], uint32(at))
		at += size
	}
	return at
}

// encodeBlock writes block i to out, and returns its size.
func (e *encoder) encodeBlock(out []byte, i int) int {
	from, to := e.block(i)
	b := e.src[from:to]
	kind := e.shuffled(len(b))
	if kind == NoShuffle {
		return e.encodeStreams(out, b)
	}
	buf := scratch.Get(len(b))
	defer scratch.Put(buf)
	if kind == ByteShuffle {
		shuffle.Shuffle(buf.B, b, e.typesize)
	} else {
		shuffle.BitShuffle(buf.B, b, e.typesize)
	}
	return e.encodeStreams(out, buf.B)
}

// encodeStreams writes the streams of a shuffled block to out, and returns their size.
func (e *encoder) encodeStreams(out, b []byte) int {
	at, n := 0, len(b)/e.streams(len(b))
	for ; len(b) > 0; b = b[n:] {
		size := e.coder.Encode(out[at+4:][:n-1], b[:n], e.level)
		if size == 0 {
			size = copy(out[at+4:], b[:n])
		}
		binary.LittleEndian.PutUint32(out[at:], uint32(size))
		at += 4 + size
	}
	return at
}
