package npz

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// manyElements returns a column that several goroutines read, on as many processors.
func manyElements(t *testing.T) soa.Array {
	before := runtime.GOMAXPROCS(4)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	x, rng := make([]uint64, 4<<20/8+1), rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = rng.Uint64()
	}
	return soa.Of(x)
}

// TestPartsAreChecked reads one large column, as it is and with a flipped bit in any of
// its parts.
func TestPartsAreChecked(t *testing.T) {
	want := dict("x", manyElements(t))
	file := written(t, want, Options{})
	for range 20 {
		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		d := soa.NewDict()
		require.NoError(t, r.Read(context.Background(), d))
		requireDict(t, want, d)
		d, err = r.View(context.Background(), file)
		require.NoError(t, err)
		requireDict(t, want, d)

		f, err := r.Field("x")
		require.NoError(t, err)
		at, bit := f.Offset+rand.Int64N(4<<20), byte(1)<<rand.IntN(8)
		file[at] ^= bit
		require.ErrorIs(t, r.Read(context.Background(), d), ErrChecksum)
		_, err = r.View(context.Background(), file)
		require.ErrorIs(t, err, ErrChecksum)
		file[at] ^= bit
	}
}

func TestPartsOfForeignByteOrder(t *testing.T) {
	a := manyElements(t)
	var file bytes.Buffer
	require.NoError(t, WriteArray(&file, a))
	native, foreign := []byte("'<u8'"), []byte("'>u8'")
	if soa.NativeBigEndian() {
		native, foreign = foreign, native
	}
	swapped := bytes.Replace(file.Bytes(), native, foreign, 1)
	have, err := ReadArray(bytes.NewReader(swapped), int64(len(swapped)))
	require.NoError(t, err)
	for i := 0; i < a.NBytes(); i += 8 {
		require.Equal(t, bits.ReverseBytes64(binary.NativeEndian.Uint64(a.Bytes()[i:])), binary.NativeEndian.Uint64(have.Bytes()[i:]))
	}
}
