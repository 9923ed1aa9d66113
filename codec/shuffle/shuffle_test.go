package shuffle

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// plainShuffle, plainBitShuffle follow the definitions, one byte or bit at a time.
func plainShuffle(src []byte, size int) []byte {
	dst := bytes.Clone(src)
	n := len(src) / size
	for i := range n * size {
		dst[i%size*n+i/size] = src[i]
	}
	return dst
}

func plainBitShuffle(src []byte, size int) []byte {
	dst := bytes.Clone(src)
	n := len(src) / size &^ 7
	clear(dst[:n*size])
	for bit := range n * size * 8 {
		element, weight := bit/(8*size), bit%(8*size)
		to := weight*n + element
		dst[to/8] |= src[bit/8] >> (bit % 8) & 1 << (to % 8)
	}
	return dst
}

func randomBytes(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// guarded returns a slice of n bytes at an odd offset, and a check that the bytes
// around it were not written.
func guarded(n, offset int) ([]byte, func(t require.TestingT)) {
	whole := bytes.Repeat([]byte{0xa5}, offset+n+64)
	return whole[offset : offset+n : offset+n], func(t require.TestingT) {
		require.Equal(t, bytes.Repeat([]byte{0xa5}, offset), whole[:offset], "before")
		require.Equal(t, bytes.Repeat([]byte{0xa5}, 64), whole[offset+n:], "after")
	}
}

func checkAll(t require.TestingT, src []byte, size, offset int) {
	for _, f := range []struct {
		name        string
		plain       func([]byte, int) []byte
		there, back func(dst, src []byte, typesize int)
	}{
		{"bytes", plainShuffle, Shuffle, Unshuffle},
		{"bits", plainBitShuffle, BitShuffle, BitUnshuffle},
	} {
		got, intact := guarded(len(src), offset)
		f.there(got, src, size)
		require.True(t, bytes.Equal(f.plain(src, size), got), "%s of size %d, %d bytes", f.name, size, len(src))
		intact(t)
		back, intact := guarded(len(src), offset)
		f.back(back, got, size)
		require.True(t, bytes.Equal(src, back), "%s back, of size %d, %d bytes", f.name, size, len(src))
		intact(t)
	}
}

func TestEverySize(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		sizes := []int{64, 100, 255, 256, 300}
		for size := range 40 {
			sizes = append(sizes, size+1)
		}
		for _, size := range sizes {
			for _, n := range []int{0, 1, 33, 66, 67, 523} {
				checkAll(t, randomBytes(n*size+size/2, uint64(size)), size, size%32)
			}
		}
	})
}

func TestRandom(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			size := rapid.OneOf(rapid.SampledFrom([]int{1, 2, 4, 8, 16}), rapid.IntRange(1, 300)).Draw(t, "size")
			n := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(0, 20_000)).Draw(t, "bytes")
			offset := rapid.IntRange(0, 63).Draw(t, "offset")
			src := randomBytes(offset+n, uint64(n))[offset:]
			checkAll(t, src, size, offset)
		})
	})
}

// A scattered Join and Split keep to their planes.
func TestScatteredPlanes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, size := range []int{1, 2, 3, 4, 7, 8, 13, 16, 40} {
			n := 500
			src := randomBytes(n*size, 3)
			planes := make([][]byte, size)
			intact := make([]func(require.TestingT), size)
			for k := range planes {
				planes[k], intact[k] = guarded(n, k+1)
			}
			Split(planes, src)
			for k := range planes {
				intact[k](t)
				require.Equal(t, src[5*size+k], planes[k][5])
			}
			back := make([]byte, len(src))
			Join(back, planes)
			require.True(t, bytes.Equal(src, back))
		}
	})
}

// JoinBits undoes SplitBits, which follows its definition and keeps to its planes.
func TestScatteredBits(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, n := range []int{0, 8, 64, 72, 1000, 4096 + 24} {
			for _, base := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				src := randomBytes(n, 5)
				var planes [8][]byte
				var intact [8]func(require.TestingT)
				for k := range planes {
					planes[k], intact[k] = guarded(n/8, 3*k)
				}
				b, around := guarded(n, 5)
				copy(b, src)
				SplitBits(&planes, b, base)
				around(t)
				for k := range planes {
					intact[k](t)
					for at, v := range src {
						require.Equal(t, (v-base)>>k&1, planes[k][at/8]>>(at%8)&1, "bit %d of byte %d of %d", k, at, n)
					}
				}
				JoinBits(b, &planes, base)
				around(t)
				require.True(t, bytes.Equal(src, b))
			}
		}
	})
}

func TestWrongLengths(t *testing.T) {
	require.Panics(t, func() { Shuffle(make([]byte, 7), make([]byte, 8), 4) })
	require.Panics(t, func() { Shuffle(nil, nil, 0) })
	require.Panics(t, func() { Split(nil, nil) })
	require.Panics(t, func() { Split([][]byte{make([]byte, 100), make([]byte, 99)}, make([]byte, 200)) })
	require.Panics(t, func() { JoinBits(make([]byte, 9), new([8][]byte), 0) })
	require.Panics(t, func() { Join(make([]byte, 3), [][]byte{make([]byte, 2), make([]byte, 2)}) })
}
