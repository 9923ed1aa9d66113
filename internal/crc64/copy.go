package crc64

// cached is how many bytes updateCopyCached copies before it sums them, out of the
// nearest cache.
const cached = 16 << 10

// UpdateCopy copies src to dst, and returns what Update(crc, src) does. Both are
// read and written in one pass.
//
// It is for copies larger than the caches whose dst is not read soon: on amd64
// dst is written past the caches (non-temporal stores), so memory does not first
// send what is to be overwritten, and other data stay cached. Where dst is read
// next, copy and Update are faster. dst must be at least as long as src, or
// UpdateCopy panics, and they must not overlap.
func UpdateCopy(crc uint64, dst, src []byte) uint64 {
	return updateCopy(crc, dst[:len(src)], src)
}

// updateCopyCached is UpdateCopy through the caches.
func updateCopyCached(crc uint64, dst, src []byte) uint64 {
	for len(src) > 0 {
		n := copy(dst, src[:min(cached, len(src))])
		crc = update(crc, src[:n])
		dst, src = dst[n:], src[n:]
	}
	return crc
}
