package crc64

import (
	"hash/crc64"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// want is the CRC that everything is held against.
func want(crc uint64, p []byte) uint64 { return crc64.Update(crc, crc64.MakeTable(crc64.ECMA), p) }

func randomBytes(n int, seed uint64) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// TestKnown holds Checksum against the check value of CRC-64/XZ in the catalogue of
// parametrised CRC algorithms (reveng.sourceforge.io/crc-catalogue).
func TestKnown(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		require.Equal(t, uint64(0x995dc9bbdf1939fa), Checksum([]byte("123456789")))
		require.Zero(t, Checksum(nil))
	})
}

// TestLengths sums every length, each at another alignment, on top of another sum.
func TestLengths(t *testing.T) {
	data := randomBytes(4096+64, 1)
	eachLevel(t, func(t *testing.T) {
		crc := uint64(0)
		for n := range 4096 + 1 {
			p := data[n%64:][:n]
			expected := want(crc, p)
			crc = Update(crc, p)
			require.Equal(t, expected, crc, "%d bytes", n)
		}
	})
}
