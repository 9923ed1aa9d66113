package tier

import (
	"bytes"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/stretchr/testify/require"
)

// column bytes from which memory is used again
const large = 100_000

// scribble writes to memory that was released, if there is some of that size.
func scribble(t *testing.T) {
	for range 8 { // of another processor's pool, maybe
		a, err := soa.Array{}.Resize(soa.Uint8, large)
		require.NoError(t, err)
		copy(a.Bytes(), bytes.Repeat([]byte{0xA5}, large))
	}
}

// meddling is a codec that lets something happen before it encodes.
type meddling struct {
	codec.Codec
	first func()
}

func (m meddling) Encode(dst, src []byte, size int) ([]byte, error) {
	m.first()
	return m.Codec.Encode(dst, src, size)
}

// TestDeleteDuringPacking: the memory of a value that is deleted while it is packed is
// not released under the codec.
func TestDeleteDuringPacking(t *testing.T) {
	var tiers *Tiers
	want := smooth(7, large)
	opts := Options{Memory: large, Compressed: large}
	opts.Codec = func(dtype soa.DType) codec.Codec {
		return meddling{lz4(dtype), func() {
			require.NoError(t, tiers.Delete("x"))
			scribble(t)
		}}
	}
	for range 20 {
		var err error
		tiers, err = New(nil, opts)
		require.NoError(t, err)
		d := want.Clone()
		require.NoError(t, tiers.Put(background, "x", d))
		require.NoError(t, tiers.Evict(background, "x"))
		require.True(t, want.Equal(d))
		require.False(t, tiers.Has("x"))
		tiers.Close()
	}
}

// TestReleased: what leaves memory and was given to nobody is used again.
func TestReleased(t *testing.T) {
	for name, leave := range map[string]func(*tiers) error{
		"evict":  func(tt *tiers) error { return tt.Evict(background, "x") },
		"delete": func(tt *tiers) error { return tt.Delete("x") },
	} {
		for _, given := range []bool{false, true} {
			reused := 0
			for range 50 { // a pool may drop what it is given
				tt := newTiers(t, Options{Memory: large})
				d := smooth(7, large).Clone()
				a, _ := d.Get("a")
				require.NoError(t, tt.Put(background, "x", d))
				if given {
					_, err := tt.Get(background, "x", nil)
					require.NoError(t, err)
				}
				require.NoError(t, leave(tt))
				scribble(t)
				if a.Bytes()[0] == 0xA5 {
					reused++
				}
			}
			require.Equal(t, !given, reused > 0, name)
		}
	}
}
