package stream

import (
	"github.com/klauspost/compress/s2"

	"github.com/soastore/soa/codec/internal/scratch"
)

// Snappy writes Snappy blocks; S2 its extension, which finds more.
var (
	Snappy = Coder{MaxRatio: 64, Encode: encodeSnappy, Decode: decodeS2}
	S2     = Coder{MaxRatio: 1 << 22, Encode: encodeS2, Decode: decodeS2}
)

func encodeSnappy(dst, src []byte, level int) int {
	return fitted(dst, src, s2.EncodeSnappy)
}

func encodeS2(dst, src []byte, level int) int {
	if level > 6 {
		return fitted(dst, src, s2.EncodeBetter)
	}
	return fitted(dst, src, s2.Encode)
}

// fitted calls encode, which wants room for the worst case, and which writes to dst
// itself only if it has that.
func fitted(dst, src []byte, encode func(dst, src []byte) []byte) int {
	bound := s2.MaxEncodedLen(len(src))
	if len(dst) >= bound {
		return len(encode(dst, src))
	}
	b := scratch.Get(bound)
	defer scratch.Put(b)
	out := encode(b.B, src)
	if len(out) > len(dst) {
		return 0
	}
	return copy(dst, out)
}

func decodeS2(dst, src []byte) error {
	if n, err := s2.DecodedLen(src); err != nil || n != len(dst) {
		return ErrCorrupt
	}
	if _, err := s2.Decode(dst, src); err != nil {
		return ErrCorrupt
	}
	return nil
}
