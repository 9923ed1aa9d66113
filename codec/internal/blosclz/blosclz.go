// Package blosclz reads and writes BloscLZ, the compressed format that Blosc
// began with. It is an LZ77 of whole bytes in the family of FastLZ.
//
// A stream is a row of runs and matches; the first is a run. L is a length, D a
// distance back from the place that is written, at least 1.
//
//	run             000nnnnn  n+1 bytes as they are                 1 <= L <= 32
//	match           lllhhhhh  [more...]  low                        lll is 1 to 7
//	far match       lll11111  [more...]  11111111  high low         lll is 1 to 7
//
//	L  is lll + 2. Where lll is 7 bytes follow, which are added to it: the first
//	   below 255 is the last of them.
//	D  is hhhhh<<8 + low + 1, up to 8191, and of a far match high<<8 + low + 8192.
package blosclz

const (
	maxRun    = 32
	minMatch  = 3
	longMatch = 9             // the shortest length that more bytes follow
	nearLimit = 8191          // the largest distance of a near match
	farBase   = nearLimit + 1 // the smallest of a far one
	farLimit  = farBase + 0xffff
)
