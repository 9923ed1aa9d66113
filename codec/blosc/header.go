package blosc

import (
	"encoding/binary"
	"math"
)

// A chunk, little-endian:
//
//	 0  u8   version of the format: 2
//	 1  u8   version of the compressor's format: 1
//	 2  u8   flags
//	 3  u8   typesize, bytes of an element
//	 4  u32  nbytes, of the decoded array
//	 8  u32  blocksize, decoded; the last block may be shorter
//	12  u32  cbytes, of the chunk with this header
//	16  i32  for each block: its offset from the chunk's start
//	    ...  blocks
//
//	flags    0x01  bytes are shuffled
//	         0x02  memcpyed: the array follows the header as it is
//	         0x04  bits are shuffled
//	         0x10  blocks are not split
//	         0xe0  compressor: 0 blosclz, 1 lz4, 2 snappy, 3 zlib, 4 zstd
//
// A block, after shuffling, is one stream, or one for each byte of an element if
// it is split: see [layout.streams]. A stream is
//
//	0  i32  n, its size; it is not compressed if that is what it holds
//	4       n bytes
//
// The format is described by README_CHUNK_FORMAT.rst of c-blosc 1.21.
const (
	formatVersion     = 2
	compressorVersion = 1

	headerSize = 16

	flagByteShuffle = 0x01
	flagMemcpyed    = 0x02
	flagBitShuffle  = 0x04
	flagUnsplit     = 0x10
	flagsKnown      = 0xff &^ 0x08
	compressorShift = 5
)

const (
	// MaxBytes is the most bytes of an array in one chunk.
	MaxBytes = math.MaxInt32 - headerSize
	// MaxTypeSize is the largest element of its own: larger ones are encoded as
	// bytes, which changes how well they compress and nothing else.
	MaxTypeSize = 255
)

// A Header says what a chunk holds.
type Header struct {
	Compressor Compressor
	Shuffle    Shuffle
	TypeSize   int
	Bytes      int // of the decoded array
	BlockSize  int
	ChunkSize  int // bytes of the chunk, the header included

	flags uint8
}

// ParseHeader reads the first 16 bytes of a chunk. More of it is not needed.
func ParseHeader(chunk []byte) (Header, error) {
	if len(chunk) < headerSize {
		return Header{}, invalid(len(chunk), "the header has 16 bytes")
	}
	h := Header{
		flags:     chunk[2],
		TypeSize:  int(chunk[3]),
		Bytes:     int(binary.LittleEndian.Uint32(chunk[4:])),
		BlockSize: int(binary.LittleEndian.Uint32(chunk[8:])),
		ChunkSize: int(binary.LittleEndian.Uint32(chunk[12:])),
	}
	if chunk[0] != formatVersion {
		return h, invalid(0, "version %d, not %d", chunk[0], formatVersion)
	}
	return h, h.check(chunk[1])
}

func (h *Header) check(version uint8) error {
	known := false
	for c, of := range compressors {
		if of.format == h.flags>>compressorShift && Compressor(c) != LZ4HC {
			h.Compressor, known = Compressor(c), true
		}
	}
	h.Shuffle = flagsShuffle(h.flags)
	switch {
	case h.flags&^flagsKnown != 0 || !known:
		return invalid(2, "unknown flags %#x", h.flags)
	case version != compressorVersion && !h.memcpyed():
		return invalid(1, "unknown version %d of %v", version, h.Compressor)
	case h.TypeSize == 0:
		return invalid(3, "elements of 0 bytes")
	case h.Bytes > MaxBytes:
		return invalid(4, "%d bytes, more than a chunk can hold", h.Bytes)
	case h.Bytes > 0 && (h.BlockSize == 0 || h.BlockSize > h.Bytes):
		return invalid(8, "blocks of %d bytes in %d", h.BlockSize, h.Bytes)
	case h.ChunkSize < headerSize || h.memcpyed() && h.ChunkSize != headerSize+h.Bytes:
		return invalid(12, "a chunk of %d bytes for %d", h.ChunkSize, h.Bytes)
	}
	return nil
}

func flagsShuffle(flags uint8) Shuffle {
	switch {
	case flags&flagByteShuffle != 0:
		return ByteShuffle
	case flags&flagBitShuffle != 0:
		return BitShuffle
	}
	return NoShuffle
}

func (h *Header) memcpyed() bool { return h.flags&flagMemcpyed != 0 }

// put writes the header to the first bytes of chunk.
func (h *Header) put(chunk []byte) {
	chunk[0], chunk[1], chunk[2], chunk[3] = formatVersion, compressorVersion, h.flags, byte(h.TypeSize)
	binary.LittleEndian.PutUint32(chunk[4:], uint32(h.Bytes))
	binary.LittleEndian.PutUint32(chunk[8:], uint32(h.BlockSize))
	binary.LittleEndian.PutUint32(chunk[12:], uint32(h.ChunkSize))
}
