//go:build !amd64 || purego || noasm

package lz4

func sequences(dst, src []byte, d, s int) (dNext, sNext int) {
	return sequencesPortable(dst, src, d, s)
}
