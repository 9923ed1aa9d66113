//go:build !(amd64 || arm64) || purego || noasm

package crc64

func update(crc uint64, p []byte) uint64 { return updateTable(crc, p) }
