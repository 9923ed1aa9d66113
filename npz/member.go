package npz

import (
	"encoding/binary"
	"math"
	"sync"
	"unicode/utf8"
)

// A zip archive (PKWARE's APPNOTE.TXT), as far as it concerns .npz files: members
// one after the other, each a local header and its bytes, then the directory with
// one entry a member, then the end records (directory.go). All integers are least
// significant byte first.
//
//	local   entry   size
//	0       0       4     "PK\x03\x04" | "PK\x01\x02"
//	        4       2     version made by, high byte 3: Unix modes
//	4       6       2     version needed: 20, 45 with 64-bit sizes
//	6       8       2     flags, see below
//	8       10      2     method: 0 stored, 8 deflated
//	10      12      4     time and date
//	14      16      4     CRC-32 of the member's bytes before compression
//	18      20      4     their number after compression     | all ones: see the
//	22      24      4     their number before                | 64-bit extra
//	26      28      2     n, length of the name
//	28      30      2     e, length of the extra fields
//	        32      2     c, length of the comment
//	        34      8     disk, attributes (the file mode in the high half)
//	        42      4     offset of the local header         | as above
//	30      46      n     name
//	30+n    46+n    e     extra fields, each: 2 id, 2 size, then size bytes
//	        46+n+e  c     comment
//
// Extra field 1 holds those of: size before, size after, offset (8 bytes each)
// that are all ones above; in a local header always both sizes. Extra field
// 0xd935, Android's zipalign's, is 2 bytes alignment and then padding, by which
// the member's bytes begin at a multiple of it.

const (
	localSignature = 0x04034b50
	entrySignature = 0x02014b50
	localLen       = 30
	entryLen       = 46

	extra64    = 1
	extraAlign = 0xd935

	max32 = math.MaxUint32 // where a 64-bit extra has the number

	// Flags: 1 and 2 tell how hard deflate tried, 3 that the local header has no
	// sizes and CRC, 11 that the name is UTF-8. Others mean encryption or patches.
	flagStreamed = 1 << 3
	flagUTF8     = 1 << 11
	flagsKnown   = 1<<1 | 1<<2 | flagStreamed | flagUTF8

	date1980 = 1<<5 | 1 // the first day there is, so that equal data make equal files
)

// Method is how a member's bytes are in the file.
type Method uint16

// The methods that NumPy writes: savez stores, savez_compressed deflates.
const (
	Stored   Method = 0
	Deflated Method = 8
)

// String returns "stored" or "deflated".
func (m Method) String() string {
	if m == Deflated {
		return "deflated"
	}
	return "stored"
}

// member is one member of an archive.
type member struct {
	name          string
	method        Method
	flags         uint16
	crc           uint32
	packed, plain int64 // bytes in the file, bytes inflated
	offset        int64 // of the local header
	end           int64 // the member ends here or before

	loading sync.Mutex
	loaded  bool   // guarded by loading
	layout  layout // from its local header and .npy header; never changes once it is loaded
	dims    [4]int // the memory of most shapes
}

// field returns the name of the field that m holds.
func (m *member) field() string { return fieldOf(m.name) }

// parseEntry reads the directory's entry at the start of b into m and returns how
// long it is. text is b again: m's name is a part of it.
func (m *member) parseEntry(b []byte, text string) (size int, err error) {
	le := binary.LittleEndian
	if len(b) < entryLen || le.Uint32(b) != entrySignature {
		return 0, formatf("directory entry without its signature")
	}
	n, e, c := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	if len(b) < entryLen+n+e+c {
		return 0, formatf("directory entry beyond the directory's end")
	}
	m.name = text[entryLen:][:n]
	m.flags = le.Uint16(b[8:])
	m.method = Method(le.Uint16(b[10:]))
	m.crc = le.Uint32(b[16:])
	m.packed = int64(le.Uint32(b[20:]))
	m.plain = int64(le.Uint32(b[24:]))
	m.offset = int64(le.Uint32(b[42:]))
	if disk := le.Uint16(b[34:]); disk != 0 {
		return 0, formatf("member on disk %d of an archive in several files", disk)
	}
	wide, err := findExtra(b[entryLen+n:][:e], extra64)
	if err != nil {
		return 0, err
	}
	if err := widen(wide, &m.plain, &m.packed, &m.offset); err != nil {
		return 0, err
	}
	return entryLen + n + e + c, m.check()
}

// check refuses what no reader here could make sense of.
func (m *member) check() error {
	switch {
	case m.method != Stored && m.method != Deflated:
		return formatf("compression method %d: only stored and deflated are known", uint16(m.method))
	case m.flags&^flagsKnown != 0:
		return formatf("flags %#x: the member is encrypted or patched", m.flags)
	case m.method == Stored && m.packed != m.plain:
		return formatf("stored, but %d bytes have become %d", m.plain, m.packed)
	case m.plain/maxDeflate > m.packed:
		return formatf("%d bytes cannot inflate to %d", m.packed, m.plain)
	case !isASCII(m.name) && (m.flags&flagUTF8 == 0 || !utf8.ValidString(m.name)):
		return formatf("name %q is neither ASCII nor marked as UTF-8", m.name)
	}
	return nil
}

// maxDeflate is above the largest ratio that deflate reaches: 258 bytes from 2 bits.
const maxDeflate = 1033

// findExtra returns the body of the extra field id, nil if there is none.
func findExtra(extra []byte, id uint16) (body []byte, err error) {
	for len(extra) >= 4 {
		have, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra)-4 {
			return nil, formatf("extra field %#x of %d bytes in %d", have, size, len(extra)-4)
		}
		if have == id {
			return extra[4:][:size:size], nil
		}
		extra = extra[4+size:]
	}
	return nil, nil
}

// widen replaces the numbers that are all ones by those of a 64-bit extra.
func widen(wide []byte, numbers ...*int64) error {
	for _, n := range numbers {
		if *n != max32 {
			continue
		}
		if len(wide) < 8 {
			return formatf("64-bit sizes are missing")
		}
		v := binary.LittleEndian.Uint64(wide)
		if v > math.MaxInt64 {
			return formatf("size %d beyond 2^63", v)
		}
		*n, wide = int64(v), wide[8:]
	}
	return nil
}

// appendEntry appends m's entry of the directory.
func (m *member) appendEntry(b []byte) []byte {
	var wide []byte
	narrow := func(n int64) uint32 {
		if n < max32 {
			return uint32(n)
		}
		wide = binary.LittleEndian.AppendUint64(wide, uint64(n))
		return max32
	}
	plain, packed, offset := narrow(m.plain), narrow(m.packed), narrow(m.offset)
	if wide != nil {
		wide = append(appendExtraHead(nil, extra64, len(wide)), wide...)
	}
	le := binary.LittleEndian
	b = le.AppendUint32(b, entrySignature)
	b = le.AppendUint16(b, 3<<8|45)
	b = m.appendCommon(b, wide != nil)
	b = le.AppendUint32(b, packed)
	b = le.AppendUint32(b, plain)
	b = le.AppendUint16(b, uint16(len(m.name)))
	b = le.AppendUint16(b, uint16(len(wide)))
	b = append(b, make([]byte, 6)...)    // no comment, disk 0, binary
	b = le.AppendUint32(b, 0o100600<<16) // a file for its owner only
	b = le.AppendUint32(b, offset)
	b = append(b, m.name...)
	return append(b, wide...)
}

// appendCommon appends what a local header and an entry have in common.
func (m *member) appendCommon(b []byte, wide bool) []byte {
	version := uint16(20)
	if wide {
		version = 45
	}
	le := binary.LittleEndian
	b = le.AppendUint16(b, version)
	b = le.AppendUint16(b, m.flags)
	b = le.AppendUint16(b, uint16(m.method))
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, date1980)
	return le.AppendUint32(b, m.crc)
}

func appendExtraHead(b []byte, id uint16, size int) []byte {
	b = binary.LittleEndian.AppendUint16(b, id)
	return binary.LittleEndian.AppendUint16(b, uint16(size))
}
