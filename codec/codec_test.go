package codec

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/codec/internal/columns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func kindOf(c columns.Column) Kind {
	if c.Float {
		return Float
	}
	return Integer
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// drawArray returns an array of one of several natures.
func drawArray(t *rapid.T, typesize int) []byte {
	n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 300_000)).Draw(t, "bytes")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	b := make([]byte, n)
	values := rapid.SampledFrom([]int{1, 2, 5, 100, 256}).Draw(t, "values")
	fixed := rapid.IntRange(0, typesize).Draw(t, "fixed")
	for i := range b {
		if i%typesize >= fixed {
			b[i] = byte(r.IntN(values))
		} else if i >= typesize && r.IntN(50) > 0 {
			b[i] = b[i-typesize]
		}
	}
	return b
}

func drawCodec(t *rapid.T, o Options) Codec {
	which := rapid.IntRange(0, 7).Draw(t, "codec")
	if which > int(Blosc) {
		return NewAuto(Kind(which-int(Blosc)-1), o)
	}
	c, err := New(ID(which), o)
	require.NoError(t, err)
	return c
}

func TestIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Level:   rapid.IntRange(0, 9).Draw(t, "level"),
			Shuffle: Shuffle(rapid.IntRange(0, 2).Draw(t, "shuffle")),
			Delta:   rapid.Bool().Draw(t, "delta"),
			Inner:   blosc.Compressor(rapid.IntRange(0, 5).Draw(t, "inner")),
			Workers: rapid.IntRange(0, 3).Draw(t, "workers"),
		}
		c := drawCodec(t, o)
		typesize := rapid.OneOf(rapid.SampledFrom([]int{1, 2, 4, 8, 16}), rapid.IntRange(1, 300)).Draw(t, "typesize")
		src := drawArray(t, typesize)
		encoded, err := c.Encode([]byte("x"), src, typesize)
		require.NoError(t, err)
		require.LessOrEqual(t, len(encoded), 1+headerSize+len(src))
		got, err := c.Decode([]byte("y"), encoded[1:])
		require.NoError(t, err)
		require.True(t, bytes.Equal(src, got[1:]))
		_, err = IDOf(encoded[1:])
		require.NoError(t, err)
	})
}

// Each codec makes what can be smaller so, and reads what another one made.
func TestColumns(t *testing.T) {
	for _, col := range columns.Make(100_000) {
		for id := None; id <= Blosc; id++ {
			c, err := New(id, Options{})
			require.NoError(t, err)
			encoded, err := c.Encode(nil, col.Data, col.TypeSize)
			require.NoError(t, err)
			got, err := IDOf(encoded)
			require.NoError(t, err)
			require.Equal(t, id, got)
			require.Equal(t, id == None, len(encoded) > len(col.Data), "%v of %s", id, col.Name)
			require.LessOrEqual(t, cap(encoded), len(encoded)*5/4+1024, "no more memory than it needs")
			room := make([]byte, 0, Bound(len(col.Data)))
			inPlace, err := c.Encode(room, col.Data, col.TypeSize)
			require.NoError(t, err)
			require.Equal(t, &room[:1][0], &inPlace[0])
			require.True(t, bytes.Equal(encoded, inPlace))
			back, err := Decode(nil, encoded, Options{})
			require.NoError(t, err)
			require.True(t, bytes.Equal(col.Data, back))
		}
	}
}

func TestAuto(t *testing.T) {
	left := map[string]float64{"pos": 0.6, "vel": 0.9, "id": 0.01, "mask": 0.3}
	for _, col := range columns.Make(200_000) {
		encoded, err := NewAuto(kindOf(col), Options{}).Encode(nil, col.Data, col.TypeSize)
		require.NoError(t, err)
		require.Less(t, float64(len(encoded)), left[col.Name]*float64(len(col.Data)), col.Name)
		back, err := Decode(nil, encoded, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(col.Data, back))
	}
	data := noise(1 << 20)
	for kind := range Float + 1 {
		encoded, err := NewAuto(kind, Options{}).Encode(nil, data, 8)
		require.NoError(t, err)
		require.Len(t, encoded, len(data)+headerSize)
		id, err := IDOf(encoded)
		require.NoError(t, err)
		require.Equal(t, None, id)
	}
}

// raceEnabled: the race detector makes pools forget.
var raceEnabled bool

// TestSmall encodes arrays of few rows: in memory that is there, with no other.
func TestSmall(t *testing.T) {
	for _, col := range columns.Make(100) {
		codecs := []Codec{NewAuto(kindOf(col), Options{})}
		for _, id := range []ID{None, S2, LZ4, Blosc} {
			c, err := New(id, Options{})
			require.NoError(t, err)
			codecs = append(codecs, c)
		}
		for _, c := range codecs {
			encoded, back := make([]byte, 0, Bound(len(col.Data))), make([]byte, 0, len(col.Data))
			there := func() {
				encoded, _ = c.Encode(encoded[:0], col.Data, col.TypeSize)
				back, _ = c.Decode(back[:0], encoded)
			}
			there()
			require.Equal(t, col.Data, back, col.Name)
			if !raceEnabled {
				require.Less(t, testing.AllocsPerRun(100, there), 1.0, "%v of %s", encoded[1], col.Name)
			}
		}
	}
}

// TestAutoSmall: of a small array there is nothing that another way leaves much less of.
func TestAutoSmall(t *testing.T) {
	for _, col := range append(columns.Make(150), columns.Column{Name: "noise", TypeSize: 4, Data: noise(600)}) {
		encoded, err := NewAuto(kindOf(col), Options{}).Encode(nil, col.Data, col.TypeSize)
		require.NoError(t, err)
		require.LessOrEqual(t, len(encoded), len(col.Data)+headerSize)
		for _, o := range []Options{{}, {Shuffle: BitShuffle}, {Delta: true}} {
			other := encodeFrame(nil, col.Data, newPlan(LZ4, o, col.TypeSize))
			slack := headerSize + int((gain+1-worthwhile)*float64(len(col.Data)))
			require.LessOrEqual(t, len(encoded), len(other)+slack, "%s, %+v", col.Name, o)
		}
	}
}

func TestWorth(t *testing.T) {
	for _, col := range columns.Make(100_000) {
		require.True(t, Worth(col.Data, col.TypeSize), col.Name)
	}
	for _, typesize := range []int{1, 2, 4, 8, 12, 100} {
		require.False(t, Worth(noise(1<<20), typesize))
		require.False(t, Worth(noise(3000), typesize))
	}
	count := make([]byte, 1<<17)
	for i := range len(count) / 2 {
		binary.LittleEndian.PutUint16(count[2*i:], uint16(i))
	}
	require.True(t, Worth(count, 2), "even, but for the differences")
	require.False(t, Worth(nil, 4))
	require.True(t, Worth(make([]byte, 1000), 0))
}

func TestNames(t *testing.T) {
	for id := None; id <= Blosc; id++ {
		got, ok := ParseID(id.String())
		require.True(t, ok)
		require.Equal(t, id, got)
	}
	_, ok := ParseID("lzma")
	require.False(t, ok)
	_, err := New(5, Options{})
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorContains(t, err, "codec 5")
	_, err = New(Blosc, Options{Inner: 99})
	require.ErrorIs(t, err, ErrUnknown)
	_, err = New(LZ4, Options{Shuffle: 99})
	require.ErrorIs(t, err, ErrUnknown)
}
