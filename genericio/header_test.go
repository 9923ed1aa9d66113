package genericio_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

func TestHeaderOfAReferenceFile(t *testing.T) {
	r, err := genericio.Open("testdata/plain.gio", genericio.ReadOptions{})
	require.NoError(t, err)
	defer r.Close()
	h := r.Header()
	require.Equal(t, binary.ByteOrder(binary.LittleEndian), h.ByteOrder)
	require.Equal(t, int64(335), h.Rows)
	require.Equal(t, [3]int{2, 2, 1}, h.Dims)
	require.Zero(t, h.PhysOrigin)
	require.Equal(t, [3]float64{256, 256, 256}, h.PhysScale)
	require.False(t, h.HasBlocks)
	require.False(t, r.IsMap())
	const fs = genericio.Float | genericio.Signed
	require.Equal(t, []genericio.Variable{
		{"x", soa.Float32, 1, 4, fs | genericio.CoordX},
		{"y", soa.Float32, 1, 4, fs | genericio.CoordY},
		{"z", soa.Float32, 1, 4, fs | genericio.CoordZ},
		{"vx", soa.Float32, 1, 4, fs},
		{"phi", soa.Float64, 1, 8, fs | genericio.Ghost},
		{"id", soa.Int64, 1, 8, genericio.Signed},
		{"mask", soa.Uint16, 1, 2, 0},
		{"cell", soa.Int32, 1, 4, genericio.Signed},
		{"key", soa.Uint64, 1, 8, 0},
		{"lvl", soa.Int8, 1, 1, genericio.Signed},
	}, h.Variables)
	for i, k := range h.Ranks {
		require.Equal(t, i, k.GlobalRank)
		require.Equal(t, [3]int{i / 2, i % 2, 0}, k.Coords)
		require.Equal(t, int64(fixtureNamed(t, "plain.gio").rows(i)), k.Rows)
	}
	require.Equal(t, genericio.Block{Offset: 8028 + 114*4 + 8, Size: 114 * 4, Plain: 114 * 4}, r.Block(2, 1))
	v, ok := r.Variable("phi")
	require.True(t, ok)
	require.Equal(t, 4, v)
}

func TestRanksOfAPartitionFile(t *testing.T) {
	r, err := genericio.Open("testdata/parts.gio#1", genericio.ReadOptions{})
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, [3]int{2, 2, 1}, r.Header().Dims)
	at, ok := r.FindRank(3)
	require.True(t, ok)
	require.Equal(t, 1, at)
	_, ok = r.FindRank(0)
	require.False(t, ok)
}

// sizes are those of the structures in a header.
type sizes struct{ global, variable, rank, block int }

// restructure writes a little-endian file again with structures of other sizes:
// shorter ones as of older writers, longer ones as of writers to come.
func restructure(data []byte, have, want sizes) []byte {
	u := func(at int) int { return int(binary.LittleEndian.Uint64(data[at:])) }
	numVars, numRanks, numBlocks := u(48), u(72), 0
	if have.block > 0 {
		numBlocks = numVars * numRanks
	}
	var out []byte
	part := func(start, count, from, to int) (at int) {
		at = len(out)
		for i := range count {
			p := bytes.Repeat([]byte{0xaa}, max(from, to)) // what a later writer adds
			copy(p, data[start+i*from:][:from])
			out = append(out, p[:to]...)
		}
		return at
	}
	part(0, 1, have.global, want.global)
	varsStart := part(u(64), numVars, have.variable, want.variable)
	ranksStart := part(u(88), numRanks, have.rank, want.rank)
	blocksStart := 0
	if numBlocks > 0 {
		blocksStart = part(u(160), numBlocks, have.block, want.block)
	}
	put := func(at, v int) { binary.LittleEndian.PutUint64(out[at:], uint64(v)) }
	shift := len(out) - u(8)
	put(8, len(out))
	put(56, want.variable)
	put(64, varsStart)
	put(80, want.rank)
	put(88, ranksStart)
	put(96, want.global)
	for i := range numRanks {
		put(ranksStart+i*want.rank+32, u(u(88)+i*have.rank+32)+shift)
	}
	for i := range numBlocks {
		put(blocksStart+i*want.block+32, u(u(160)+i*have.block+32)+shift)
	}
	if numBlocks > 0 {
		put(152, want.block)
		put(160, blocksStart)
	}
	crc := ^crc64.Checksum(out, crc64.MakeTable(crc64.ECMA))
	out = binary.LittleEndian.AppendUint64(out, crc)
	return append(out, data[u(8)+8:]...)
}

func TestOlderAndLongerStructures(t *testing.T) {
	today := sizes{168, 280, 48, 48}
	for _, test := range []struct {
		file string
		sizes
	}{
		{"plain.gio", sizes{104, 280, 48, 0}},
		{"plain.gio", sizes{152, 280, 48, 0}},
		{"plain.gio", sizes{104, 272, 40, 0}},
		{"plain.gio", sizes{168, 272, 48, 0}},
		{"plain.gio", sizes{200, 304, 72, 0}},
		{"blocks.gio", sizes{184, 288, 56, 80}},
		{"blocks.gio", sizes{168, 272, 40, 48}},
	} {
		have := today
		if test.block == 0 {
			have.block = 0
		}
		f := fixtureNamed(t, test.file)
		r, err := newReader(restructure(load(t, test.file), have, test.sizes))
		require.NoError(t, err, test)
		for rank := range f.ranks {
			d := soa.NewDict()
			require.NoError(t, r.ReadRank(ctx, rank, d))
			requireEqual(t, f.want(rank), d, test, rank)
			require.Equal(t, rank, r.Header().Ranks[rank].GlobalRank)
		}
		scale := [3]float64{256, 256, 256}
		if test.global < 152 {
			scale = [3]float64{}
		}
		require.Equal(t, scale, r.Header().PhysScale)
	}
}

// A variable whose element size an older file lacks has one element a row.
func TestOlderFileOfMultiElementVariables(t *testing.T) {
	data := restructure(load(t, "aos.gio"), sizes{168, 280, 48, 0}, sizes{168, 272, 48, 0})
	r, err := newReader(data)
	require.NoError(t, err)
	require.Equal(t, soa.Invalid, r.Header().Variables[0].DType)
	d := soa.NewDict()
	require.NoError(t, r.ReadRank(ctx, 1, d, "id"))
	err = r.ReadRank(ctx, 1, d)
	require.ErrorIs(t, err, soa.ErrDType)
	require.ErrorContains(t, err, `"pos"`)
}
