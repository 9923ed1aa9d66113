package stream

import "github.com/soastore/soa/codec/internal/narrow"

// Narrow writes bytes of a narrow range in fewer bits each.
var Narrow = Coder{
	MaxRatio: 8,
	Encode:   func(dst, src []byte, level int) int { return narrow.Encode(dst, src) },
	Decode:   narrow.Decode,
}
