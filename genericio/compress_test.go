package genericio_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/testkit"
)

var (
	compressors = []blosc.Compressor{blosc.LZ4, blosc.LZ4HC, blosc.Zstd, blosc.Zlib, blosc.Snappy, blosc.BloscLZ}
	shuffles    = []blosc.Shuffle{blosc.ByteShuffle, blosc.BitShuffle, blosc.NoShuffle}
)

func compressed(int) genericio.Spec { return genericio.Spec{Compress: &genericio.Compression{}} }

// ramp is a column that compresses well.
func ramp(rows int) soa.Array { return column(rows, func(i int) int64 { return int64(1000 + i) }) }

func noise(seed uint64, rows int) soa.Array {
	rng := rand.New(rand.NewPCG(seed, 0))
	return column(rows, func(int) uint64 { return rng.Uint64() })
}

// filtered returns which variables of a rank are compressed.
func filtered(r *genericio.Reader, rank int) (names []string) {
	for v, variable := range r.Header().Variables {
		if len(r.Block(rank, v).Filters) > 0 {
			names = append(names, variable.Name)
		}
	}
	return names
}

// dictOf draws the rows of a rank in columns like those of like: noise, few values
// or a ramp.
func dictOf(rt *rapid.T, like *soa.Dict, rows, elements int) *soa.Dict {
	d := soa.NewDict()
	for name, a := range like.All() {
		shape := []int{rows, elements}
		if elements == 1 {
			shape = shape[:1]
		}
		b, err := soa.New(a.DType(), shape...)
		require.NoError(rt, err)
		p, size := b.Bytes(), a.DType().Size()
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		kind := rapid.SampledFrom([]string{"noise", "few values", "ramp"}).Draw(rt, "kind")
		for i := range p {
			switch {
			case kind == "noise":
				p[i] = byte(rng.Uint32())
			case kind == "few values":
				p[i] = byte(rng.Uint32() & 1)
			default:
				p[i] = byte(i / size >> (8 * (i % size)))
			}
		}
		d.Set(name, b)
	}
	return d
}

// Any columns of any number of ranks come back bit for bit from compressed blocks,
// which are what was asked for.
func TestWhatIsCompressedIsRead(t *testing.T) {
	testkit.NoLeaks(t)
	blocks := 0
	rapid.Check(t, func(rt *rapid.T) {
		like := testkit.DictGen(testkit.DictOptions{MaxFields: 5}).Draw(rt, "columns")
		elements := rapid.SampledFrom([]int{1, 2, 3, 40}).Draw(rt, "elements")
		dicts := make([]*soa.Dict, rapid.IntRange(1, 4).Draw(rt, "ranks"))
		for rank := range dicts {
			dicts[rank] = dictOf(rt, like, rapid.IntRange(0, 3000/elements).Draw(rt, "rows"), elements)
		}
		spec := genericio.Spec{
			Align: rapid.SampledFrom([]int{0, 8, 4096}).Draw(rt, "align"),
			Compress: &genericio.Compression{
				Inner:   rapid.SampledFrom(compressors).Draw(rt, "compressor"),
				Shuffle: rapid.SampledFrom(shuffles).Draw(rt, "shuffle"),
				Level:   rapid.IntRange(0, 9).Draw(rt, "level"),
			},
		}
		f := write(t, dicts, func(int) genericio.Spec { return spec })
		r := f.reader(t)
		require.NoError(t, r.Verify(ctx))
		for rank, want := range dicts {
			got := soa.NewDict()
			require.NoError(t, r.ReadRank(ctx, rank, got))
			requireEqual(t, want, got, rank)
			view, err := r.View(ctx, f.data, rank)
			require.NoError(t, err)
			requireEqual(t, want, view, rank)
			blocks += checkBlocks(t, r, rank, spec)
		}
	})
	require.Positive(t, blocks)
}

// checkBlocks checks where a rank's blocks stand and what they say of themselves,
// and returns how many are compressed.
func checkBlocks(t *testing.T, r *genericio.Reader, rank int, spec genericio.Spec) (n int) {
	for i, v := range r.Header().Variables {
		b := r.Block(rank, i)
		require.Zero(t, b.Offset%int64(max(spec.Align, 1)))
		require.Equal(t, r.Header().Ranks[rank].Rows*int64(v.RowBytes), b.Plain)
		h, err := r.Chunk(rank, i)
		if len(b.Filters) == 0 {
			require.ErrorIs(t, err, genericio.ErrFilter)
			require.Equal(t, b.Plain, b.Size)
			continue
		}
		n++
		require.NoError(t, err)
		require.False(t, r.Viewable(rank, i))
		require.Equal(t, []string{"BLOSC"}, b.Filters)
		require.Less(t, b.Size, b.Plain, "it paid")
		require.EqualValues(t, b.Plain, h.Bytes)
		require.EqualValues(t, b.Size, h.ChunkSize+8)
		require.Equal(t, spec.Compress.Shuffle, h.Shuffle)
		if v.RowBytes < 256 {
			require.Equal(t, v.RowBytes, h.TypeSize)
		} else {
			require.Equal(t, v.DType.Size(), h.TypeSize, "wide rows are cut into their elements")
		}
		if inner := spec.Compress.Inner; inner != blosc.LZ4HC {
			require.Equal(t, inner, h.Compressor)
		}
	}
	return n
}

func TestWhereCompressionDoesNotPayBlocksStayRaw(t *testing.T) {
	d := soa.NewDict()
	d.Set("ramp", ramp(5000))
	d.Set("noise", noise(1, 5000))
	few := one("ramp", ramp(3))
	few.Set("noise", noise(2, 3))
	none := one("ramp", ramp(0))
	none.Set("noise", noise(3, 0))
	f := write(t, []*soa.Dict{none, d, few}, compressed)
	r := f.reader(t)
	require.Empty(t, filtered(r, 0), "no rows")
	require.Equal(t, []string{"ramp"}, filtered(r, 1))
	require.Empty(t, filtered(r, 2), "a header would be larger")

	// A quarter of the values of a byte: uneven, but without the repeats that LZ4
	// needs. A sample does not tell, the result does.
	uneven := column(5000, func(i int) uint32 { return uint32(mix(uint64(i))) & 0xffffff3f })
	require.True(t, codec.Worth(uneven.Bytes(), 4))
	f = write(t, []*soa.Dict{one("uneven", uneven)}, compressed)
	r = f.reader(t)
	require.Empty(t, filtered(r, 0))
	require.Equal(t, int64(20000), r.Block(0, 0).Size)
}

// The chunks that the C++ library wrote say what made them.
func TestChunksOfTheReferenceFiles(t *testing.T) {
	for file, want := range map[string]blosc.Header{
		"comp-blosclz.gio":    {Compressor: blosc.BloscLZ},
		"comp-lz4.gio":        {Compressor: blosc.LZ4},
		"comp-lz4hc.gio":      {Compressor: blosc.LZ4},
		"comp-snappy.gio":     {Compressor: blosc.Snappy},
		"comp-zlib.gio":       {Compressor: blosc.Zlib},
		"comp-zstd.gio":       {Compressor: blosc.Zstd},
		"comp-bitshuffle.gio": {Compressor: blosc.BloscLZ, Shuffle: blosc.BitShuffle},
		"comp-noshuffle.gio":  {Compressor: blosc.BloscLZ, Shuffle: blosc.NoShuffle},
	} {
		r, err := newReader(load(t, file))
		require.NoError(t, err)
		require.Contains(t, filtered(r, 0), "id", file)
		v, _ := r.Variable("id")
		h, err := r.Chunk(0, v)
		require.NoError(t, err)
		require.Equal(t, want.Shuffle, h.Shuffle, file)
		require.Equal(t, want.Compressor, h.Compressor, file)
		require.Equal(t, 8, h.TypeSize)
	}
}

// A file that the C++ library wrote whose chunks have several of Blosc's own blocks.
func TestChunksOfSeveralBlocks(t *testing.T) {
	r, err := newReader(load(t, "comp-blocks.gio"))
	require.NoError(t, err)
	require.NoError(t, r.Verify(ctx))
	for rank := range 2 {
		rows := 300_001 + 7*rank
		want := one("id", column(rows, func(i int) int64 { return int64(1000000*rank + i - 5) }))
		want.Set("cell", column(rows, func(i int) int32 { return int32(i / 1000) }))
		d := soa.NewDict()
		require.NoError(t, r.ReadRank(ctx, rank, d))
		requireEqual(t, want, d)
		for v := range r.Header().Variables {
			h, err := r.Chunk(rank, v)
			require.NoError(t, err)
			require.Greater(t, h.Bytes, 2*h.BlockSize)
		}
	}
}

// Ranks that differ, and options that are none, are errors on all ranks.
func TestCompressionThatCannotBe(t *testing.T) {
	d := one("x", ramp(100))
	for _, c := range []genericio.Compression{{Inner: 77}, {Shuffle: 9}} {
		_, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{Compress: &c}, d)
		require.ErrorIs(t, err, blosc.ErrUnknown)
		for _, err := range layouts(3, func(rank int) (s genericio.Spec, _ *soa.Dict) {
			if rank == 1 {
				s.Compress = &c
			}
			return s, d
		}) {
			require.Error(t, err)
		}
	}
	for _, err := range layouts(3, func(rank int) (s genericio.Spec, _ *soa.Dict) {
		s.Compress = &genericio.Compression{Level: 1 + rank/2}
		return s, d
	}) {
		var schema *genericio.SchemaError
		require.ErrorAs(t, err, &schema)
		require.Equal(t, []int{2}, schema.Ranks)
		require.Contains(t, schema.Have, "lz4, shuffle 0, level 2")
	}
}

// A rank whose context ends while columns are compressed keeps nobody waiting.
func TestCompressionWithAnEndedContext(t *testing.T) {
	testkit.NoLeaks(t)
	failed := make([]error, 3)
	err := comm.Run(3, func(c comm.Comm) error {
		rctx, cancel := context.WithCancel(ctx)
		defer cancel()
		if c.Rank() == 1 {
			cancel()
		}
		_, failed[c.Rank()] = genericio.NewLayout(rctx, c, compressed(0), one("x", ramp(1000)))
		return failed[c.Rank()]
	})
	require.ErrorIs(t, err, context.Canceled)
	for _, err := range failed {
		require.Error(t, err)
	}
}

// A Layout holds what it compressed: other values must not be taken for them.
func TestValuesThatChangedSinceTheirLayout(t *testing.T) {
	values := make([]int64, 5000)
	d := one("x", soa.Of(values))
	l, err := genericio.NewLayout(ctx, comm.Self(), compressed(0), d)
	require.NoError(t, err)
	var f memFile
	require.NoError(t, l.WriteRank(ctx, &f, d))
	require.NoError(t, l.WriteRank(ctx, &f, d), "any number of times")
	require.EqualValues(t, l.Size(), len(f.data))
	values[4999] = 1
	err = l.WriteRank(ctx, &f, d)
	require.ErrorIs(t, err, genericio.ErrChecksum)
	require.ErrorContains(t, err, `"x"`)
}

func TestWriteFileCompressed(t *testing.T) {
	for split := range map[genericio.Split]bool{genericio.OneFile: true, genericio.PerHost: true, genericio.PerRank: true} {
		path := filepath.Join(t.TempDir(), "f")
		dictOf := func(rank int) *soa.Dict {
			d := testkit.RandomDict(uint64(rank), 300*rank)
			d.Set("ramp", ramp(300*rank))
			return d
		}
		require.NoError(t, comm.Run(4, func(c comm.Comm) error {
			want := dictOf(c.Rank())
			if err := genericio.WriteFile(ctx, c, path, want, compressed(0), split); err != nil {
				return err
			}
			got := soa.NewDict()
			if err := genericio.ReadFile(ctx, c, path, genericio.Disallowed, got); err != nil {
				return err
			}
			if !want.Equal(got) {
				return fmt.Errorf("rank %d: %v", c.Rank(), got)
			}
			return nil
		}, comm.Hosts("a", "b", "a", "b")))

		s := openDataset(t, path)
		require.NoError(t, s.Verify(ctx))
		require.NoError(t, s.WithRank(3, func(r *genericio.Reader, position int) error {
			require.Contains(t, filtered(r, position), "ramp")
			return nil
		}))
		all := soa.NewDict()
		require.NoError(t, s.ReadShare(ctx, genericio.Share{Policy: genericio.Redistribute, Procs: 1}, all))
		at := 0
		for rank := range 4 {
			want := dictOf(rank)
			rows, _ := want.Rows()
			for name, a := range want.All() {
				b, _ := all.Get(name)
				require.True(t, a.Equal(b.Slice(at, at+rows)), name)
			}
			at += rows
		}
	}
}

// TestRelease writes compressed files one after the other in the same memory, and none
// of what was given back.
func TestRelease(t *testing.T) {
	spec := compressed(0)
	for i := range 3 {
		x := make([]int64, 100_000)
		for j := range x {
			x[j] = int64(i*j + i)
		}
		d := soa.NewDict()
		d.Set("x", soa.Of(x))
		l, err := genericio.NewLayout(ctx, comm.Self(), spec, d)
		require.NoError(t, err)
		var f memFile
		require.NoError(t, l.WriteRank(ctx, &f, d))
		l.Release()
		l.Release()
		require.ErrorIs(t, l.WriteRank(ctx, &f, d), fs.ErrClosed)
		r := f.reader(t)
		require.NotEmpty(t, r.Block(0, 0).Filters)
		got := soa.NewDict()
		require.NoError(t, r.ReadRank(ctx, 0, got))
		requireEqual(t, d, got, 0)
	}
}
