//go:build !purego && !noasm

package crc64

import "golang.org/x/sys/cpu"

// level is whether the processor can run the kernel.
type level int

const (
	portable level = iota
	pmull
)

var have = detect()

func (l level) String() string { return [...]string{"portable", "pmull"}[l] }

func detect() level {
	if cpu.ARM64.HasPMULL {
		return pmull
	}
	return portable
}

// updatePMULL is Update where len(p) is a multiple of 16 and not 0.
//
//go:noescape
func updatePMULL(crc uint64, p []byte) uint64

// update is Update by the kernel for as much as it can take.
func update(crc uint64, p []byte) uint64 {
	if n := len(p) &^ 15; n > 0 && have >= pmull {
		crc, p = updatePMULL(crc, p[:n]), p[n:]
	}
	return updateTable(crc, p)
}
