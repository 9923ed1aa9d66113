package crc64

// Combine returns the CRC of two blocks, one after the other, from theirs; len2 is
// the length of the second in bytes. So blocks can be summed in parallel. It takes
// some microseconds, whatever the lengths. It panics if len2 is negative.
//
// As a polynomial the first block stands above the second, so it is to be
// multiplied by x for every bit of the second. What the CRC inverts at the start
// and the end cancels out.
func Combine(crc1, crc2 uint64, len2 int64) uint64 {
	if len2 < 0 {
		panic("crc64: Combine with a negative length")
	}
	return times(crc1, power(powerOfX(8), uint64(len2))) ^ crc2
}
