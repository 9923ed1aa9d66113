// Package codec turns arrays of numbers into fewer bytes and back.
//
// A [Codec] has two functions, which append to a slice of the caller: Encode, which
// is told the size of an element, and Decode, which needs to be told nothing.
// [New] makes the codec of an [ID]; the IDs are part of file formats. [NewAuto]
// makes one that looks at a sample of each array and chooses: [Worth] is the cheap
// part of that. [Decode] decodes what any of them made.
//
// Elements are cut into blocks, which several goroutines work on. In a block the
// first bytes of all elements are stored together, then their second bytes, and so
// on (or bits, see [Shuffle]), for bytes of one weight resemble each other. Each of
// these streams is stored as suits it: as it is if it is noise, as one byte if all
// are alike, in fewer bits if their range is narrow, as Huffman codes, or compressed
// by the codec.
//
// What a stream costs to decode differs more than what it saves. A core does bytes of
// a narrow range at some 50 GB/s, long repeats at more than 10, other repeats by LZ4
// at 4, Huffman codes at 2. So [LZ4] and [S2], which are for speed, take Huffman codes
// only where these leave less than half of what anything else does; [Zstd] takes what
// is smallest. Noise with a few frequent values, such as exponents, is where that
// shows: one byte in four of normally distributed float32 takes 0.5 instead of 0.34,
// and all of them are decoded six times as fast.
//
// Blosc makes [Blosc-1 chunks] instead, which c-blosc reads. All other formats are
// this package's own.
//
// Encoded bytes may come from anywhere: Decode checks every size in them, allocates
// no more than they can make good, and Options.Limit bounds that. Errors are of
// type [*Error], of the kinds [ErrFormat], [ErrLimit], [ErrUnknown] and
// [ErrOldZstd]. What changed bytes decode to is not told from what was encoded:
// whoever stores them keeps a checksum.
//
// [Blosc-1 chunks]: https://pkg.go.dev/github.com/soastore/soa/codec/blosc
package codec
