package soa

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A lease is a right to give memory back: once, and only while nobody has said that
// it is kept. All views of the memory that Release could reach have the same lease.
type lease struct {
	ended atomic.Bool
	block block
}

// block is memory that is lent, or can be.
type block struct {
	mem   []byte
	whole int // bytes of the allocation that it is all or a part of
}

// lend returns memory that is about to be filled, if there is some that was given
// back, and the lease of it; nil for memory that is too small.
func lend(size int) ([]byte, *lease) {
	if size < uncleared {
		return alloc(size), nil
	}
	class, bytes := classOf(size)
	b, ok := released.take(class, bytes)
	if !ok {
		b = block{allocUncleared(bytes), bytes}
	}
	return b.mem[:size], &lease{block: b}
}

// release gives the memory back.
func (l *lease) release() {
	if l != nil && l.ended.CompareAndSwap(false, true) {
		released.add(l.block)
	}
}

// keep says that the memory is in use for good.
func (l *lease) keep() {
	if l != nil {
		l.ended.Store(true)
	}
}

// perDoubling is how many classes of sizes there are from one power of two to the
// next: memory of a class is at most an eighth larger than what was asked for.
const perDoubling = 8

// classOf returns the class of size, and the bytes that memory of it has.
func classOf(size int) (class, bytes int) {
	shift := max(bits.Len(uint(size-1))-4, 0) // size/2^shift is from 8 to 16
	steps := (size + 1<<shift - 1) >> shift
	return shift*perDoubling + steps - perDoubling, steps << shift
}

// cut returns as much of mem as the largest class has that is no larger, and the class.
func cut(mem []byte) (class int, part []byte) {
	shift := max(bits.Len(uint(len(mem)))-4, 0)
	steps := len(mem) >> shift
	return shift*perDoubling + steps - perDoubling, mem[: steps<<shift : steps<<shift]
}

// smallestPart is the part of an allocation that is lent by itself. What is in use
// holds all of its allocation, so that this bounds what is held in vain.
const smallestPart = 4

// freeBlocks holds memory that was given back. What two garbage collections in a row
// find unused goes to the second.
type freeBlocks struct {
	mu      sync.Mutex
	classes [64 * perDoubling][]freeBlock // in each, the latest are last
	cycle   int                           // counts collections, from the first block on
}

type freeBlock struct {
	block
	cycle int // when it was given back
}

var released freeBlocks

// take returns a block of at least so many bytes, the size of class: of that class, or
// of a larger one, of which the rest remains if it can be lent by itself. At most half
// of what was asked for is lent in vain.
func (f *freeBlocks) take(class, bytes int) (block, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := class; c <= min(class+2*perDoubling, len(f.classes)-1); c++ {
		last := len(f.classes[c]) - 1
		if last < 0 {
			continue
		}
		b := f.classes[c][last].block
		rest := len(b.mem) - bytes
		divides := rest >= uncleared && min(bytes, rest) >= b.whole/smallestPart
		if !divides && rest > bytes/2 {
			continue
		}
		f.classes[c] = slices.Delete(f.classes[c], last, last+1)
		if divides {
			f.push(block{b.mem[bytes:], b.whole})
			b.mem = b.mem[:bytes:bytes]
		}
		return b, true
	}
	return block{}, false
}

func (f *freeBlocks) add(b block) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cycle == 0 {
		f.cycle = 1
		f.awaitCollection()
	}
	f.push(b)
}

// push adds b, but for what is beyond the size of a class. The caller holds mu.
func (f *freeBlocks) push(b block) {
	class, mem := cut(b.mem)
	f.classes[class] = append(f.classes[class], freeBlock{block{mem, b.whole}, f.cycle})
}

// awaitCollection has collected called after the next garbage collection.
func (f *freeBlocks) awaitCollection() {
	sentinel := new([16]byte) // too large to share memory with what lives longer
	runtime.AddCleanup(sentinel, func(f *freeBlocks) { f.collected() }, f)
}

// collected lets go of what was there at the last collection already.
func (f *freeBlocks) collected() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cycle++
	for c, blocks := range f.classes {
		old := slices.IndexFunc(blocks, func(b freeBlock) bool { return b.cycle >= f.cycle-1 })
		if old < 0 {
			old = len(blocks)
		}
		f.classes[c] = slices.Delete(blocks, 0, old)
	}
	f.awaitCollection()
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
