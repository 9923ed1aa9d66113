package genericio

import "encoding/binary"

func bigEndian(order binary.ByteOrder) bool { return order == binary.ByteOrder(binary.BigEndian) }

// swap reverses the bytes of each element of size bytes, in place.
func swap(p []byte, size int) {
	switch size {
	case 2:
		for ; len(p) >= 2; p = p[2:] {
			binary.LittleEndian.PutUint16(p, binary.BigEndian.Uint16(p))
		}
	case 4:
		for ; len(p) >= 4; p = p[4:] {
			binary.LittleEndian.PutUint32(p, binary.BigEndian.Uint32(p))
		}
	case 8:
		for ; len(p) >= 8; p = p[8:] {
			binary.LittleEndian.PutUint64(p, binary.BigEndian.Uint64(p))
		}
	}
}
