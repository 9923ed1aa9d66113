package arena

import (
	"math/bits"

	"github.com/soastore/soa/internal/crc64"
)

// A slot is a record of a table. It says where an extent is and what it counts for.
// The first slot of each table is for the next table.
//
//	 0  8  seq: a number that no other slot had before
//	 8  8  offset of the extent
//	16  8  bytes of the extent, whole pages
//	24  8  bytes of the value: header and columns; 0 for a table
//	32  8  bytes of the header; 0 for a table
//	40  8  0
//	48  8  CRC-64 of bytes 0 to 48, which begins with the id and the slot's offset
//	56  8  state: 0 if the slot is free, else that CRC-64 and which state it is
//
// The state is written last, and alone when it changes: an aligned word, which no
// kill tears. A slot of any other state is damaged, or the power failed while it was
// written: it counts for nothing.
const (
	slotLen   = 64
	slotSumAt = 48
	stateAt   = 56

	tableLen = 64 << 10 // of all but the first, which shares that many with the superblock
)

// state is what an extent counts for.
type state uint8

const (
	free      state = iota
	prepared        // a value that is staged
	committed       // a value; of those of a key the one of the highest seq counts
	removed         // a value that was removed, and can be restored
	linked          // a table
	numStates
)

// extent is a range of the file, of whole pages.
type extent struct{ off, len int64 }

func (e extent) end() int64 { return e.off + e.len }

// slot is what a slot says; at is where in the file it is.
type slot struct {
	at    int64
	seq   uint64
	ext   extent
	size  int64
	head  int64  // bytes of the header
	sum   uint64 // CRC-64 of all before the state, once it was written or read
	state state
}

// put puts the slot into p, and fills in its sum.
func (s *slot) put(p []byte, id uint64) {
	native.PutUint64(p, s.seq)
	native.PutUint64(p[8:], uint64(s.ext.off))
	native.PutUint64(p[16:], uint64(s.ext.len))
	native.PutUint64(p[24:], uint64(s.size))
	native.PutUint64(p[32:], uint64(s.head))
	native.PutUint64(p[40:], 0)
	s.sum = slotSum(p, id, s.at)
	native.PutUint64(p[slotSumAt:], s.sum)
	native.PutUint64(p[stateAt:], stateWord(s.sum, s.state))
}

func slotSum(p []byte, id uint64, at int64) uint64 {
	return crc64.Update(id^uint64(at), p[:slotSumAt])
}

// freeWord is the state of a free slot, as it is written.
const freeWord = 0

// stateWord returns the state of a slot of that checksum, as it is written. Words
// of different states differ in many bits.
func stateWord(sum uint64, s state) uint64 {
	if s == free {
		return freeWord
	}
	return max(1, bits.RotateLeft64(sum, 8*int(s))^0x9e3779b97f4a7c15*uint64(s))
}

// parseSlot returns the slot at that offset, and whether it is whole. A free slot
// has only its seq, where that can be trusted.
func parseSlot(p []byte, id uint64, at int64) (s slot, ok bool) {
	s.at = at
	s.sum = native.Uint64(p[slotSumAt:])
	whole := s.sum == slotSum(p, id, at) && native.Uint64(p[40:]) == 0
	if whole {
		s.seq = native.Uint64(p)
	}
	word := native.Uint64(p[stateAt:])
	if word == freeWord {
		return s, true
	}
	for s.state = prepared; s.state < numStates && stateWord(s.sum, s.state) != word; s.state++ {
	}
	s.ext = extent{int64(native.Uint64(p[8:])), int64(native.Uint64(p[16:]))}
	s.size, s.head = int64(native.Uint64(p[24:])), int64(native.Uint64(p[32:]))
	return s, whole && s.state < numStates
}

// fits reports whether the slot's numbers can be those of a file of size bytes.
func (s *slot) fits(size int64) bool {
	in := s.ext.off >= firstLen && s.ext.len > 0 && s.ext.off%page == 0 && s.ext.len%page == 0 &&
		s.ext.off <= size && s.ext.len <= size-s.ext.off
	if s.state == linked {
		return in && s.ext.len == tableLen
	}
	return in && s.head >= headerMin && s.head <= s.size && s.head <= headerMax && s.size <= s.ext.len
}
