package lz4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// plain decodes by the definition, one byte after the other, to n bytes at most.
func plain(src []byte, n int) (dst []byte, ok bool) {
	next := func() (v int) {
		if len(src) > 0 {
			v, src = int(src[0]), src[1:]
		} else {
			ok = false
		}
		return v
	}
	length := func(l int) int {
		for b := 255; l >= more && b == 255 && ok; l += b {
			b = next()
		}
		return l
	}
	ok = len(src) > 0
	for ok && len(src) > 0 {
		token := next()
		for l := length(token >> 4); l > 0 && ok && len(dst) <= n; l-- {
			dst = append(dst, byte(next()))
		}
		if !ok || len(src) == 0 {
			break
		}
		offset := next() + next()<<8
		m := length(token&more) + minMatch
		ok = ok && offset > 0 && offset <= len(dst)
		for ; m > 0 && ok && len(dst) <= n; m-- {
			dst = append(dst, dst[len(dst)-offset])
		}
	}
	return dst, ok && len(dst) == n
}

// judge decodes src to n bytes, at either edge of rooms, and compares with plain.
func judge(t require.TestingT, from, to room, src []byte, n int) {
	want, ok := plain(src, n)
	for _, edge := range []func(room, int) []byte{room.first, room.last} {
		in := edge(from, len(src))
		copy(in, src)
		out := edge(to, n)
		err := Decode(out, in)
		require.Equal(t, ok, err == nil, "%d bytes of %x", n, src)
		if ok {
			require.True(t, bytes.Equal(want, out), "%d bytes of %x", n, src)
		} else {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		require.True(t, bytes.Equal(src, in), "src was written")
		to.intact(t, out)
	}
}

// appendLength appends the bytes behind a token that make it say n.
func appendLength(b []byte, n int) []byte {
	for n -= more; n >= 0; n -= 255 {
		b = append(b, byte(min(n, 255)))
	}
	return b
}

// appendSequence appends a sequence, without match if m is 0.
func appendSequence(b []byte, literals []byte, offset, m int) []byte {
	l, k := len(literals), max(m-minMatch, 0)
	b = append(b, byte(min(l, more)<<4|min(k, more)))
	b = append(appendLength(b, l), literals...)
	if m == 0 {
		return b
	}
	return appendLength(binary.LittleEndian.AppendUint16(b, uint16(offset)), k)
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Every length of literals and matches with every small offset, in the middle of a
// block and at its ends.
func TestEveryShape(t *testing.T) {
	from, to := newRoom(t, 8<<10), newRoom(t, 8<<10)
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		shape := func(literals, offset, m, after int) {
			start := noise(r, 70)
			b := appendSequence(nil, start, 3, 9)
			n := len(start) + 9 + literals
			b = appendSequence(b, noise(r, literals), min(offset, n), m)
			b = appendSequence(b, noise(r, after), 0, 0)
			judge(t, from, to, b, n+m+after)
		}
		for _, after := range []int{0, 1, 5, 30, 33, 100} {
			for offset := 1; offset < 70; offset++ {
				for m := minMatch; m < 70; m += 1 + m/20 {
					shape(offset%20, offset, m, after)
				}
			}
			for literals := range 600 {
				shape(literals, 20+literals%50, 4+literals%30, after)
				shape(literals%18, 1+literals%80, 4+literals, after)
			}
		}
	})
}

// drawBlock returns a block of drawn sequences, and how many bytes it holds.
func drawBlock(t *rapid.T) (block []byte, n int) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	sequences := rapid.IntRange(0, 60).Draw(t, "sequences")
	far := rapid.SampledFrom([]int{3, 20, 40, 1000, 60_000}).Draw(t, "far")
	long := rapid.SampledFrom([]int{1, 3, 20, 700}).Draw(t, "long")
	literals := noise(r, 1+r.IntN(40))
	for range sequences {
		n += len(literals)
		offset, m := 1+r.IntN(min(n, far)), minMatch+r.IntN(4+long)
		block = appendSequence(block, literals, offset, m)
		n += m
		literals = noise(r, max(0, r.IntN(4+long)-2))
	}
	return appendSequence(block, literals, 0, 0), n + len(literals)
}

func TestRandom(t *testing.T) {
	from, to := newRoom(t, 128<<10), newRoom(t, 128<<10)
	eachLevel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			block, n := drawBlock(t)
			judge(t, from, to, block, n)
			judge(t, from, to, block, n+rapid.IntRange(-min(n, 20), 20).Draw(t, "wrong length"))
			at := rapid.IntRange(0, len(block)-1).Draw(t, "at")
			block[at] = rapid.Byte().Draw(t, "changed")
			judge(t, from, to, block, n)
			judge(t, from, to, block[:at], n)
		})
	})
}

// Blocks of the library's encoders.
func TestEncoded(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
			src := noise(r, rapid.IntRange(20, 100_000).Draw(t, "n"))
			values := rapid.IntRange(1, 40).Draw(t, "values")
			for i := range src {
				if src[i] %= byte(values); i > 300 && r.IntN(40) > 0 {
					src[i] = src[i-values]
				}
			}
			block := make([]byte, lz4.CompressBlockBound(len(src)))
			var n int
			var err error
			if rapid.Bool().Draw(t, "thorough") {
				n, err = lz4.CompressBlockHC(src, block, lz4.Level5, nil, nil)
			} else {
				n, err = lz4.CompressBlock(src, block, nil)
			}
			require.NoError(t, err)
			got := make([]byte, len(src))
			require.NoError(t, Decode(got, block[:n]))
			require.True(t, bytes.Equal(src, got))
		})
	})
}

// small returns blocks of all kinds of sequences, long enough for the kernels.
func small() map[string][]byte {
	r := rand.New(rand.NewPCG(4, 4))
	blocks := map[string][]byte{}
	for _, offset := range []int{1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 40} {
		b := appendSequence(nil, noise(r, 41), offset, 7)
		b = appendSequence(b, nil, offset, 18)
		b = appendSequence(b, noise(r, 3), offset, 40)
		b = appendSequence(b, noise(r, 17), offset, 300)
		b = appendSequence(b, nil, offset, 5)
		b = appendSequence(b, noise(r, 33), 0, 0)
		blocks[fmt.Sprint(offset)] = b
	}
	return blocks
}

const smallBytes = 41 + 7 + 18 + 3 + 40 + 17 + 300 + 5 + 33

// Every truncation is an error, and every changed bit is one or gives other bytes.
func TestDamaged(t *testing.T) {
	from, to := newRoom(t, 4<<10), newRoom(t, 4<<10)
	eachLevel(t, func(t *testing.T) {
		for offset, b := range small() {
			got := make([]byte, smallBytes)
			require.NoError(t, Decode(got, b), "offset %s", offset)
			for n := range b {
				require.ErrorIs(t, Decode(got, b[:n]), ErrCorrupt, "cut to %d", n)
				judge(t, from, to, b[:n], smallBytes)
			}
			for bit := range 8 * len(b) {
				bad := bytes.Clone(b)
				bad[bit/8] ^= 1 << (bit % 8)
				judge(t, from, to, bad, smallBytes)
			}
		}
	})
}

func TestCorrupt(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for name, src := range map[string][]byte{
			"empty":           {},
			"no literals":     {0x20, 1},
			"no more":         {0xf0},
			"no end of more":  {0xf0, 255, 255},
			"no offset":       {0x10, 1},
			"half an offset":  {0x10, 1, 1},
			"offset 0":        {0x10, 1, 0, 0},
			"before start":    {0x10, 1, 2, 0},
			"no match length": {0x1f, 1, 1, 0},
			"match too long":  {0x1f, 1, 1, 0, 9},
			"too few":         {0x30, 1, 2, 3},
		} {
			require.ErrorIs(t, Decode(make([]byte, 5), src), ErrCorrupt, name)
		}
		require.NoError(t, Decode(nil, []byte{0}))
		require.NoError(t, Decode([]byte{1}, []byte{0x1f, 1}), "a last match's length means nothing")
	})
}

// The kernel, its portable twin and the plain decoder agree on any input, and with
// the library on what that decodes.
func FuzzDecode(f *testing.F) {
	for _, b := range small() {
		f.Add(b, smallBytes)
	}
	from, to := newRoom(f, 4<<10), newRoom(f, 4<<10)
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		src, n = src[:min(len(src), 4<<10)], min(max(n, 0), 4<<10)
		judge(t, from, to, src, n)
		got, other := make([]byte, n), make([]byte, n)
		err := Decode(got, src)
		require.Equal(t, err, otherLevel(other, src))
		if size, theirErr := lz4.UncompressBlock(src, other); theirErr == nil && size == n && len(src) > 0 {
			require.NoError(t, err)
			require.True(t, bytes.Equal(got, other))
		}
	})
}
