package arena

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/fsys"
)

// mapping says what of the file goes through a mapping, which tests choose.
type mapping uint8

const (
	mapAuto  mapping = iota
	mapNone          // all by system calls
	mapSlots         // slots
	mapShort         // slots and short columns
	mapAll           // slots and columns
)

// A window is a mapping of the file for writing, made once, with room for the file
// to grow. Only what has disk space is touched, so that a full disk is no fault.
//
// Slots go through it where a page of the file cannot lose its disk space: a store
// takes nanoseconds, a system call a microsecond. Columns do where the file is memory
// anyway, and short ones from and to a disk's cache. But the first touch of a page is
// a fault, which takes longer than the call. So columns do so only in blocks of the
// file of which as much was moved before as they hold. And to a disk they are written
// so only as long as that is again and again: when the kernel has written a page out,
// the next store to it is such a fault.
type window struct {
	file  fsys.File
	most  int                  // bytes of columns that it is worth while for at a time
	disk  bool                 // the kernel writes pages out
	clock func() time.Duration // since the window was opened
	now   atomic.Pointer[fsys.Mapping]

	mu     sync.Mutex
	old    []*fsys.Mapping // too short by now, but perhaps in use
	blocks []blockUse      // of the file
}

// blockUse is what was moved in a block of the file.
type blockUse struct {
	moved   uint32        // bytes, up to block
	written uint32        // bytes that were written since the time below, fewer than block
	since   time.Duration // when as many as the block holds had been, the last time
	often   bool          // the time from the one before to that one was short
}

const (
	windowLen = 64 << 30 // of addresses, which cost nothing
	shortMost = 32 << 10
	aroundLen = 64 << 10 // what Linux maps around an address that a read faults at

	// oftenMost is how long it takes to write as much as a block holds at most if that
	// is often: a small part of the seconds after which the kernel writes pages out.
	oftenMost = 100 * time.Millisecond
)

// open makes the window, if it can be of use.
func (w *window) open(file fsys.File, choice mapping, kind fsys.Kind, reserve bool) {
	if choice == mapAuto {
		choice = map[fsys.Kind]mapping{fsys.Memory: mapAll, fsys.Local: mapShort}[kind]
	}
	if choice > mapNone && reserve {
		start := time.Now()
		w.clock = func() time.Duration { return time.Since(start) }
		w.file, w.disk = file, choice != mapAll
		w.most = map[mapping]int{mapShort: shortMost, mapAll: block}[choice]
		w.grow(firstLen)
	}
}

// grow makes the window reach to end. Without it system calls do all.
func (w *window) grow(end int64) {
	if m := w.now.Load(); w.file == nil || m != nil && int64(len(m.Data)) >= end {
		return
	}
	m, err := w.file.MapShared(max(windowLen, 4*end))
	if err != nil { // the process may have a limit of addresses
		m, err = w.file.MapShared(2*end + windowLen>>8)
	}
	if err != nil {
		m = nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.now.Swap(m); old != nil {
		w.old = append(w.old, old)
	}
}

func (w *window) close() error {
	var first error
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.old
	if m := w.now.Swap(nil); m != nil {
		all = append(all, m)
	}
	for _, m := range all {
		if err := m.Unmap(); first == nil {
			first = err
		}
	}
	w.old = nil
	return first
}

// slots returns the mapping if slots up to end go through it, else nil.
func (w *window) slots(end int64) *fsys.Mapping {
	if m := w.now.Load(); m != nil && int64(len(m.Data)) >= end {
		return m
	}
	return nil
}

// toRead returns the mapping if the n bytes at off, which lie in one block of the
// file, are read through it, else nil.
func (w *window) toRead(off int64, n int) *fsys.Mapping {
	m := w.takes(off, n)
	if m == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.use(off).move(n) {
		return nil
	}
	return m
}

// toWrite returns the mapping if the n bytes at off, which lie in one block of the file
// or in two, are written through it, else nil.
func (w *window) toWrite(off int64, n int) *fsys.Mapping {
	m := w.takes(off, n)
	if m == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for end := off + int64(n); off < end; {
		k := int(min(end-off, block-off%block))
		b := w.use(off)
		if warm := b.move(k); !warm || w.disk && !b.write(k, w.clock) {
			m = nil
		}
		off += int64(k)
	}
	return m
}

// takes returns the mapping if it reaches, and n bytes are not too many.
func (w *window) takes(off int64, n int) *fsys.Mapping {
	if n > w.most {
		return nil
	}
	return w.slots(off + int64(n))
}

// use returns how the block is used that off lies in. The caller holds mu.
func (w *window) use(off int64) *blockUse {
	i := int(off / block)
	if i >= len(w.blocks) {
		w.blocks = append(w.blocks, make([]blockUse, i+1-len(w.blocks))...)
	}
	return &w.blocks[i]
}

// move counts n bytes, and reports whether as many as the block holds were before.
func (b *blockUse) move(n int) bool {
	if b.moved >= block {
		return true
	}
	b.moved += uint32(n)
	return false
}

// write counts n bytes that are written, and reports whether that is often.
func (b *blockUse) write(n int, clock func() time.Duration) bool {
	if b.written += uint32(n); b.written >= block {
		now := clock()
		b.written, b.since, b.often = 0, now, now-b.since <= oftenMost
	}
	return b.often
}

// forget forgets what was counted of a range whose disk space was given back.
func (w *window) forget(off, end int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := int(off / block); i < len(w.blocks) && int64(i)*block < end; i++ {
		w.blocks[i] = blockUse{}
	}
}

// reach returns the n bytes at off of the mapping, which are about to be written. It
// reads a word of each page's surroundings first: a read that faults maps all of them
// that the file has in memory, a store only its own page, which takes longer in sum.
func reach(m *fsys.Mapping, off int64, n int) []byte {
	end := off + int64(n)
	for at := off; at < end; at = at/aroundLen*aroundLen + aroundLen {
		loadWord(m.Data[at&^7:])
	}
	return m.Data[off:end]
}

// storeWord stores to the first 8 bytes of p, which are aligned.
func storeWord(p []byte, word uint64) { atomic.StoreUint64(wordOf(p), word) }

// loadWord loads them, also if nobody wants to know.
func loadWord(p []byte) uint64 { return atomic.LoadUint64(wordOf(p)) }

func wordOf(p []byte) *uint64 { return (*uint64)(unsafe.Pointer(&p[:8][0])) }

// sumCopy copies src to dst and returns the checksum of what crc is of, followed by
// src. Blocks that fill the caches go past them.
func sumCopy(crc uint64, dst, src []byte) uint64 {
	if len(src) >= block {
		return crc64.UpdateCopy(crc, dst, src)
	}
	return crc64.Update(crc, dst[:copy(dst, src)])
}
