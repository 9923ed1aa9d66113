// Package narrow writes bytes of a narrow range, such as flags, counts and the
// exponents of numbers alike in size, in as many bits as they need. That is about
// as fast as shuffling them.
//
// A base is subtracted from every byte, modulo 256. Of what is left some bits are
// zero almost everywhere. The others are stored as planes: plane k has bit k of
// every byte, of eight bytes in one byte, the first of them in its lowest bit. Bytes
// for which that is not all are exceptions.
//
//	0  u32  n, the number of bytes
//	4  u8   base
//	5  u8   planes: bit k is set if plane k follows, of at least one
//	6       planes, from the lowest on, of n/8 bytes each
//	...     the last n%8 bytes as they are
//	...     exceptions, each u32 place<<8 | byte
//
// Numbers are little-endian.
package narrow

import "errors"

// ErrCorrupt is the error of bytes that are not as above, or not of dst's length.
var ErrCorrupt = errors.New("narrow: corrupt planes")

const (
	headerSize    = 6
	exceptionSize = 4
	maxBytes      = 1 << 24 // what a place can say
	// tile is how many bytes go through all steps at a time, so that they stay in
	// the fastest cache.
	tile = 16 << 10
)
