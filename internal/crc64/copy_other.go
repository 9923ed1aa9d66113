//go:build !amd64 || purego || noasm

package crc64

func updateCopy(crc uint64, dst, src []byte) uint64 { return updateCopyCached(crc, dst, src) }
