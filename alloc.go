package soa

import (
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"
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

// A lease is a right to give memory back: once, and only while nobody has said that
// it is kept. All views of the memory that Release could reach have the same lease.
type lease struct {
	ended atomic.Bool
	base  *byte
	class int
}

// released holds memory that was given back, by class. What is not used again goes to
// the garbage collector.
var released [64 * perDoubling]sync.Pool

// perDoubling is how many classes there are from one power of two to the next: memory
// is at most an eighth larger than what was asked for.
const perDoubling = 8

// classOf returns the class of size, and the bytes that memory of it has.
func classOf(size int) (class, bytes int) {
	shift := max(bits.Len(uint(size-1))-4, 0) // size/2^shift is from 8 to 16
	steps := (size + 1<<shift - 1) >> shift
	return shift*perDoubling + steps - perDoubling, steps << shift
}

// lend returns memory that is about to be filled, if there is some that was given
// back, and the lease of it; nil for memory that is too small.
func lend(size int) ([]byte, *lease) {
	if size < uncleared {
		return alloc(size), nil
	}
	class, bytes := classOf(size)
	l := &lease{class: class}
	if base, ok := released[class].Get().(*byte); ok {
		l.base = base
	} else {
		l.base = unsafe.SliceData(allocUncleared(bytes))
	}
	return unsafe.Slice(l.base, bytes)[:size], l
}

// release gives the memory back.
func (l *lease) release() {
	if l != nil && l.ended.CompareAndSwap(false, true) {
		released[l.class].Put(l.base)
	}
}

// keep says that the memory is in use for good.
func (l *lease) keep() {
	if l != nil {
		l.ended.Store(true)
	}
}

// Release gives the memory of d's arrays back for the next read into fresh memory,
// which is several times as fast when it need not touch new pages. d is empty
// afterwards. The caller, and everybody he gave a view, must not use the arrays any
// more, nor slices of them.
//
// It concerns memory that a read or Clone took for itself. All other is left alone:
// the caller's own slices, mappings, and what a store in memory was given or gave out.
// Without Release memory is freed as ever, by the garbage collector.
func (d *Dict) Release() {
	for _, a := range d.All() {
		a.Release()
	}
	d.Clear()
}

// Release gives a's memory back; see Dict.Release.
func (a Array) Release() { a.lease.release() }

// Keep says that the memory of d's arrays stays in use; see Array.Keep.
func (d *Dict) Keep() {
	for _, a := range d.All() {
		a.Keep()
	}
}

// Keep says that a's memory stays in use: a Release of any view of it does nothing
// from now on. Who holds on to the arrays of others, as a store does, calls it.
func (a Array) Keep() { a.lease.keep() }
