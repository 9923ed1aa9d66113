package crc32

import (
	"bytes"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/internal/fold/foldtest"
)

// want is the CRC that everything is held against.
func want(crc uint32, p []byte) uint32 { return crc32.Update(crc, crc32.IEEETable, p) }

// TestKnown holds Update against the check value of CRC-32/ISO-HDLC in the catalogue of
// parametrised CRC algorithms (reveng.sourceforge.io/crc-catalogue).
func TestKnown(t *testing.T) {
	foldtest.EachLevel(t, func(t *testing.T) {
		require.Equal(t, uint32(0xcbf43926), Update(0, []byte("123456789")))
		require.Zero(t, Update(0, nil))
		require.Equal(t, uint32(5), Update(5, nil))
	})
}

func TestUpdate(t *testing.T) { foldtest.Update(t, Update, want) }

// FuzzUpdate repeats short inputs, which a fuzzer gets on with, so that all kernels
// have something to do.
func FuzzUpdate(f *testing.F) {
	f.Add(uint32(0), []byte(nil), uint8(0), uint16(0))
	f.Add(uint32(0), []byte("123456789"), uint8(1), uint16(4))
	f.Add(^uint32(0), foldtest.RandomBytes(100, 4), uint8(90), uint16(1000))
	f.Fuzz(func(t *testing.T, crc uint32, p []byte, repeat uint8, cut uint16) {
		p = bytes.Repeat(p, int(repeat))
		at := int(cut) % (len(p) + 1)
		sum := want(crc, p)
		require.Equal(t, sum, Update(crc, p))
		require.Equal(t, sum, Update(Update(crc, p[:at]), p[at:]))
		require.Equal(t, sum, Combine(Update(crc, p[:at]), Update(0, p[at:]), int64(len(p)-at)))
	})
}

// BenchmarkUpdate gives the speed relative to hash/crc32's, measured in turns.
func BenchmarkUpdate(b *testing.B) {
	foldtest.EachSize(b, func(b *testing.B, _, src []byte) {
		foldtest.InTurns(b, len(src), []foldtest.Way{
			{Name: "own", Do: func() { Update(0, src) }},
			{Name: "hash/crc32", Do: func() { want(0, src) }},
		})
	})
}
