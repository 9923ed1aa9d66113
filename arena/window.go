package arena

import (
	"sync"
	"sync/atomic"
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
// Slots and short columns go through it where a page of the file cannot lose its
// disk space: a store takes nanoseconds, a system call a microsecond. Long columns
// do where the file is memory anyway. Columns do only where they come by often: the
// first touch of a page costs ten times what a copy of it saves over a system call.
type window struct {
	file fsys.File
	most int // bytes of columns that it is worth while for at a time
	now  atomic.Pointer[fsys.Mapping]

	mu   sync.Mutex
	old  []*fsys.Mapping // too short by now, but perhaps in use
	heat []uint32        // bytes that were moved in each block of the file, up to warmBytes
}

const (
	windowLen = 64 << 30 // of addresses, which cost nothing
	shortMost = 32 << 10
	warmBytes = 4 * block
)

// open makes the window, if it can be of use.
func (w *window) open(file fsys.File, choice mapping, kind fsys.Kind, reserve bool) {
	if choice == mapAuto {
		choice = map[fsys.Kind]mapping{fsys.Memory: mapAll, fsys.Local: mapShort}[kind]
	}
	if choice > mapNone && reserve {
		w.file, w.most = file, map[mapping]int{mapShort: shortMost, mapAll: block}[choice]
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

// warm returns the mapping if the n bytes at off, which lie in one block of the
// file, go through it, else nil. It counts them.
func (w *window) warm(off int64, n int) *fsys.Mapping {
	if n > w.most {
		return nil
	}
	m := w.slots(off + int64(n))
	if m == nil {
		return nil
	}
	i := int(off / block)
	w.mu.Lock()
	defer w.mu.Unlock()
	if i >= len(w.heat) {
		w.heat = append(w.heat, make([]uint32, i+1-len(w.heat))...)
	}
	if w.heat[i] >= warmBytes {
		return m
	}
	w.heat[i] += uint32(n)
	return nil
}

// cool forgets what was counted of a range whose disk space was given back.
func (w *window) cool(off, end int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := int(off / block); i < len(w.heat) && int64(i)*block < end; i++ {
		w.heat[i] = 0
	}
}

// storeSlot writes a slot through the mapping, its state last and at once.
func storeSlot(m *fsys.Mapping, at int64, p []byte) error {
	return m.Guard(func() error {
		copy(m.Data[at:at+stateAt], p)
		storeWord(m.Data[at+stateAt:], native.Uint64(p[stateAt:]))
		return nil
	})
}

// storeWord stores to the first 8 bytes of p, which are aligned.
func storeWord(p []byte, word uint64) {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&p[:8][0])), word)
}

// sumCopy copies src to dst and returns the checksum of what crc is of, followed by
// src. Blocks that fill the caches go past them.
func sumCopy(crc uint64, dst, src []byte) uint64 {
	if len(src) >= block {
		return crc64.UpdateCopy(crc, dst, src)
	}
	return crc64.Update(crc, dst[:copy(dst, src)])
}
