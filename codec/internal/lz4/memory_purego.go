//go:build purego

package lz4

import "encoding/binary"

// memory is a slice whose every use is checked: the twin of the one without.
type memory struct{ b []byte }

func memoryOf(b []byte) memory { return memory{b[:len(b):len(b)]} }

func (m memory) load64(i int) uint64 { return binary.LittleEndian.Uint64(m.b[i:]) }
func (m memory) load32(i int) uint32 { return binary.LittleEndian.Uint32(m.b[i:]) }
func (m memory) load8(i int) byte    { return m.b[i] }

func (m memory) put64(i int, v uint64) { binary.LittleEndian.PutUint64(m.b[i:], v) }
func (m memory) put16(i int, v uint16) { binary.LittleEndian.PutUint16(m.b[i:], v) }
func (m memory) put8(i int, v byte)    { m.b[i] = v }
