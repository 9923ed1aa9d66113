// Package shuffle rearranges the bytes or the bits of arrays of fixed-size
// elements so that general compressors find more to compress: bytes (or bits) of
// the same weight come to lie side by side. The arrangements are those of Blosc
// and Bitshuffle, so other programs can undo them.
//
//	elements of 2 bytes   a0 a1  b0 b1  c0 c1
//	[Shuffle]             a0 b0 c0  a1 b1 c1
//
// A plane is what one byte of all elements makes: a0 b0 c0 above. [Split] and
// [Join] are Shuffle and [Unshuffle] with planes wherever the caller has them.
//
// All functions accept every type size from 1 and every length, and may be used
// by several goroutines at once. On amd64 with AVX2 (better: AVX-512 VBMI and
// GFNI) they run at about the speed of copy; the build tags purego and noasm
// choose the portable code.
package shuffle
