package genericio_test

import (
	"bytes"
	"context"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/fsys"
)

// memFile is a file in memory that ranks write to at once.
type memFile struct {
	mu   sync.Mutex
	data []byte
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if need := int(off) + len(p); need > len(f.data) {
		f.data = append(f.data, make([]byte, need-len(f.data))...)
	}
	return copy(f.data[off:], p), nil
}

// PieceSize makes several pieces of what tests write.
func (f *memFile) PieceSize() int64 { return fsys.CachePiece }

func (f *memFile) reader(t testing.TB) *genericio.Reader {
	r, err := genericio.NewReader(bytes.NewReader(f.data), int64(len(f.data)), genericio.ReadOptions{})
	require.NoError(t, err)
	return r
}

// write has the ranks write one file together: rank r writes dicts[r] by spec(r).
func write(t testing.TB, dicts []*soa.Dict, spec func(rank int) genericio.Spec) *memFile {
	var f memFile
	require.NoError(t, comm.Run(len(dicts), func(c comm.Comm) error {
		d := dicts[c.Rank()]
		l, err := genericio.NewLayout(context.Background(), c, spec(c.Rank()), d)
		if err != nil {
			return err
		}
		return l.WriteRank(context.Background(), &f, d)
	}))
	return &f
}

var fixtureFlags = map[string]genericio.Flags{
	"x": genericio.CoordX, "y": genericio.CoordY, "z": genericio.CoordZ,
	"phi": genericio.Ghost, "vec3": genericio.Ghost,
}

// The reference files, written again from the rule of their contents, come out
// byte for byte: the C++ library would have written what this package writes.
func TestWritesTheReferenceFilesByteForByte(t *testing.T) {
	if soa.NativeBigEndian() {
		t.Skip("the reference writer ran on a little-endian machine")
	}
	for _, test := range []struct {
		file   string
		global []int // global ranks in the order of the file
		place  bool  // with a decomposition of 2x2x1
		blocks bool
	}{
		{file: "plain.gio", global: []int{0, 1, 2, 3}, place: true},
		{file: "nocart.gio", global: []int{0, 1, 2}},
		{file: "aos.gio", global: []int{0, 1}},
		{file: "one.gio", global: []int{0}},
		{file: "blocks.gio", global: []int{0, 1}, blocks: true},
		{file: "parts.gio#0", global: []int{0, 2}, place: true},
		{file: "parts.gio#1", global: []int{1, 3}, place: true},
	} {
		base, _, _ := bytes.Cut([]byte(test.file), []byte("#"))
		f := fixtureNamed(t, string(base))
		var dicts []*soa.Dict
		for _, g := range test.global {
			dicts = append(dicts, f.want(g))
		}
		got := write(t, dicts, func(rank int) genericio.Spec {
			s := genericio.Spec{PhysScale: [3]float64{256, 256, 256}, Flags: fixtureFlags, Blocks: test.blocks}
			if g := test.global[rank]; test.place {
				s.Place = genericio.Place{GlobalRank: g, Dims: [3]int{2, 2, 1}, Coords: [3]int{g / 2, g % 2, 0}}
			}
			return s
		})
		want, err := os.ReadFile("testdata/" + test.file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got.data), test.file)
	}
}

func TestWritesTheReferenceRankMapByteForByte(t *testing.T) {
	if soa.NativeBigEndian() {
		t.Skip("the reference writer ran on a little-endian machine")
	}
	var entries []genericio.MapEntry
	for r := range 4 {
		entries = append(entries, genericio.MapEntry{GlobalRank: r, Partition: r % 2, Coords: [3]int{r / 2, r % 2, 0}})
	}
	var got memFile
	require.NoError(t, genericio.WriteMap(context.Background(), &got, entries, true))
	want, err := os.ReadFile("testdata/parts.gio")
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got.data))
}
