package narrow

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/codec/internal/histogram"
)

// narrow returns n bytes of so many values from base on, and one in rare of others.
func narrow(n, values, rare int, base byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 6))
	b := make([]byte, n)
	for i := range b {
		b[i] = base + byte(r.IntN(values))
		if r.IntN(rare) == 0 {
			b[i] = byte(r.Uint32())
		}
	}
	return b
}

// plain decodes by the definition.
func plain(src []byte) []byte {
	dst := make([]byte, binary.LittleEndian.Uint32(src))
	base, which, src := src[4], src[5], src[6:]
	n := len(dst) / 8
	for k := range 8 {
		if which>>k&1 == 1 {
			for i := range 8 * n {
				dst[i] |= src[i/8] >> (i % 8) & 1 << k
			}
			src = src[n:]
		}
	}
	for i := range 8 * n {
		dst[i] += base
	}
	for src = src[copy(dst[8*n:], src):]; len(src) > 0; src = src[4:] {
		e := binary.LittleEndian.Uint32(src)
		dst[e>>8] = byte(e)
	}
	return dst
}

func TestIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 70_000)).Draw(t, "n")
		values := rapid.SampledFrom([]int{1, 2, 3, 8, 11, 40, 128, 256}).Draw(t, "values")
		rare := rapid.SampledFrom([]int{1 << 30, 1000, 20, 2}).Draw(t, "rare")
		src := narrow(n, values, rare, rapid.Byte().Draw(t, "base"), rapid.Uint64().Draw(t, "seed"))
		dst := make([]byte, 2*n+100)
		size := Encode(dst, src)
		if size == 0 {
			return
		}
		require.True(t, bytes.Equal(src, plain(dst[:size])))
		got := make([]byte, n)
		require.NoError(t, Decode(got, dst[:size]))
		require.True(t, bytes.Equal(src, got))
		require.Equal(t, size, Encode(dst[:size], src), "room for exactly the result is enough")
		require.Zero(t, Encode(dst[:size-1], src), "what does not fit is refused")
	})
}

// The base and the bits are those that the values need, and the estimate says so.
func TestSize(t *testing.T) {
	const n = 100_000
	dst := make([]byte, n)
	for _, c := range []struct {
		values, rare, bits int
		base               byte
	}{
		{2, 1 << 30, 1, 0}, {4, 1 << 30, 2, 254}, {11, 1 << 30, 4, 0xfb}, {16, 1 << 30, 4, 120}, {64, 1 << 30, 6, 7},
		{4, 1000, 2, 0}, {16, 500, 4, 200},
	} {
		src := narrow(n, c.values, c.rare, c.base, 1)
		h := histogram.Sample(src)
		base, left := Estimate(&h)
		require.Equal(t, c.base, base)
		require.InDelta(t, float64(c.bits)/8, left, 0.02)
		size := Encode(dst, src)
		require.InDelta(t, float64(c.bits)/8, float64(size)/n, 0.02)
		require.Equal(t, byte(1<<c.bits-1), dst[5])
	}
	h := histogram.Sample(narrow(n, 256, 1, 0, 1))
	_, left := Estimate(&h)
	require.EqualValues(t, 1, left)
}

func TestNotTheWay(t *testing.T) {
	dst := make([]byte, 2000)
	require.Zero(t, Encode(dst, make([]byte, 1000)), "one value")
	require.Zero(t, Encode(dst, []byte{1, 2, 1, 2, 1, 2, 1}), "no whole byte of a plane")
	require.Zero(t, Encode(dst[:999], narrow(1000, 256, 1, 0, 1)), "noise")
	require.Zero(t, Encode(nil, narrow(1000, 2, 100, 0, 1)))
}

func TestCorrupt(t *testing.T) {
	src := narrow(1003, 4, 60, 9, 3)
	good := make([]byte, len(src))
	good = good[:Encode(good, src)]
	got := make([]byte, len(src))
	require.NoError(t, Decode(got, good))
	for n := range good {
		if err := Decode(got, good[:n]); (len(good)-n)%exceptionSize != 0 || n < len(good)/2 {
			require.ErrorIs(t, err, ErrCorrupt, "cut to %d", n)
		}
	}
	for _, at := range []int{0, 1, 2, 3, 5, len(good) - 1} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x80
		require.ErrorIs(t, Decode(got, bad), ErrCorrupt, "byte %d", at)
	}
	bad := bytes.Clone(good)
	bad[5] = 0
	require.ErrorIs(t, Decode(got, bad), ErrCorrupt, "no planes")
	require.ErrorIs(t, Decode(got[1:], good), ErrCorrupt, "another length")
}

func FuzzDecode(f *testing.F) {
	for n := range 5 {
		src := narrow(n*33, 4, 20, byte(n), 1)
		dst := make([]byte, 200)
		f.Add(len(src), dst[:Encode(dst, src)])
	}
	f.Fuzz(func(t *testing.T, n int, src []byte) {
		dst := make([]byte, min(max(n, 0), 1<<16))
		if Decode(dst, src) == nil {
			require.Equal(t, plain(src), dst)
		}
	})
}

// TestCountOnes subtracts every base from every byte.
func TestCountOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var h histogram.Counts
	for v := range h {
		h[v] = uint16(r.IntN(9))
	}
	h[r.IntN(256)] += 1000
	ones := countOnes(&h)
	for base := range 256 {
		var want [8]uint16
		for v, n := range h {
			for k := range want {
				want[k] += n * uint16(byte(v-base)>>k&1)
			}
		}
		for k := range want {
			require.Equal(t, want[k], ones[k][base&(2<<k-1)], "bit %d, base %d", k, base)
		}
	}
}
