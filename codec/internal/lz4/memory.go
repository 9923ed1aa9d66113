//go:build !purego

package lz4

import (
	"encoding/binary"
	"unsafe"
)

// memory is a slice without bounds checks, which the search for repeats has no time
// for. Whoever uses it says why i is inside. With the tag purego all is checked.
type memory struct{ p unsafe.Pointer }

func memoryOf(b []byte) memory { return memory{unsafe.Pointer(unsafe.SliceData(b))} }

func (m memory) load64(i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(m.p, i))[:])
}

func (m memory) load32(i int) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(m.p, i))[:])
}

func (m memory) load8(i int) byte { return *(*byte)(unsafe.Add(m.p, i)) }

func (m memory) put64(i int, v uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(m.p, i))[:], v)
}

func (m memory) put16(i int, v uint16) {
	binary.LittleEndian.PutUint16((*[2]byte)(unsafe.Add(m.p, i))[:], v)
}

func (m memory) put8(i int, v byte) { *(*byte)(unsafe.Add(m.p, i)) = v }
