package soa

import (
	"strings"
	"unsafe"
)

// alloc returns size bytes of zeros, aligned for every element type.
func alloc(size int) []byte {
	words := make([]uint64, (size+7)/8)
	data := bytesOf(words)[:size:size]
	preferHuge(data)
	return data
}

// uncleared is the size in bytes from which allocUncleared does not clear. The
// runtime gives such objects whole pages, so they are aligned for every type.
const uncleared = 64 << 10

// allocUncleared is alloc for memory that is about to be filled: clearing it first
// would cost as much as reading a file into it. What the standard library has to
// allocate bytes without clearing them is [strings.Builder].
func allocUncleared(size int) []byte {
	if size < uncleared {
		return alloc(size)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteByte(0) // only a string that is not empty has an address
	data := unsafe.Slice(unsafe.StringData(b.String()), size)
	preferHuge(data)
	return data
}
