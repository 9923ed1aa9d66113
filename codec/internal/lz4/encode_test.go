package lz4

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/codec/internal/cblosc"
	"github.com/soastore/soa/codec/internal/columns"
)

// reference is liblz4's block of src, by the library that is a port of it.
func reference(t require.TestingT, src []byte, acceleration int) []byte {
	block := make([]byte, lz4.CompressBlockBound(len(src)))
	c := lz4.CompressorCCompat{Acceleration: acceleration}
	n, err := c.CompressBlock(src, block)
	require.NoError(t, err)
	return block[:n]
}

// encoding has rooms to encode in.
type encoding struct{ from, to room }

func newEncoding(t testing.TB, size int) encoding {
	return encoding{newRoom(t, size), newRoom(t, Bound(size))}
}

// judge encodes data at either edge of rooms, with all kinds of room for the result,
// and checks this.
func (e encoding) judge(t require.TestingT, data []byte, acceleration int) {
	want := reference(t, data, acceleration)
	require.LessOrEqual(t, len(want), Bound(len(data)))
	for _, edge := range []func(room, int) []byte{room.first, room.last} {
		src := edge(e.from, len(data))
		copy(src, data)
		for _, size := range []int{0, len(want) / 2, len(want) - 1, len(want), len(want) + 1, Bound(len(data))} {
			dst := edge(e.to, size)
			n := Encode(dst, src, acceleration)
			e.to.intact(t, dst)
			if size < len(want) {
				require.Zero(t, n, "%d bytes in %d", len(data), size)
				continue
			}
			require.True(t, bytes.Equal(want, dst[:n]), "%d bytes: %d, not %d", len(data), n, len(want))
		}
		e.from.intact(t, src)
		require.True(t, bytes.Equal(data, src), "src was written")
	}
	restored(t, data, want)
}

// restored decodes block by the own decoder and that of the library.
func restored(t require.TestingT, data, block []byte) {
	got := make([]byte, len(data))
	require.NoError(t, Decode(got, block))
	require.True(t, bytes.Equal(data, got))
	if len(data) > 0 {
		n, err := lz4.UncompressBlock(block, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got[:n]))
	}
}

// mixture returns n bytes that are noise of so many values, now and then interrupted
// by repeats, near and far.
func mixture(r *rand.Rand, n, values int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(values))
	}
	longest := 1 + r.IntN(1+r.IntN(3000))
	for i := 1 + r.IntN(50); i < n; i += 1 + r.IntN(1+r.IntN(400)) {
		offset := 1 + r.IntN(1+r.IntN(i))
		for end := min(n, i+r.IntN(longest)); i < end; i++ {
			b[i] = b[i-offset]
		}
	}
	return b
}

// The least length for large positions.
const large = 1<<16 + 11

func TestEncode(t *testing.T) {
	e := newEncoding(t, 200<<10)
	eachLevel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 5000), rapid.IntRange(large-30, large+30),
				rapid.IntRange(0, 200<<10)).Draw(t, "bytes")
			values := rapid.SampledFrom([]int{1, 2, 4, 10, 30, 256}).Draw(t, "values")
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
			acceleration := rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(-1, 1<<18)).Draw(t, "acceleration")
			e.judge(t, mixture(r, n, values), acceleration)
		})
	})
}

// Every short length, and so every alignment and every way to end.
func TestEncodeLengths(t *testing.T) {
	e := newEncoding(t, 4<<10)
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 400 {
		for _, values := range []int{1, 2, 5, 256} {
			e.judge(t, mixture(r, n, values), 1+n%9)
		}
		e.judge(t, bytes.Repeat([]byte("abc"), n), 1)
	}
}

// A match that begins in any of the first bytes and ends in any of the last ones, of
// short blocks and long ones.
func TestEncodeEdges(t *testing.T) {
	e := newEncoding(t, 80<<10)
	for n, step := range map[int]int{64: 1, large - 1: 10, large: 10} {
		all := mixture(rand.New(rand.NewPCG(5, uint64(n))), n, 20)
		for start := 0; start < 20; start += step {
			for end := range 20 {
				data := bytes.Clone(all)
				copy(data[n-end-22:n-end], data[start:])
				e.judge(t, data, 1)
			}
		}
	}
}

// As far as an offset reaches, and one further: noise, a run, and the noise again.
func TestEncodeFar(t *testing.T) {
	e := newEncoding(t, 80<<10)
	start := noise(rand.New(rand.NewPCG(6, 6)), 100)
	for _, offset := range []int{maxOffset - 1, maxOffset, maxOffset + 1} {
		run := bytes.Repeat([]byte{1}, offset-len(start))
		data := bytes.Join([][]byte{start, run, start}, nil)
		e.judge(t, data, 1)
		size := Encode(make([]byte, Bound(len(data))), data, 1)
		require.Equal(t, offset <= maxOffset, size < len(run)/255+2*len(start), "offset %d: %d bytes", offset, size)
	}
}

// Streams are, within 3 %, as short as those of liblz4.
func TestEncodeAgainstC(t *testing.T) {
	c := cblosc.Start(t)
	const chunkHeader = 16 + 4 + 4 // and where the only block is, and its size
	for _, col := range columns.Make(planeBytes) {
		for k, plane := range planes(col) {
			for _, level := range []int{1, 5, 9} {
				s := cblosc.Settings{Codec: "lz4", Level: level, TypeSize: 1, BlockSize: len(plane)}
				chunk, _ := c.Compress(plane, s, 1)
				n := Encode(make([]byte, len(plane)), plane, 10-level)
				if len(chunk) > len(plane) {
					require.True(t, n == 0 || n > len(plane)*97/100, "%s, byte %d: %d", col.Name, k, n)
					continue
				}
				require.InEpsilon(t, len(chunk)-chunkHeader, n, 0.03, "%s, byte %d", col.Name, k)
			}
		}
	}
}

// Whatever is encoded is restored.
func FuzzEncode(f *testing.F) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, n := range []int{0, 1, 12, 13, 40, 700, 4 << 10} {
		f.Add(mixture(r, n, 1+n%7), n)
		f.Add(bytes.Repeat([]byte{7}, n), 1)
	}
	e := newEncoding(f, 4<<10)
	f.Fuzz(func(t *testing.T, data []byte, acceleration int) {
		e.judge(t, data[:min(len(data), 4<<10)], acceleration)
	})
}
