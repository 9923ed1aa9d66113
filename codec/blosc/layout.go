package blosc

import "math"

const (
	maxSplits = 16  // the largest elements whose blocks are split
	minBuffer = 128 // the shortest streams of a split block
	maxBlock  = (math.MaxInt32 - 4*MaxTypeSize) / 3
)

// layout is how an array is cut into blocks, and these into streams.
type layout struct {
	bytes, typesize, blocksize int
	split                      bool
	shuffle                    Shuffle
}

func (h *Header) layout() layout {
	l := layout{h.Bytes, h.TypeSize, h.BlockSize, h.flags&flagUnsplit == 0, h.Shuffle}
	if h.Shuffle == ByteShuffle && h.TypeSize == 1 {
		l.shuffle = NoShuffle // there is nothing to do
	}
	return l
}

func (l layout) blocks() int {
	if l.bytes == 0 {
		return 0
	}
	return (l.bytes + l.blocksize - 1) / l.blocksize
}

// block returns where block i begins and ends in the array.
func (l layout) block(i int) (from, to int) {
	from = i * l.blocksize
	return from, min(from+l.blocksize, l.bytes)
}

// streams returns how many streams a block of n bytes has.
func (l layout) streams(n int) int {
	if l.split && n == l.blocksize && splits(l.typesize, l.blocksize) {
		return l.typesize
	}
	return 1
}

func splits(typesize, blocksize int) bool {
	return typesize <= maxSplits && blocksize/typesize >= minBuffer
}

// shuffled returns what is done to a block of n bytes.
func (l layout) shuffled(n int) Shuffle {
	if l.shuffle == BitShuffle && n/l.typesize%8 != 0 {
		return NoShuffle
	}
	return l.shuffle
}

// blockBound returns the most bytes that a block takes in a chunk.
func (l layout) blockBound() int { return l.blocksize + 4*l.streams(l.blocksize) }

// blockSize returns c-blosc's choice of the size of a block: the size of a
// first-level cache, times what level and compressor make of it, a multiple of
// typesize.
func (o Options) blockSize(n, typesize int) int {
	if n < typesize {
		return 1
	}
	size := o.BlockSize
	if size <= 0 {
		size = o.automatic(n, typesize)
	}
	size = min(max(size, minBuffer), maxBlock, n)
	if size > typesize {
		size = size / typesize * typesize
	}
	return size
}

func (o Options) automatic(n, typesize int) int {
	const l1 = 32 << 10
	if n < l1 {
		return n
	}
	quarters := [10]int{0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 16, 6: 32, 7: 32, 8: 32, 9: 32}
	size := l1 / 4 * quarters[o.level()]
	if o.thorough() {
		size *= 2
		if o.level() == 9 {
			size *= 2
		}
	}
	if o.split() && splits(typesize, size) {
		size = min(max(min(size, 256<<10)*typesize, 64<<10), 1<<20)
	}
	return size
}

// thorough reports whether the compressor wants large blocks.
func (o Options) thorough() bool {
	return o.Compressor == LZ4HC || o.Compressor == Zlib || o.Compressor == Zstd
}

// split reports whether blocks are to be split. Zstd finds more in whole ones.
func (o Options) split() bool { return o.Compressor != Zstd }
