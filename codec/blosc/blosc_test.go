package blosc

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// elements returns n bytes that look like an array: slowly rising numbers with
// some noise, of size bytes each.
func elements(n, size int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	b := make([]byte, 0, n+8)
	noise := r.IntN(9) * size / 8
	for v := r.Uint64() >> 8; len(b) < n; v += r.Uint64N(64) {
		word := binary.LittleEndian.AppendUint64(nil, v)
		for k := range size {
			if k < noise {
				b = append(b, byte(r.Uint32()))
			} else {
				b = append(b, word[k%8])
			}
		}
	}
	return b[:n]
}

func drawOptions(t *rapid.T) Options {
	return Options{
		Compressor: Compressor(rapid.IntRange(0, int(numCompressors)-1).Draw(t, "compressor")),
		Shuffle:    Shuffle(rapid.IntRange(0, 2).Draw(t, "shuffle")),
		Level:      rapid.IntRange(0, 9).Draw(t, "level"),
		BlockSize:  rapid.SampledFrom([]int{0, 0, 1, 1000, 4096, 30_000}).Draw(t, "blocksize"),
		Workers:    rapid.IntRange(0, 3).Draw(t, "workers"),
	}
}

func TestIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		size := rapid.OneOf(rapid.SampledFrom([]int{1, 2, 4, 8, 16}), rapid.IntRange(1, 300)).Draw(t, "typesize")
		n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 150_000)).Draw(t, "bytes")
		src := elements(n, size, rapid.Uint64().Draw(t, "seed"))
		chunk, err := Encode([]byte("x"), src, size, o)
		require.NoError(t, err)
		require.LessOrEqual(t, len(chunk), 1+headerSize+n)
		got, err := Decode([]byte("y"), chunk[1:], o)
		require.NoError(t, err)
		require.True(t, bytes.Equal(src, got[1:]))
		o.Workers = 1
		again, err := Encode(nil, src, size, o)
		require.NoError(t, err)
		require.Equal(t, len(chunk)-1, len(again), "the number of workers changes nothing")
	})
}

func TestCompresses(t *testing.T) {
	src := make([]byte, 1<<20)
	for i := range len(src) / 8 {
		binary.LittleEndian.PutUint64(src[8*i:], uint64(i))
	}
	for c := range numCompressors {
		for s := range NoShuffle {
			chunk, err := Encode(nil, src, 8, Options{Compressor: c, Shuffle: s})
			require.NoError(t, err)
			require.Less(t, len(chunk), len(src)/10, "%v %v", c, s)
		}
	}
}

func TestTooLarge(t *testing.T) {
	chunk, err := Encode(nil, make([]byte, 1000), 4, Options{})
	require.NoError(t, err)
	_, err = Decode(nil, chunk, Options{Limit: 999})
	require.ErrorIs(t, err, ErrLimit)
	_, err = Decode(nil, chunk, Options{Limit: 1000})
	require.NoError(t, err)
}

func TestUnknown(t *testing.T) {
	for _, o := range []Options{{Compressor: numCompressors}, {Shuffle: NoShuffle + 1}} {
		got, err := Encode([]byte("x"), make([]byte, 1000), 4, o)
		require.ErrorIs(t, err, ErrUnknown)
		require.Equal(t, "x", string(got))
	}
}

// A header alone cannot make Decode allocate what it says.
func TestPromises(t *testing.T) {
	chunk, err := Encode(nil, make([]byte, 1<<20), 4, Options{})
	require.NoError(t, err)
	for _, blocksize := range []uint32{1, 1000, 1 << 30} {
		bad := bytes.Clone(chunk)
		binary.LittleEndian.PutUint32(bad[4:], 2_000_000_000)
		binary.LittleEndian.PutUint32(bad[8:], blocksize)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = Decode(nil, bad, Options{})
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrFormat)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10<<20))
	}
}

func TestOldZstd(t *testing.T) {
	src := make([]byte, 1<<16)
	chunk, err := Encode(nil, src, 4, Options{Compressor: Zstd})
	require.NoError(t, err)
	at := int(binary.LittleEndian.Uint32(chunk[headerSize:]))
	chunk[at+4] = 0x27
	got, err := Decode(nil, chunk, Options{})
	require.Empty(t, got)
	require.ErrorIs(t, err, ErrOldZstd)
	require.ErrorContains(t, err, "older than 1.0")
	var place *Error
	require.ErrorAs(t, err, &place)
	require.Equal(t, at, place.Offset)
}

// Every truncation and every single changed byte of a header gives an error or the
// right length, never a panic.
func TestDamaged(t *testing.T) {
	for c := range numCompressors {
		src := elements(5000, 4, 1)
		chunk, err := Encode(nil, src, 4, Options{Compressor: c, BlockSize: 2048})
		require.NoError(t, err)
		for n := range chunk {
			_, err := Decode(nil, chunk[:n], Options{})
			require.ErrorIs(t, err, ErrFormat)
		}
		for at := range min(len(chunk), 200) {
			for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				bad := bytes.Clone(chunk)
				bad[at] = v
				if got, err := Decode(nil, bad, Options{Limit: 1 << 20}); err == nil {
					h, _ := ParseHeader(bad)
					require.Len(t, got, h.Bytes)
				}
			}
		}
	}
}

func TestNames(t *testing.T) {
	for c := range numCompressors {
		got, ok := ParseCompressor(c.String())
		require.True(t, ok)
		require.Equal(t, c, got)
	}
	_, ok := ParseCompressor("lzma")
	require.False(t, ok)
	require.Equal(t, "invalid", numCompressors.String())
}

func FuzzDecode(f *testing.F) {
	for _, x := range fixtures(f) {
		if len(x.chunk) < 6_000 {
			f.Add(x.chunk)
		}
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		got, err := Decode(nil, chunk, Options{Limit: 1 << 20, Workers: 1})
		if err != nil {
			return
		}
		h, _ := ParseHeader(chunk)
		again, err := Encode(nil, got, h.TypeSize, Options{Compressor: h.Compressor, Shuffle: h.Shuffle, Workers: 1})
		require.NoError(t, err)
		back, err := Decode(nil, again, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(got, back))
	})
}
