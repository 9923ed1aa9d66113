// Package stream compresses single buffers: one file for each compressor.
package stream

import "errors"

// A Coder is one compressor. Its functions may be called by several goroutines at
// once.
type Coder struct {
	// MaxRatio is the most bytes that one compressed byte can stand for. Decoders
	// refuse a header that promises more, before they allocate for it.
	MaxRatio int
	// Encode writes src to dst and returns how many bytes that took, 0 if they do
	// not fit. Level is 1, fast, to 9, small.
	Encode func(dst, src []byte, level int) int
	// Decode fills dst from src, which must hold exactly that many bytes.
	Decode func(dst, src []byte) error
}

var (
	// ErrCorrupt is the error of a stream that its compressor cannot have written,
	// or that holds another number of bytes than dst.
	ErrCorrupt = errors.New("corrupt compressed stream")
	// ErrOldZstd is the error of a Zstandard frame older than version 1.0 (of
	// 2016). Its format differs, and current decoders do not read it.
	ErrOldZstd = errors.New("zstd frame older than 1.0: decode it with the program that wrote it (c-blosc 1.10 to 1.11 with zstd 0.7) and compress it anew")
)
