package blosclz

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// patchy returns bytes with repeats near and far.
func patchy(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, 0, n)
	for len(b) < n {
		if k := r.IntN(100); len(b) > 0 && r.IntN(2) == 0 {
			from := len(b) - 1 - r.IntN(min(len(b), 1<<(1+r.IntN(17))))
			for range k {
				b = append(b, b[from])
				from++
			}
		} else {
			for range k {
				b = append(b, byte(r.Uint32()))
			}
		}
	}
	return b[:n]
}

func TestIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 300_000)).Draw(t, "n")
		src := patchy(n, rapid.Uint64().Draw(t, "seed"))
		level := rapid.IntRange(0, 9).Draw(t, "level")
		dst := make([]byte, n+n/32+1)
		size := Encode(dst, src, level)
		require.Positive(t, size+1-min(1, n))
		got := make([]byte, n)
		require.NoError(t, Decode(got, dst[:size]))
		require.True(t, bytes.Equal(src, got))
		if size > 0 {
			require.Zero(t, Encode(dst[:size-1], src, level), "what does not fit is refused")
		}
	})
}

func TestCorrupt(t *testing.T) {
	for name, src := range map[string][]byte{
		"empty":          {},
		"short run":      {3, 1, 2},
		"long run":       {3, 1, 2, 3, 4, 0, 5},
		"before start":   {0, 1, 0x20, 200},
		"no distance":    {0, 1, 0x20},
		"no length":      {0, 1, 0xe0, 255},
		"no far":         {0, 1, 0x3f, 255, 0},
		"far too far":    {0, 1, 0x3f, 255, 0, 0},
		"match too long": {0, 1, 0xe0, 255, 255, 9, 0},
		"too few":        {2, 1, 2, 3},
	} {
		require.ErrorIs(t, Decode(make([]byte, 4), src), ErrCorrupt, name)
	}
}

func FuzzDecode(f *testing.F) {
	for n := range 5 {
		src := patchy(n*100, 1)
		dst := make([]byte, len(src)*2+1)
		f.Add(len(src), dst[:Encode(dst, src, 5)])
	}
	f.Fuzz(func(t *testing.T, n int, src []byte) {
		dst := make([]byte, min(max(n, 0), 1<<20))
		if Decode(dst, src) != nil {
			return
		}
		again := make([]byte, len(dst)+len(dst)/32+1)
		again = again[:Encode(again, dst, 5)]
		got := make([]byte, len(dst))
		if err := Decode(got, again); err != nil || !bytes.Equal(dst, got) {
			t.Fatal("encode and decode differ", err)
		}
	})
}
