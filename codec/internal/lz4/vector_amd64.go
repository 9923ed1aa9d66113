//go:build amd64 && !purego && !noasm

package lz4

import "golang.org/x/sys/cpu"

// level is which kernel the processor can run.
type level int

const (
	portable level = iota
	avx2           // AVX2 and BMI2
)

var have = detect()

func detect() level {
	if cpu.X86.HasAVX2 && cpu.X86.HasBMI2 {
		return avx2
	}
	return portable
}

// sequences decodes sequences from src[s:] to dst[d:], and returns where the first
// one begins that it left: the next call would leave it too.
func sequences(dst, src []byte, d, s int) (dNext, sNext int) {
	switch {
	case have == portable:
		return sequencesPortable(dst, src, d, s)
	case len(src)-s < slack || len(dst)-d < slack:
		return d, s
	}
	return sequencesAVX2(dst, src, d, s)
}
