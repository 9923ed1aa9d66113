//go:build !purego && !noasm

package fold

import "golang.org/x/sys/cpu"

const (
	sse    level = 1 + iota // PCLMULQDQ
	avx2                    // VPCLMULQDQ on 32 bytes
	avx512                  // VPCLMULQDQ on 64 bytes
)

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

// Update returns the remainder r after the front of p, and the rest of p: at most 15
// bytes, or all where there is no kernel.
func (c *CRC) Update(r uint64, p []byte) (_ uint64, rest []byte) {
	for n := whole(p, 512); n > 0 && have >= avx512; n = whole(p, 512) {
		r, p = updateAVX512(r, p[:n], &c.keys), p[n:]
	}
	for n := whole(p, 256); n > 0 && have == avx2; n = whole(p, 256) {
		r, p = updateAVX2(r, p[:n], &c.keys), p[n:]
	}
	for n := whole(p, 128); n > 0 && have >= sse; n = whole(p, 128) {
		r, p = updateSSE(r, p[:n], &c.keys), p[n:]
	}
	if n := whole(p, 16); n > 0 && have >= sse {
		r, p = updateSSE16(r, p[:n], &c.keys), p[n:]
	}
	return r, p
}

// UpdateCopy copies the front of src to dst, past the caches (non-temporal stores), and
// returns the remainder r after it, and its length: all but 511 bytes at most, or 0 where
// there is no kernel. dst is as long as src, and its address a multiple of 64.
func (c *CRC) UpdateCopy(r uint64, dst, src []byte) (_ uint64, copied int) {
	if have == portable {
		return r, 0
	}
	for n := whole(src, 512); n > 0; n = whole(src, 512) {
		r = c.stream(r, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
		copied += n
	}
	return r, copied
}

// stream is UpdateCopy by one kernel, of a multiple of 512 bytes that is not 0.
func (c *CRC) stream(r uint64, dst, src []byte) uint64 {
	switch have {
	case avx512:
		return copyAVX512(r, dst, src, &c.keys)
	case avx2:
		return copyAVX2(r, dst, src, &c.keys)
	default:
		return copySSE(r, dst, src, &c.keys)
	}
}
