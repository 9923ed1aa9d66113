package stream

import "github.com/soastore/soa/codec/internal/blosclz"

// BloscLZ is Blosc's own LZ77.
var BloscLZ = Coder{MaxRatio: 255, Encode: blosclz.Encode, Decode: blosclz.Decode}
