package fold

import (
	"hash/crc32"
	"hash/crc64"
	"math/big"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/internal/residue"
)

// polynomial is a CRC's, as the package has it and, without what is left of x^64, as
// it is written in standards: bit n for x^n.
type polynomial struct {
	name     string
	poly     uint64
	standard uint64
}

// polynomials are CRC-64's, which ends in 1, and CRC-32's times x^32.
var polynomials = []polynomial{
	{"CRC-64", crc64.ECMA, 0x42f0e1eba9ea3693},
	{"CRC-32", crc32.IEEE, 0x04c11db7 << 32},
}

func (p polynomial) big() *big.Int {
	n := new(big.Int).SetUint64(p.standard)
	return n.SetBit(n, 64, 1)
}

// divide divides x^n by the polynomial, on paper.
func (p polynomial) divide(n int) (quotient, rest *big.Int) {
	quotient, rest = new(big.Int), new(big.Int).SetBit(new(big.Int), n, 1)
	for rest.BitLen() >= 65 {
		shift := uint(rest.BitLen() - 65)
		quotient.SetBit(quotient, int(shift), 1)
		rest.Xor(rest, new(big.Int).Lsh(p.big(), shift))
	}
	return quotient, rest
}

// TestKeys derives the constants once more, with long division of polynomials.
func TestKeys(t *testing.T) {
	for _, p := range polynomials {
		t.Run(p.name, func(t *testing.T) {
			keys := deriveKeys(p.poly)
			power := func(n int) uint64 {
				_, rest := p.divide(n)
				return bits.Reverse64(rest.Uint64())
			}
			for k := range 6 {
				distance := 8 * (16 << k)
				require.Equal(t, [2]uint64{power(distance + 63), power(distance - 1)}, keys[k])
			}
			quotient, _ := p.divide(128)
			upper := func(n *big.Int) uint64 { return bits.Reverse64(new(big.Int).Rsh(n, 1).Uint64()) }
			require.Equal(t, [2]uint64{power(127), upper(quotient)}, keys[6])
			require.Equal(t, [2]uint64{upper(p.big()), -(p.standard & 1)}, keys[7])
		})
	}
}

// TestKeysPublished holds constants against those that XZ Utils has for CRC-64, and
// Linux for CRC-32. The latter are of one power of x more, and shifted by one bit.
func TestKeysPublished(t *testing.T) {
	keys := deriveKeys(crc64.ECMA)
	require.Equal(t, [2]uint64{0xe05dd497ca393ae4, 0xdabe95afc7875f40}, keys[0])
	require.Equal(t, uint64(0x9c3e466c172963d5), keys[6][1])
	require.Equal(t, uint64(0x92d8af2baf0e1e85), keys[7][0])

	keys, p := deriveKeys(crc32.IEEE), residue.Modulus[uint64]{Poly: crc32.IEEE}
	require.Equal(t, [2]uint64{0x1751997d0 >> 1, 0x0ccaa009e >> 1}, [2]uint64{p.TimesX(keys[0][0]), p.TimesX(keys[0][1])})
	require.Equal(t, [2]uint64{0x154442bd4 >> 1, 0x1c6e41596 >> 1}, [2]uint64{p.TimesX(keys[2][0]), p.TimesX(keys[2][1])})
}
