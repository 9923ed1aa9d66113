package soa

import (
	"syscall"
	"unsafe"
)

const (
	hugePage = 2 << 20
	// hugeFrom is the size from which memory may be in huge pages: that from which
	// NumPy asks for them too.
	hugeFrom = 2 * hugePage
)

// preferHuge asks for huge pages for what of mem they can hold whole. Memory that is
// touched for the first time is then filled several times as fast, since the kernel
// is asked for 2 MiB at a time instead of 4 KiB. Where it gives none, that is no
// error.
func preferHuge(mem []byte) {
	if len(mem) < hugeFrom {
		return
	}
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(mem))) % hugePage
	whole := (uintptr(len(mem)) - skip) / hugePage * hugePage
	_ = syscall.Madvise(mem[skip:][:whole], syscall.MADV_HUGEPAGE)
}
