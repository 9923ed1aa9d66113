package soa

import (
	"syscall"
	"unsafe"
)

const (
	hugePage = 2 << 20
	// hugeFrom is the size from which memory is to be in huge pages. Smaller arrays are
	// few, or lie among larger ones.
	hugeFrom = 256 << 10
)

// preferHuge asks for huge pages for the memory that mem is in. Memory that is touched
// for the first time is then filled several times as fast, since the kernel is asked
// for 2 MiB at a time instead of 4 KiB. Where it gives none, that is no error.
//
// It asks for all pages that mem is a part of, which Go's heap has whole: else there
// would be a gap between one array and the next, and the kernel bounds how many pieces
// a program's memory is in.
func preferHuge(mem []byte) {
	if len(mem) < hugeFrom {
		return
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	skip := start % hugePage
	size := (skip + uintptr(len(mem)) + hugePage - 1) / hugePage * hugePage
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, start-skip, size, syscall.MADV_HUGEPAGE)
}
