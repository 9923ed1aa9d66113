// Package lz4 encodes and decodes the LZ4 block format.
//
// A block is a row of sequences, each of literals, which are bytes as they are, and
// of a match, which repeats bytes decoded before. The last one ends with its
// literals.
//
//	token     u8   l<<4 | m
//	[more...]      if l is 15: bytes to add to it, the first below 255 is the last
//	literals       l bytes
//	offset    u16  little-endian: how far back the match begins, at least 1
//	[more...]      if m is 15, as above
//
// The match has m+4 bytes. It may overlap what it makes, which then repeats. [Encode]
// leaves room for decoders that copy more than they need: the last match begins at
// least 12 bytes before the end, and the last 5 bytes are literals.
//
// The format is described by lz4_Block_format.md of the LZ4 project. To find repeats
// its compressor remembers one place for each hash of a few bytes, and takes longer
// steps the longer it finds nothing; so does Encode, in the same order, and writes the
// same bytes. Encoding thoroughly, as LZ4HC, is left to a library.
package lz4

import "errors"

//go:generate go -C gen run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg lz4

// ErrCorrupt is the error of a block that is not LZ4, or not of dst's length.
var ErrCorrupt = errors.New("lz4: corrupt block")

const (
	more     = 15 // the number in a token that bytes follow
	minMatch = 4
	// slack is the room to the end, of src and of dst, that fast copies need: they
	// copy whole vectors of 32 bytes, which the next ones overwrite.
	slack = 32
)
