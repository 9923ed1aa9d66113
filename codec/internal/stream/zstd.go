package stream

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Zstd writes Zstandard frames (RFC 8878). A block of 128 KiB of one value takes 4
// bytes.
var Zstd = Coder{MaxRatio: 1 << 15, Encode: encodeZstd, Decode: decodeZstd}

var zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
	d, _ := zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0))
	return d
})

var zstdEncoders = map[zstd.EncoderLevel]func() *zstd.Encoder{
	zstd.SpeedFastest:           newZstd(zstd.SpeedFastest),
	zstd.SpeedDefault:           newZstd(zstd.SpeedDefault),
	zstd.SpeedBetterCompression: newZstd(zstd.SpeedBetterCompression),
	zstd.SpeedBestCompression:   newZstd(zstd.SpeedBestCompression),
}

func newZstd(level zstd.EncoderLevel) func() *zstd.Encoder {
	return sync.OnceValue(func() *zstd.Encoder {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
		return w
	})
}

func zstdLevel(level int) zstd.EncoderLevel {
	switch {
	case level <= 2:
		return zstd.SpeedFastest
	case level <= 6:
		return zstd.SpeedDefault
	case level <= 8:
		return zstd.SpeedBetterCompression
	}
	return zstd.SpeedBestCompression
}

func encodeZstd(dst, src []byte, level int) int {
	out := zstdEncoders[zstdLevel(level)]().EncodeAll(src, dst[:0:len(dst)])
	if len(out) > len(dst) {
		return 0
	}
	return copy(dst, out) // in place already, unless it outgrew dst and shrank
}

func decodeZstd(dst, src []byte) error {
	if oldZstd(src) {
		return ErrOldZstd
	}
	out, err := zstdDecoder().DecodeAll(src, dst[:0:len(dst)])
	if err != nil || len(out) != len(dst) {
		return ErrCorrupt
	}
	return nil
}

// oldZstd reports whether src begins with the magic number of zstd 0.1 to 0.7.
func oldZstd(src []byte) bool {
	if len(src) < 4 {
		return false
	}
	magic := binary.LittleEndian.Uint32(src)
	return magic == 0xfd2fb51e || magic >= 0xfd2fb522 && magic <= 0xfd2fb527
}
