package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/soastore/soa/codec/blosc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// column is data as a simulation has it.
type column struct {
	name     string
	kind     Kind
	typesize int
	data     []byte
}

// columns returns n rows of nearly sorted positions, normally distributed
// velocities, sequential ids, and masks of two flags.
func columns(n int) []column {
	r := rand.New(rand.NewPCG(1, 4))
	pos := make([]float64, n)
	for i := range pos {
		pos[i] = 256 * r.Float64()
	}
	slices.Sort(pos)
	c := []column{{"pos", Float, 4, nil}, {"vel", Float, 4, nil}, {"id", Integer, 8, nil}, {"mask", Integer, 2, nil}}
	for i := range n {
		near := float32(pos[i] + 0.01*r.NormFloat64())
		c[0].data = binary.LittleEndian.AppendUint32(c[0].data, math.Float32bits(near))
		c[1].data = binary.LittleEndian.AppendUint32(c[1].data, math.Float32bits(float32(300*r.NormFloat64())))
		c[2].data = binary.LittleEndian.AppendUint64(c[2].data, uint64(1_000_000_000+i))
		c[3].data = binary.LittleEndian.AppendUint16(c[3].data, uint16(r.IntN(4)))
	}
	return c
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
	for _, col := range columns(100_000) {
		for id := None; id <= Blosc; id++ {
			c, err := New(id, Options{})
			require.NoError(t, err)
			encoded, err := c.Encode(nil, col.data, col.typesize)
			require.NoError(t, err)
			got, err := IDOf(encoded)
			require.NoError(t, err)
			require.Equal(t, id, got)
			require.Equal(t, id == None, len(encoded) > len(col.data), "%v of %s", id, col.name)
			back, err := Decode(nil, encoded, Options{})
			require.NoError(t, err)
			require.True(t, bytes.Equal(col.data, back))
		}
	}
}

func TestAuto(t *testing.T) {
	left := map[string]float64{"pos": 0.6, "vel": 0.9, "id": 0.01, "mask": 0.3}
	for _, col := range columns(200_000) {
		encoded, err := NewAuto(col.kind, Options{}).Encode(nil, col.data, col.typesize)
		require.NoError(t, err)
		require.Less(t, float64(len(encoded)), left[col.name]*float64(len(col.data)), col.name)
		back, err := Decode(nil, encoded, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(col.data, back))
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

func TestWorth(t *testing.T) {
	for _, col := range columns(100_000) {
		require.True(t, Worth(col.data, col.typesize), col.name)
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
}
