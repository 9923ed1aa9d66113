//go:build amd64 && !purego && !noasm

package crc64

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// level is which kernels the processor can run. A level has those below it too.
type level int

const (
	portable level = iota
	sse            // PCLMULQDQ
	avx2           // VPCLMULQDQ on 32 bytes
	avx512         // VPCLMULQDQ on 64 bytes
)

var have = detect()

func (l level) String() string { return [...]string{"portable", "sse", "avx2", "avx512"}[l] }

func detect() level {
	x := cpu.X86
	switch clmul := x.HasPCLMULQDQ && x.HasSSE41; {
	case clmul && x.HasAVX512F && x.HasAVX512VPCLMULQDQ:
		return avx512
	case clmul && x.HasAVX2 && hasVPCLMULQDQ():
		return avx2
	case clmul:
		return sse
	}
	return portable
}

// update is Update by the kernels, each for as much as it can take.
func update(crc uint64, p []byte) uint64 {
	if n := len(p) &^ 511; n > 0 && have >= avx512 {
		crc, p = updateAVX512(crc, p[:n]), p[n:]
	}
	if n := len(p) &^ 255; n > 0 && have == avx2 {
		crc, p = updateAVX2(crc, p[:n]), p[n:]
	}
	if n := len(p) &^ 127; n > 0 && have >= sse {
		crc, p = updateSSE(crc, p[:n]), p[n:]
	}
	if n := len(p) &^ 15; n > 0 && have >= sse {
		crc, p = updateSSE16(crc, p[:n]), p[n:]
	}
	return updateTable(crc, p)
}

// streamMin is from how many bytes on stores past the caches pay.
const streamMin = 4 << 10

// updateCopy is UpdateCopy by the kernels. dst is as long as src.
func updateCopy(crc uint64, dst, src []byte) uint64 {
	if have == portable || len(src) < streamMin {
		return updateCopyCached(crc, dst, src)
	}
	head := toLine(dst)
	crc = updateCopyCached(crc, dst[:head], src[:head])
	dst, src = dst[head:], src[head:]
	for n := min(piece, len(src)&^511); n > 0; n = min(piece, len(src)&^511) {
		crc = stream(crc, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
	return updateCopyCached(crc, dst, src)
}

// toLine returns how many bytes of p come before a cache line starts.
func toLine(p []byte) int {
	return int(-uintptr(unsafe.Pointer(unsafe.SliceData(p))) & 63)
}

// stream is UpdateCopy by one kernel, where dst starts at a cache line and the
// length is a multiple of 512 and not 0.
func stream(crc uint64, dst, src []byte) uint64 {
	switch have {
	case avx512:
		return copyAVX512(crc, dst, src)
	case avx2:
		return copyAVX2(crc, dst, src)
	default:
		return copySSE(crc, dst, src)
	}
}
