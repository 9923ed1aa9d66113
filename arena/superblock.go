package arena

import (
	"encoding/binary"
	"fmt"

	"github.com/soastore/soa/internal/crc64"
)

// An arena file is a superblock, a first table of slots, and then extents: one for
// each value, and one for each further table. Numbers are in the byte order of the
// machine, as the elements are.
//
//	    0  superblock
//	 4096  table 0: 960 slots of 64 bytes          (slot.go)
//	65536  extents, each of whole pages of 4096 bytes:
//	       a value: header, columns                (header.go)
//	       a table: 1024 slots
//
// Which extents there are, the slots say; all else is free. A value's data and
// header are written first, then its slot, whose last word makes it count. That one
// word is all that committing, undoing and freeing a value write. Whoever is killed
// in between leaves a value that counts, with all that belongs to it, or free space.
//
// All checksums are CRC-64/XZ that begin with the arena's id, a random number, and
// where a structure could be mistaken for one elsewhere in the file, with its place.
// So no bytes of other files, or of values, are taken for structures of this one.
//
// The superblock is written once:
//
//	   0  8  "soaarena"
//	   8  4  byte order: 0x01020304
//	  12  4  version: 1
//	  16  8  id
//	  24  8  length of the label
//	  32     label, then zeros
//	4088  8  CRC-64 of bytes 0 to 4088
const (
	page     = 4096
	firstLen = 64 << 10 // superblock and table 0

	magic         = "soaarena"
	orderMark     = 0x01020304
	formatVersion = 1
	labelMax      = 2048
	labelAt       = 32
	superSumAt    = page - 8
)

var native = binary.NativeEndian

// superblock is what does not change about an arena.
type superblock struct {
	id    uint64
	label string
}

func (s superblock) put(p []byte) {
	copy(p, magic)
	native.PutUint32(p[8:], orderMark)
	native.PutUint32(p[12:], formatVersion)
	native.PutUint64(p[16:], s.id)
	native.PutUint64(p[24:], uint64(len(s.label)))
	copy(p[labelAt:], s.label)
	native.PutUint64(p[superSumAt:], crc64.Checksum(p[:superSumAt]))
}

// parseSuperblock takes the first page of a file. The version comes before the
// checksum, which another version may have elsewhere.
func parseSuperblock(p []byte) (s superblock, err error) {
	if string(p[:8]) != magic {
		return s, formatf("it does not begin as an arena does")
	}
	if mark := native.Uint32(p[8:]); mark != orderMark {
		return s, formatf("it is of a machine of another byte order (mark %#x)", mark)
	}
	if v := native.Uint32(p[12:]); v != formatVersion {
		return s, fmt.Errorf("%w %d: this program knows version %d", ErrVersion, v, formatVersion)
	}
	if have, want := crc64.Checksum(p[:superSumAt]), native.Uint64(p[superSumAt:]); have != want {
		return s, fmt.Errorf("%w: superblock: %#x, not %#x", ErrChecksum, have, want)
	}
	n := native.Uint64(p[24:])
	if n > labelMax {
		return s, formatf("a label of %d bytes", n)
	}
	return superblock{native.Uint64(p[16:]), string(p[labelAt : labelAt+n])}, nil
}

// formatf returns an ErrFormat that says what is wrong.
func formatf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(format, args...))
}
