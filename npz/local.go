package npz

import (
	"encoding/binary"
)

// parseLocal reads m's local header, drawn in member.go, from the archive.
// What it says must be what the directory says of m, and the member must end
// before the next one begins. It returns where the member's bytes begin.
func (m *member) parseLocal(near *window) (body int64, err error) {
	le := binary.LittleEndian
	b, err := near.bytes(m.offset, int64(localLen+len(m.name)))
	if err != nil {
		return 0, err
	}
	n, e := int64(le.Uint16(b[26:])), int64(le.Uint16(b[28:]))
	body = m.offset + localLen + n + e
	switch {
	case le.Uint32(b) != localSignature:
		return 0, formatf("no local header at offset %d", m.offset)
	case n != int64(len(m.name)) || string(b[localLen:]) != m.name:
		return 0, formatf("local header at offset %d has another name", m.offset)
	case le.Uint16(b[6:]) != m.flags || Method(le.Uint16(b[8:])) != m.method:
		return 0, formatf("local header at offset %d has another method or flags", m.offset)
	case body > m.end || m.packed > m.end-body:
		return 0, formatf("member at offset %d runs into what follows", m.offset)
	}
	extra, err := near.bytes(body-e, e)
	if err != nil {
		return 0, err
	}
	return body, m.compareLocal(b, extra)
}

// compareLocal compares the local header's CRC and sizes with the directory's.
// Where it was written before they were known, they mean nothing.
func (m *member) compareLocal(b, extra []byte) error {
	if m.flags&flagStreamed != 0 {
		return nil
	}
	le := binary.LittleEndian
	packed, plain := int64(le.Uint32(b[18:])), int64(le.Uint32(b[22:]))
	wide, err := findExtra(extra, extra64)
	if err != nil {
		return err
	}
	if len(wide) >= 16 && (packed == max32 || plain == max32) {
		packed, plain = max32, max32 // a local header's extra has both
	}
	if err := widen(wide, &plain, &packed); err != nil {
		return err
	}
	if le.Uint32(b[14:]) != m.crc || packed != m.packed || plain != m.plain {
		return formatf("local header at offset %d has another checksum or other sizes", m.offset)
	}
	return nil
}

// localSize returns the bytes of the local header that appendLocal writes.
func (m *member) localSize() int {
	n := localLen + len(m.name)
	if m.wide() {
		n += 4 + 16
	}
	if m.method == Stored {
		n += 4 + 2
		n += (alignment - int((m.offset+int64(n))%alignment)) % alignment
	}
	return n
}

// wide reports whether the local header needs 64-bit sizes. It must be known
// before how much deflate saves is, so it allows for what deflate may add.
func (m *member) wide() bool { return m.plain+m.plain>>8+1<<16 >= max32 }

// appendLocal appends m's local header. After it a stored member's bytes are
// aligned in the file.
func (m *member) appendLocal(b []byte) []byte {
	le := binary.LittleEndian
	end := len(b) + m.localSize()
	b = le.AppendUint32(b, localSignature)
	b = m.appendCommon(b, m.wide())
	if m.wide() {
		b = le.AppendUint64(b, max32<<32|max32)
	} else {
		b = le.AppendUint32(b, uint32(m.packed))
		b = le.AppendUint32(b, uint32(m.plain))
	}
	b = le.AppendUint16(b, uint16(len(m.name)))
	b = le.AppendUint16(b, uint16(end-len(b)-2-len(m.name)))
	b = append(b, m.name...)
	if m.wide() {
		b = appendExtraHead(b, extra64, 16)
		b = le.AppendUint64(b, uint64(m.plain))
		b = le.AppendUint64(b, uint64(m.packed))
	}
	if m.method == Stored {
		b = appendExtraHead(b, extraAlign, end-len(b)-4)
		b = le.AppendUint16(b, alignment)
		b = append(b, make([]byte, end-len(b))...)
	}
	return b
}
