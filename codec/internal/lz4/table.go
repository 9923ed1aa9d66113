package lz4

import (
	"math"
	"sync"
)

// A table has, by a hash of the bytes there, where such bytes were last seen. The
// less of it there is, the more of it is in the first-level cache: 16 KiB are used.
type table[P position] [1 << 13]P

// position is a place in src: of 16 bits where they are enough, since twice as many
// of them can be kept.
type position interface{ uint16 | uint32 }

const (
	// largeSrc is the least length of src that needs large positions.
	largeSrc = 1<<16 + searchEnd - 1
	// slots is how many slots of a table of them are used.
	slots = 1 << 12
)

// exchange notes that v is at place at, and returns where such bytes were before: 0
// if nowhere, or bytes that only share the slot. Slots are by a hash of the first 4
// bytes for small positions, and 5 for large ones, where there is more to choose from.
func (t *table[P]) exchange(v uint64, at int) int {
	slot := v << 24 * 0xcf1bbcdcbb >> (64 - 12)
	if ^P(0) == math.MaxUint16 {
		slot = v << 32 * 0x9e3779b1 >> (64 - 13)
	}
	last := t[slot%uint64(len(t))]
	t[slot%uint64(len(t))] = P(at)
	return int(last)
}

// tables has a table of each kind, to use again.
type tables struct {
	small table[uint16]
	large table[uint32]
}

var tablesPool = sync.Pool{New: func() any { return new(tables) }}
