package genericio_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// A fixture is a file in testdata that the C++ library wrote, and the rule of its
// contents: values are a hash of the seed, the rank, the row and the field.
type fixture struct {
	file  string
	seed  uint64
	ranks int
	base  int // rows of rank 0
	pos   bool
}

// The files that can be read. Those of parts.gio are read through its map; those of
// comp-* have filtered blocks, and raw ones where that did not pay. comp-zstd.gio is
// not among them: nothing of today reads its frames.
var fixtures = []fixture{
	{file: "plain.gio", seed: 11, ranks: 4, base: 100},
	{file: "nocart.gio", seed: 12, ranks: 3, base: 60},
	{file: "blocks.gio", seed: 16, ranks: 2, base: 80},
	{file: "aos.gio", seed: 17, ranks: 2, base: 80, pos: true},
	{file: "parts.gio", seed: 18, ranks: 4, base: 50},
	{file: "bigendian.gio", seed: 19, ranks: 2, base: 80},
	{file: "one.gio", seed: 20, ranks: 1, base: 100},
	{file: "comp-blosclz.gio", seed: 13, ranks: 3, base: 900},
	{file: "comp-lz4.gio", seed: 13, ranks: 3, base: 900},
	{file: "comp-lz4hc.gio", seed: 13, ranks: 3, base: 900},
	{file: "comp-snappy.gio", seed: 13, ranks: 3, base: 900},
	{file: "comp-zlib.gio", seed: 13, ranks: 3, base: 900},
	{file: "comp-bitshuffle.gio", seed: 14, ranks: 2, base: 1001},
	{file: "comp-noshuffle.gio", seed: 15, ranks: 2, base: 1000},
}

func fixtureNamed(t testing.TB, file string) fixture {
	for _, f := range fixtures {
		if f.file == file {
			return f
		}
	}
	require.FailNow(t, "no such fixture", file)
	return fixture{}
}

func (f fixture) path() string { return "testdata/" + f.file }

func (f fixture) rows(rank int) int {
	if rank == 1 && f.ranks > 2 {
		return 0
	}
	return f.base + 7*rank
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (f fixture) hash(rank, row, field int) uint64 {
	return mix(f.seed ^ uint64(rank)<<48 ^ uint64(field)<<40 ^ uint64(row))
}

func column[T soa.Element](n int, value func(row int) T) soa.Array {
	s := make([]T, n)
	for i := range s {
		s[i] = value(i)
	}
	return soa.Of(s)
}

// want returns what a rank of the file holds.
func (f fixture) want(rank int) *soa.Dict {
	n := f.rows(rank)
	h := func(i, field int) uint64 { return f.hash(rank, i, field) }
	coord := func(field int) func(int) float32 {
		return func(i int) float32 { return float32(h(i, field)>>40) * (256.0 / (1 << 24)) }
	}
	vx := func(i int) float32 { return float32(int64(h(i, 3)>>40)-1<<23) / 4096 }
	id := column(n, func(i int) int64 { return int64(1000000*rank + i - 5) })
	d := soa.NewDict()
	if f.pos {
		pos := column(4*n, func(i int) float32 {
			return []func(int) float32{coord(0), coord(1), coord(2), vx}[i%4](i / 4)
		})
		pos, _ = pos.Reshape(n, 4)
		d.Set("pos", pos)
		d.Set("id", id)
		d.Set("vec3", pos)
		return d
	}
	for field, name := range []string{"x", "y", "z"} {
		d.Set(name, column(n, coord(field)))
	}
	d.Set("vx", column(n, vx))
	d.Set("phi", column(n, func(i int) float64 { return float64(h(i, 4)>>11) / (1 << 53) }))
	d.Set("id", id)
	d.Set("mask", column(n, func(i int) uint16 { return uint16(h(i, 6)) }))
	d.Set("cell", column(n, func(i int) int32 { return int32(h(i, 7)) }))
	d.Set("key", column(n, func(i int) uint64 { return h(i, 8) }))
	d.Set("lvl", column(n, func(i int) int8 { return int8(h(i, 9)) }))
	return d
}

// requireEqual compares Dicts column by column, for a message that says where.
func requireEqual(t testing.TB, want, have *soa.Dict, what ...any) {
	t.Helper()
	require.Equal(t, want.Names(), have.Names(), what...)
	for name, a := range want.All() {
		b, _ := have.Get(name)
		require.Truef(t, a.Equal(b), "%s: %s: %v and %v differ", fmt.Sprint(what...), name, a, b)
	}
}
