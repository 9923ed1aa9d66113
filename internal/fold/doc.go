// Package fold does what fast CRCs have in common: carry-less multiplication (PCLMULQDQ
// on amd64, and VPCLMULQDQ where the processor has it; PMULL on arm64) folds a message
// until 16 bytes are left, and reduces these to the CRC. keys.go says how. Polynomials
// differ in the constants only, so one set of kernels serves CRC-64 and CRC-32.
//
// A [CRC] sums as many bytes as the kernels of this processor can take. Packages crc64
// and crc32 sum the rest, which is all where there are no kernels, or with the build
// tags purego and noasm.
package fold
