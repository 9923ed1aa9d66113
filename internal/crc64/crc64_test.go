package crc64

import (
	"bytes"
	"hash/crc64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/internal/fold/foldtest"
)

// want is the CRC that everything is held against.
func want(crc uint64, p []byte) uint64 { return crc64.Update(crc, crc64.MakeTable(crc64.ECMA), p) }

// TestKnown holds Checksum against the check value of CRC-64/XZ in the catalogue of
// parametrised CRC algorithms (reveng.sourceforge.io/crc-catalogue).
func TestKnown(t *testing.T) {
	foldtest.EachLevel(t, func(t *testing.T) {
		require.Equal(t, uint64(0x995dc9bbdf1939fa), Checksum([]byte("123456789")))
		require.Zero(t, Checksum(nil))
		require.Equal(t, uint64(5), Update(5, nil))
	})
}

func TestUpdate(t *testing.T) { foldtest.Update(t, Update, want) }

// TestNoAllocation: the kernels keep nothing, so callers' arrays stay on the stack.
func TestNoAllocation(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var p, q [9000]byte
		UpdateCopy(Checksum(p[:]), q[:], p[:])
	}))
}

// FuzzUpdate repeats short inputs, which a fuzzer gets on with, so that all kernels
// have something to do.
func FuzzUpdate(f *testing.F) {
	f.Add(uint64(0), []byte(nil), uint8(0), uint16(0))
	f.Add(uint64(0), []byte("123456789"), uint8(1), uint16(4))
	f.Add(^uint64(0), foldtest.RandomBytes(100, 4), uint8(90), uint16(1000))
	f.Fuzz(func(t *testing.T, crc uint64, p []byte, repeat uint8, cut uint16) {
		p = bytes.Repeat(p, int(repeat))
		at := int(cut) % (len(p) + 1)
		sum := want(crc, p)
		require.Equal(t, sum, Update(crc, p))
		require.Equal(t, sum, Update(Update(crc, p[:at]), p[at:]))
		require.Equal(t, sum, Combine(Update(crc, p[:at]), Checksum(p[at:]), int64(len(p)-at)))
		q := make([]byte, len(p))
		require.Equal(t, sum, UpdateCopy(crc, q, p))
		require.True(t, bytes.Equal(p, q))
	})
}
