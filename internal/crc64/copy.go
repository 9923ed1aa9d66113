package crc64

import "unsafe"

// streamMin is from how many bytes on stores past the caches pay.
const streamMin = 4 << 10

// cached is how many bytes updateCopyCached copies before it sums them, out of the
// nearest cache.
const cached = 16 << 10

// UpdateCopy copies src to dst, and returns what Update(crc, src) does. Both are
// read and written in one pass.
//
// It is for copies of megabytes whose dst is not read soon: on amd64 dst is written
// past the caches (non-temporal stores), so memory need not send first what is
// overwritten, and other data stay cached. That is twice as fast as copying and
// then summing what no cache holds, and slower where caches hold it. On return
// other goroutines may be told to read dst, as after copy.
//
// UpdateCopy panics if dst is shorter than src. They must not overlap.
func UpdateCopy(crc uint64, dst, src []byte) uint64 {
	if len(dst) < len(src) {
		panic("crc64: UpdateCopy to fewer bytes than it copies")
	}
	dst = dst[:len(src)]
	if len(src) >= streamMin {
		head := toLine(dst)
		crc = updateCopyCached(crc, dst[:head], src[:head])
		r, n := ecma.UpdateCopy(^crc, dst[head:], src[head:])
		crc, dst, src = ^r, dst[head+n:], src[head+n:]
	}
	return updateCopyCached(crc, dst, src)
}

// updateCopyCached is UpdateCopy through the caches.
func updateCopyCached(crc uint64, dst, src []byte) uint64 {
	for len(src) > 0 {
		n := copy(dst, src[:min(cached, len(src))])
		crc = Update(crc, src[:n])
		dst, src = dst[n:], src[n:]
	}
	return crc
}

// toLine returns how many bytes of p come before a cache line starts.
func toLine(p []byte) int {
	return int(-uintptr(unsafe.Pointer(unsafe.SliceData(p))) & 63)
}
