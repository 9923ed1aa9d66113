package blosc

import "github.com/soastore/soa/codec/internal/stream"

// A Compressor is what compresses the streams of a chunk.
type Compressor uint8

// The compressors. LZ4HC writes what LZ4 does, smaller and slower, so a chunk does
// not tell them apart.
const (
	LZ4 Compressor = iota
	LZ4HC
	Zstd
	Zlib
	Snappy
	BloscLZ
	numCompressors
)

// compressors has each one's number in the flags of a chunk, bits 5 to 7.
var compressors = [numCompressors]struct {
	name   string
	format uint8
	stream stream.Coder
}{
	LZ4:     {"lz4", 1, stream.LZ4},
	LZ4HC:   {"lz4hc", 1, stream.LZ4HC},
	Zstd:    {"zstd", 4, stream.Zstd},
	Zlib:    {"zlib", 3, stream.Zlib},
	Snappy:  {"snappy", 2, stream.Snappy},
	BloscLZ: {"blosclz", 0, stream.BloscLZ},
}

// String returns c-blosc's name of the compressor, for example "lz4".
func (c Compressor) String() string {
	if c >= numCompressors {
		return "invalid"
	}
	return compressors[c].name
}

// ParseCompressor returns the compressor that String names so, and whether there
// is one.
func ParseCompressor(name string) (Compressor, bool) {
	for c, known := range compressors {
		if known.name == name {
			return Compressor(c), true
		}
	}
	return 0, false
}

// A Shuffle is what is done to the elements of a block before they are compressed.
type Shuffle uint8

// The shuffles. A bit shuffle is left out of blocks whose number of elements is
// not a multiple of 8, as in c-blosc.
const (
	ByteShuffle Shuffle = iota
	BitShuffle
	NoShuffle
)

// Options are for [Encode] and [Decode]; the zero value works.
type Options struct {
	// Compressor is for Encode. The default is LZ4.
	Compressor Compressor
	// Shuffle is for Encode. The default is ByteShuffle.
	Shuffle Shuffle
	// Level is for Encode: 1, fast, to 9, small. Values beyond are taken as the
	// nearest. The default is 5.
	Level int
	// BlockSize is for Encode: how many bytes are shuffled and compressed together.
	// The default depends on level, compressor and typesize as in c-blosc.
	BlockSize int
	// Limit is for Decode: a chunk of more bytes, decoded, is refused before
	// memory is allocated for it. The default is MaxBytes.
	Limit int
	// Workers is how many goroutines work on a chunk. The default is one for each
	// processor.
	Workers int
}

func (o Options) level() int {
	if o.Level == 0 {
		return 5
	}
	return min(max(o.Level, 1), 9)
}
