// Package blosc reads and writes Blosc-1 chunks: an array of fixed-size elements,
// compressed in blocks, each of which is first shuffled so that bytes (or bits) of
// the same weight lie side by side. Every compressor that c-blosc 1.21 knows is
// read and written, and c-blosc reads what this package writes.
//
// [Encode] and [Decode] append to a slice of the caller. Both work on several
// blocks at once, and both may be called by several goroutines.
//
// A chunk may come from anywhere: [Decode] checks every size in it before using
// it, and Options.Limit bounds what it allocates. Errors are of type [*Error], of
// the kinds [ErrFormat], [ErrLimit], [ErrUnknown] and [ErrOldZstd].
//
// A chunk holds less than 2 GiB, see [MaxBytes]. Larger arrays are cut by the caller.
package blosc
