package npz

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The end of an archive, after the entries of its directory:
//
//	64-bit end        locator         end
//	0   4 "PK\6\6"    0  4 "PK\6\7"   0   4 "PK\5\6"
//	4   8 44          4  4 disk 0     4   4 disks 0
//	12  4 versions    8  8 offset     8   2 entries on this disk
//	16  8 disks 0          of the     10  2 entries            | all ones:
//	24  8 entries          64-bit     12  4 directory's size   | see the
//	      on this disk     end        16  4 directory's offset | 64-bit end
//	32  8 entries     16  4 disks 1   20  2 n
//	40  8 directory's                 22  n comment
//	      size
//	48  8 directory's
//	      offset
//
// The first two are there only when a number is too large for the third.

const (
	endSignature     = 0x06054b50
	end64Signature   = 0x06064b50
	locatorSignature = 0x07064b50
	endLen           = 22
	end64Len         = 56
	locatorLen       = 20
	maxComment       = 1<<16 - 1

	tailLen = 4 << 10 // read at once, with the directory if it is as short as most are
)

// directory is what the end records say.
type directory struct {
	entries      uint64
	size, offset int64
	comment      string // when it is written
	commentLen   int    // when it is read
}

// readDirectory reads the members, in the directory's order, and the comment. Few
// allocations do for all: one string has the names and the comment.
func (r *Reader) readDirectory() error {
	if r.size < endLen {
		return formatf("%d bytes are no zip archive", r.size)
	}
	tail, err := newWindow(r.src, max(0, r.size-tailLen), min(r.size, tailLen))
	if err != nil {
		return err
	}
	defer tail.close()
	d, err := readEnd(&tail, r.size)
	if err != nil {
		return err
	}
	b, err := tail.bytes(d.offset, r.size-d.offset)
	if err != nil {
		return err
	}
	text := string(b)
	r.comment = text[len(text)-d.commentLen:]
	if err := r.parseEntries(b[:d.size], text, d.entries); err != nil {
		return err
	}
	return bound(r.members, d.offset)
}

// parseEntries reads a directory that says it has n entries, of which text is a copy.
func (r *Reader) parseEntries(b []byte, text string, n uint64) error {
	all := slices.Grow(r.all[:0], int(n)) // readEnd has compared it with the directory's size
	for at := 0; at < len(b); {
		all = append(all, member{})
		size, err := all[len(all)-1].parseEntry(b[at:], text[at:])
		if err != nil {
			return fmt.Errorf("member %d: %w", len(all)-1, err)
		}
		at += size
	}
	if uint64(len(all)) != n {
		return formatf("directory of %d members says it has %d", len(all), n)
	}
	r.all, r.members = all, slices.Grow(r.members[:0], len(all))
	for i := range all {
		r.members = append(r.members, &all[i])
	}
	return nil
}

// bound finds where each member has to end: where the next one or the directory
// begins. So no byte belongs to two members.
func bound(members []*member, directory int64) error {
	byOffset := func(a, b *member) int { return cmp.Compare(a.offset, b.offset) }
	sorted := members
	if !slices.IsSortedFunc(members, byOffset) { // as they are written
		sorted = slices.Clone(members)
		slices.SortFunc(sorted, byOffset)
	}
	end := directory
	for _, m := range slices.Backward(sorted) {
		least := int64(localLen + len(m.name))
		if m.offset > end-least || m.packed > end-least-m.offset {
			return formatf("member %q at offset %d runs into what follows", m.name, m.offset)
		}
		m.end, end = end, m.offset
	}
	return nil
}

// readEnd finds the end records, which end the file, and checks them against
// each other.
func readEnd(tail *window, size int64) (directory, error) {
	at, err := findEnd(tail, size, tailLen)
	if err == nil && at < 0 {
		at, err = findEnd(tail, size, endLen+maxComment)
	}
	if err != nil {
		return directory{}, err
	}
	if at < 0 {
		return directory{}, formatf("no zip archive, or one that is cut short: its end is missing")
	}
	d, err := parseEnd(tail, at, size)
	if err != nil {
		return directory{}, err
	}
	limit, err := d.readEnd64(tail, at)
	if err != nil {
		return directory{}, err
	}
	if d.offset > limit || d.size != limit-d.offset {
		return directory{}, formatf("directory of %d bytes at %d does not end at %d", d.size, d.offset, limit)
	}
	if d.entries > uint64(d.size)/entryLen {
		return directory{}, formatf("%d members in a directory of %d bytes", d.entries, d.size)
	}
	return d, nil
}

// findEnd returns the offset of the end record whose comment ends the file, -1 if
// it is not in the last n bytes.
func findEnd(tail *window, size, n int64) (int64, error) {
	start := max(0, size-n)
	last, err := tail.bytes(start, size-start)
	if err != nil {
		return -1, err
	}
	for at := len(last) - endLen; at >= 0; at-- {
		b := last[at:]
		if binary.LittleEndian.Uint32(b) == endSignature && int(binary.LittleEndian.Uint16(b[20:])) == len(b)-endLen {
			return start + int64(at), nil
		}
	}
	return -1, nil
}

func parseEnd(tail *window, at, size int64) (directory, error) {
	b, err := tail.bytes(at, size-at)
	if err != nil {
		return directory{}, err
	}
	le := binary.LittleEndian
	if le.Uint32(b[4:]) != 0 || le.Uint16(b[8:]) != le.Uint16(b[10:]) {
		return directory{}, formatf("archive in several files")
	}
	return directory{
		entries:    uint64(le.Uint16(b[10:])),
		size:       int64(le.Uint32(b[12:])),
		offset:     int64(le.Uint32(b[16:])),
		commentLen: len(b) - endLen,
	}, nil
}

// readEnd64 replaces d's numbers by those of the 64-bit end, if a locator before
// end leads to one, and returns where the first of the end records begins.
func (d *directory) readEnd64(tail *window, end int64) (int64, error) {
	if end < end64Len+locatorLen {
		return end, nil
	}
	b, err := tail.bytes(end-locatorLen, locatorLen)
	if err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	if le.Uint32(b) != locatorSignature {
		return end, nil
	}
	at, latest := le.Uint64(b[8:]), end-locatorLen-end64Len
	if le.Uint32(b[4:]) != 0 || le.Uint32(b[16:]) > 1 || at > uint64(latest) {
		return 0, formatf("bad 64-bit locator")
	}
	if b, err = tail.bytes(int64(at), end64Len); err != nil {
		return 0, err
	}
	if le.Uint32(b) != end64Signature || le.Uint64(b[4:]) != uint64(end-locatorLen)-at-12 {
		return 0, formatf("bad 64-bit end record")
	}
	return int64(at), d.parseEnd64(b)
}

func (d *directory) parseEnd64(b []byte) error {
	le := binary.LittleEndian
	entries, size, offset := le.Uint64(b[32:]), le.Uint64(b[40:]), le.Uint64(b[48:])
	switch {
	case le.Uint64(b[16:]) != 0 || le.Uint64(b[24:]) != entries:
		return formatf("archive in several files")
	case size > math.MaxInt64 || offset > math.MaxInt64,
		d.entries != entries && d.entries != math.MaxUint16,
		d.size != int64(size) && d.size != max32,
		d.offset != int64(offset) && d.offset != max32:
		return formatf("the two end records differ")
	}
	d.entries, d.size, d.offset = entries, int64(size), int64(offset)
	return nil
}

// appendEnd appends the end records of a directory that ends where they begin.
func (d *directory) appendEnd(b []byte) []byte {
	le := binary.LittleEndian
	if d.entries >= math.MaxUint16 || d.size >= max32 || d.offset >= max32 {
		b = d.appendEnd64(b)
	}
	entries := uint16(min(d.entries, math.MaxUint16))
	b = le.AppendUint32(b, endSignature)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, entries)
	b = le.AppendUint16(b, entries)
	b = le.AppendUint32(b, uint32(min(d.size, max32)))
	b = le.AppendUint32(b, uint32(min(d.offset, max32)))
	b = le.AppendUint16(b, uint16(len(d.comment)))
	return append(b, d.comment...)
}

func (d *directory) appendEnd64(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, end64Signature)
	b = le.AppendUint64(b, end64Len-12)
	b = le.AppendUint16(b, 3<<8|45)
	b = le.AppendUint16(b, 45)
	b = le.AppendUint64(b, 0)
	b = le.AppendUint64(b, d.entries)
	b = le.AppendUint64(b, d.entries)
	b = le.AppendUint64(b, uint64(d.size))
	b = le.AppendUint64(b, uint64(d.offset))
	b = le.AppendUint32(b, locatorSignature)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(d.offset+d.size))
	return le.AppendUint32(b, 1)
}

// checkComment refuses a comment that a reader could take for an end record.
func checkComment(comment string) error {
	if len(comment) > maxComment {
		return fmt.Errorf("npz: comment of %d bytes: at most %d fit", len(comment), maxComment)
	}
	end := (&directory{comment: comment}).appendEnd(make([]byte, 0, 256))
	if bytes.Contains(end[1:], []byte("PK\x05\x06")) {
		return fmt.Errorf("npz: comment %q contains the mark of a zip archive's end", comment)
	}
	return nil
}
