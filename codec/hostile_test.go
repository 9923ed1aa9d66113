package codec

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// encodings returns a small array in every way that there is to encode it.
func encodings(t testing.TB) (array []byte, encoded [][]byte) {
	array = make([]byte, 6_003)
	r := rand.New(rand.NewPCG(8, 8))
	for i := range len(array) / 4 {
		binary.LittleEndian.PutUint32(array[4*i:], uint32(i*i)&0xffffff00|uint32(r.IntN(4)))
	}
	for id := None; id <= Blosc; id++ {
		for s := range NoShuffle + 1 {
			c, err := New(id, Options{Shuffle: s, Delta: s == ByteShuffle && id == S2})
			require.NoError(t, err)
			e, err := c.Encode(nil, array, 4)
			require.NoError(t, err)
			encoded = append(encoded, e)
		}
	}
	return array, encoded
}

func TestLimit(t *testing.T) {
	array, encoded := encodings(t)
	for _, e := range encoded {
		_, err := Decode(nil, e, Options{Limit: len(array) - 1})
		require.ErrorIs(t, err, ErrLimit)
		_, err = Decode(nil, e, Options{Limit: len(array)})
		require.NoError(t, err)
	}
}

func TestCut(t *testing.T) {
	_, encoded := encodings(t)
	for _, e := range encoded {
		for n := 0; n < len(e); n += 1 + n/100 {
			got, err := Decode([]byte("x"), e[:n], Options{})
			require.ErrorIs(t, err, ErrFormat)
			require.Equal(t, []byte("x"), got)
		}
	}
}

// Changed bytes give an error of a known kind, or other bytes, but no panic.
func TestChanged(t *testing.T) {
	_, encoded := encodings(t)
	for _, e := range encoded {
		for at := range min(len(e), 100) {
			for _, v := range []byte{0, 1, 3, 0x7f, 0x80, 0xff} {
				bad := bytes.Clone(e)
				bad[at] = v
				_, err := Decode(nil, bad, Options{Limit: 1 << 20})
				var known *Error
				if err != nil {
					require.ErrorAs(t, err, &known)
				}
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	good, err := frameCodec{LZ4, Options{Delta: true}}.Encode(nil, make([]byte, 1000), 4)
	require.NoError(t, err)
	for _, bad := range []struct {
		at    int
		value byte
		kind  error
	}{
		{0, 0, ErrFormat},    // magic
		{1, 9, ErrUnknown},   // ID
		{2, 3, ErrFormat},    // two shuffles
		{2, 8, ErrFormat},    // no such filter
		{3, 0, ErrFormat},    // no bytes of an element
		{3, 3, ErrFormat},    // no such integers
		{6, 255, ErrFormat},  // large blocks
		{15, 255, ErrFormat}, // large array
	} {
		b := bytes.Clone(good)
		b[bad.at] = bad.value
		_, err := Decode(nil, b, Options{})
		require.ErrorIs(t, err, bad.kind, "byte %d", bad.at)
	}
}

// A header alone cannot make Decode allocate what it says.
func TestPromises(t *testing.T) {
	c, err := New(Zstd, Options{})
	require.NoError(t, err)
	e, err := c.Encode(nil, make([]byte, 1<<20), 4)
	require.NoError(t, err)
	for _, size := range []uint64{2 << 20, 1 << 40, 1 << 62, 1 << 63} {
		binary.LittleEndian.PutUint64(e[8:], size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = Decode(nil, e, Options{})
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrFormat)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<16))
	}
}

func TestOldZstd(t *testing.T) {
	c, err := New(Blosc, Options{Inner: 2})
	require.NoError(t, err)
	e, err := c.Encode(nil, make([]byte, 1<<16), 4)
	require.NoError(t, err)
	e[binary.LittleEndian.Uint32(e[16:])+4] = 0x27 // the magic number's first byte
	_, err = Decode(nil, e, Options{})
	require.ErrorIs(t, err, ErrOldZstd)
}

func FuzzDecode(f *testing.F) {
	_, encoded := encodings(f)
	for _, e := range encoded {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, e []byte) {
		got, err := Decode(nil, e, Options{Limit: 1 << 20, Workers: 1})
		if err != nil {
			return
		}
		again, err := NewAuto(Other, Options{Workers: 1}).Encode(nil, got, 4)
		require.NoError(t, err)
		back, err := Decode(nil, again, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(got, back))
	})
}
