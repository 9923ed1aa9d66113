package histogram

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Random bytes are told as such whatever the number of them, and so are random bits.
func TestBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := MaxSample / 2; n < 1<<20; n *= 3 {
		noise, two := make([]byte, n), make([]byte, n)
		for i := range noise {
			noise[i] = byte(r.Uint32())
			two[i] = noise[i] & 1
		}
		h := Sample(noise)
		require.InDelta(t, 8, h.Bits(), 0.15)
		h = Sample(two)
		require.InDelta(t, 1, h.Bits(), 0.1)
		h = Sample(make([]byte, n))
		require.Zero(t, h.Bits())
	}
	require.EqualValues(t, 8, new(Counts).Bits(), "of no bytes nothing is known")
}
