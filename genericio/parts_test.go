package genericio_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

// TestPartsAreChecked reads one large column on several processors, as it is and with
// a flipped bit in any of its parts.
func TestPartsAreChecked(t *testing.T) {
	before := runtime.GOMAXPROCS(4)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	x, rng := make([]uint64, 4<<20/8+1), rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = rng.Uint64()
	}
	want := soa.NewDict()
	want.Set("x", soa.Of(x))
	f := write(t, []*soa.Dict{want}, func(int) genericio.Spec { return genericio.Spec{Align: 64} })
	r := f.reader(t)
	at := r.Block(0, 0).Offset
	for range 20 {
		d := soa.NewDict()
		require.NoError(t, r.ReadRank(ctx, 0, d))
		requireEqual(t, want, d, 0)
		d, err := r.View(ctx, f.data, 0)
		require.NoError(t, err)
		requireEqual(t, want, d, 0)

		i, bit := at+rand.Int64N(4<<20), byte(1)<<rand.IntN(8)
		f.data[i] ^= bit
		require.ErrorIs(t, r.ReadRank(ctx, 0, d), genericio.ErrChecksum)
		_, err = r.View(ctx, f.data, 0)
		require.ErrorIs(t, err, genericio.ErrChecksum)
		f.data[i] ^= bit
	}
}
