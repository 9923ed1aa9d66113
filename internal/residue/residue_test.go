package residue_test

import (
	"hash/crc32"
	"hash/crc64"
	"testing"

	"github.com/soastore/soa/internal/residue"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	modulus32 = residue.Modulus[uint32]{Poly: crc32.IEEE}
	modulus64 = residue.Modulus[uint64]{Poly: crc64.ECMA}
)

func TestJoin(t *testing.T) {
	table := crc64.MakeTable(crc64.ECMA)
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.Byte(), 0, 3000)
		a, b := bytes.Draw(t, "a"), bytes.Draw(t, "b")
		both := append(append([]byte{}, a...), b...)
		require.Equal(t, crc32.ChecksumIEEE(both), modulus32.Join(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), int64(len(b))))
		require.Equal(t, crc64.Checksum(both, table), modulus64.Join(crc64.Checksum(a, table), crc64.Checksum(b, table), int64(len(b))))
	})
}

// TestJoinLong doubles a block of zeros up to lengths that no memory holds, in two
// orders.
func TestJoinLong(t *testing.T) {
	zeros := make([]byte, 1<<20)
	sums := []uint32{crc32.ChecksumIEEE(zeros[:1])}
	for k := range 61 {
		sums = append(sums, modulus32.Join(sums[k], sums[k], 1<<k))
	}
	require.Equal(t, crc32.ChecksumIEEE(zeros), sums[20])
	left := modulus32.Join(modulus32.Join(sums[60], sums[40], 1<<40), sums[61], 1<<61)
	right := modulus32.Join(sums[60], modulus32.Join(sums[40], sums[61], 1<<61), 1<<40+1<<61)
	require.Equal(t, left, right)
	require.Panics(t, func() { modulus32.Join(3, 5, -1) })
}
