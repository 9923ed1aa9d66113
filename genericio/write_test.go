package genericio_test

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/testkit"
)

func noSpec(int) genericio.Spec { return genericio.Spec{} }

func one(name string, a soa.Array) *soa.Dict {
	d := soa.NewDict()
	d.Set(name, a)
	return d
}

// Any columns of any number of ranks come back bit for bit, in every layout.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		like := testkit.DictGen(testkit.DictOptions{}).Draw(rt, "columns")
		elements := rapid.SampledFrom([]int{1, 2, 4}).Draw(rt, "elements")
		dicts := make([]*soa.Dict, rapid.IntRange(1, 4).Draw(rt, "ranks"))
		for rank := range dicts {
			rows := rapid.IntRange(0, 9).Draw(rt, "rows")
			dicts[rank] = soa.NewDict()
			for name, a := range like.All() {
				data := make([]byte, rows*elements*a.DType().Size())
				for i := range data {
					data[i] = byte(i*31 + rank*7 + len(name))
				}
				shape := []int{rows, elements}
				if elements == 1 {
					shape = shape[:1]
				}
				b, err := soa.New(a.DType(), shape...)
				require.NoError(t, err)
				copy(b.Bytes(), data)
				dicts[rank].Set(name, b)
			}
		}
		spec := genericio.Spec{
			Align:  rapid.SampledFrom([]int{0, 1, 8, 64, 4096}).Draw(rt, "align"),
			Blocks: rapid.Bool().Draw(rt, "blocks"),
		}
		f := write(t, dicts, func(int) genericio.Spec { return spec })
		r := f.reader(t)
		require.Equal(t, spec.Blocks || spec.Align > 1, r.Header().HasBlocks)
		require.NoError(t, r.Verify(ctx))
		for rank, want := range dicts {
			got := soa.NewDict()
			require.NoError(t, r.ReadRank(ctx, rank, got))
			requireEqual(t, want, got, rank)
			view, err := r.View(ctx, f.data, rank)
			require.NoError(t, err)
			requireEqual(t, want, view, rank)
			for v := range r.Header().Variables {
				require.Zero(t, r.Block(rank, v).Offset%int64(max(spec.Align, 1)))
			}
		}
	})
}

// Blocks of more than a chunk, and of exactly one, keep their order and sums.
func TestBlocksAroundTheChunkSize(t *testing.T) {
	const chunk = 256 << 10
	for _, rows := range []int{chunk - 9, chunk - 8, chunk - 1, chunk, chunk + 1, 2 * chunk, 3*chunk + 5} {
		d := soa.NewDict()
		d.Set("a", column(rows, func(i int) uint8 { return uint8(mix(uint64(i))) }))
		d.Set("b", column(rows, func(i int) uint8 { return uint8(mix(uint64(i + rows))) }))
		d.Set("c", column(rows, func(i int) uint16 { return uint16(mix(uint64(i) << 9)) }))
		f := write(t, []*soa.Dict{d}, noSpec)
		got := soa.NewDict()
		require.NoError(t, f.reader(t).ReadRank(ctx, 0, got))
		requireEqual(t, d, got, rows)
	}
}

func TestBitsOfNaNsAreKept(t *testing.T) {
	bits := []uint64{0x7ff0000000000001, 0xfff8dead0000beef, 0x7ff0000000000000, 0x8000000000000000, 1}
	d := one("v", column(len(bits), func(i int) float64 { return math.Float64frombits(bits[i]) }))
	d.Set("w", column(len(bits), func(i int) float32 { return math.Float32frombits(0x7f800001 + uint32(i)) }))
	got := soa.NewDict()
	require.NoError(t, write(t, []*soa.Dict{d}, noSpec).reader(t).ReadRank(ctx, 0, got))
	requireEqual(t, d, got)
}

func TestNothingToWrite(t *testing.T) {
	f := write(t, []*soa.Dict{soa.NewDict(), nil}, noSpec)
	r := f.reader(t)
	require.Len(t, r.Header().Ranks, 2)
	require.Empty(t, r.Header().Variables)
	require.NoError(t, r.ReadRank(ctx, 1, soa.NewDict()))

	f = write(t, []*soa.Dict{one("x", soa.Of([]int8{})), one("x", soa.Of([]int8{}))}, func(int) genericio.Spec {
		return genericio.Spec{Align: 64}
	})
	d := soa.NewDict()
	require.NoError(t, f.reader(t).ReadRank(ctx, 1, d))
	requireEqual(t, one("x", soa.Of([]int8{})), d)
}

func TestWhatTheFormatCannotExpressIsRefusedByName(t *testing.T) {
	long := strings.Repeat("n", 255)
	_, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, one(long, soa.Of([]int8{1})))
	require.NoError(t, err)
	array := func(dtype soa.DType, dims ...int) soa.Array {
		a, err := soa.New(dtype, dims...)
		require.NoError(t, err)
		return a
	}
	for _, test := range []struct {
		name string
		a    soa.Array
		is   error
	}{
		{"b", array(soa.Bool, 2), soa.ErrDType},
		{"h", array(soa.Float16, 2), soa.ErrDType},
		{"c8", array(soa.Complex64, 2), soa.ErrDType},
		{"c16", array(soa.Complex128, 2), soa.ErrDType},
		{"none", soa.Array{}, soa.ErrDType},
		{"scalar", array(soa.Int8), soa.ErrShape},
		{"cube", array(soa.Int8, 2, 2, 2), soa.ErrShape},
		{"one element", array(soa.Int8, 2, 1), soa.ErrShape},
		{"no element", array(soa.Int8, 2, 0), soa.ErrShape},
		{"", array(soa.Int8, 2), genericio.ErrVariable},
		{"a\x00b", array(soa.Int8, 2), genericio.ErrVariable},
		{long + "n", array(soa.Int8, 2), genericio.ErrVariable},
		{"$partition", array(soa.Int32, 2), genericio.ErrVariable},
	} {
		_, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, one(test.name, test.a))
		require.ErrorIs(t, err, genericio.ErrVariable, test.name)
		require.ErrorIs(t, err, test.is, test.name)
		require.ErrorContains(t, err, strings.Trim(strings.ReplaceAll(test.name, "\x00", `\x00`), "n")) // the name
	}
	d := one("x", array(soa.Int8, 2))
	d.Set("y", array(soa.Int8, 3))
	_, err = genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, d)
	require.ErrorIs(t, err, soa.ErrShape)
}

func TestSpecsThatMakeNoSense(t *testing.T) {
	d := one("x", soa.Of([]int8{1}))
	dims := [3]int{2, 1, 1}
	for _, s := range []genericio.Spec{
		{Align: 3}, {Align: -8}, {Align: 2 * genericio.MaxAlign},
		{Flags: map[string]genericio.Flags{"x": genericio.Float}},
		{Flags: map[string]genericio.Flags{"x": 64}},
		{Place: genericio.Place{GlobalRank: 1}},
		{Place: genericio.Place{GlobalRank: 2, Dims: dims}},
		{Place: genericio.Place{GlobalRank: -1, Dims: dims}},
		{Place: genericio.Place{Dims: dims, Coords: [3]int{2, 0, 0}}},
		{Place: genericio.Place{Dims: [3]int{1 << 30, 1 << 30, 1 << 30}}},
	} {
		_, err := genericio.NewLayout(ctx, comm.Self(), s, d)
		require.Error(t, err, "%+v", s)
	}
}

// layouts plans a file on n ranks and returns what each rank got as an error.
func layouts(n int, plan func(rank int) (genericio.Spec, *soa.Dict)) []error {
	errs := make([]error, n)
	err := comm.Run(n, func(c comm.Comm) error {
		spec, d := plan(c.Rank())
		_, errs[c.Rank()] = genericio.NewLayout(ctx, c, spec, d)
		return nil
	})
	if err != nil {
		return []error{err}
	}
	return errs
}

func TestRanksThatDifferAllLearnInWhat(t *testing.T) {
	base := func() *soa.Dict {
		d := one("x", soa.Of([]float32{1, 2}))
		d.Set("a\nb \xff", soa.Of([]int64{1, 2}))
		return d
	}
	for what, test := range map[string]struct {
		change func(*genericio.Spec, *soa.Dict)
		want   genericio.SchemaError
	}{
		"type": {func(_ *genericio.Spec, d *soa.Dict) { d.Set("a\nb \xff", soa.Of([]int32{1, 2})) },
			genericio.SchemaError{Field: "a\nb \xff", Have: "1 of int32, flags 0x2", Want: "1 of int64, flags 0x2"}},
		"elements": {func(_ *genericio.Spec, d *soa.Dict) { d.Set("x", soa.Shaped([]float32{1, 2, 3, 4}, 2, 2)) },
			genericio.SchemaError{Field: "x", Have: "2 of float32, flags 0x3", Want: "1 of float32, flags 0x3"}},
		"missing": {func(_ *genericio.Spec, d *soa.Dict) { d.Delete("x") },
			genericio.SchemaError{Field: "x", Have: "nothing", Want: "1 of float32, flags 0x3"}},
		"more": {func(_ *genericio.Spec, d *soa.Dict) { d.Set("y", soa.Of([]float32{1, 2})) },
			genericio.SchemaError{Field: "y", Have: "1 of float32, flags 0x3", Want: "nothing"}},
		"flags": {func(s *genericio.Spec, _ *soa.Dict) { s.Flags = map[string]genericio.Flags{"x": genericio.CoordX} },
			genericio.SchemaError{Field: "x", Have: "1 of float32, flags 0x7", Want: "1 of float32, flags 0x3"}},
		"spec": {func(s *genericio.Spec, _ *soa.Dict) { s.Align = 64 },
			genericio.SchemaError{Have: "dims [4 1 1], origin [0 0 0], scale [0 0 0], align 64, blocks true, compression none",
				Want: "dims [4 1 1], origin [0 0 0], scale [0 0 0], align 0, blocks false, compression none"}},
	} {
		test.want.Ranks = []int{1, 3}
		for _, err := range layouts(4, func(rank int) (s genericio.Spec, d *soa.Dict) {
			d = base()
			if rank == 1 || rank == 3 {
				test.change(&s, d)
			}
			return s, d
		}) {
			require.ErrorIs(t, err, comm.ErrSchema, what)
			var schema *genericio.SchemaError
			require.ErrorAs(t, err, &schema, what)
			require.Equal(t, test.want, *schema, what)
		}
	}
}

func TestOneRankThatCannotFailsAll(t *testing.T) {
	for _, err := range layouts(3, func(rank int) (s genericio.Spec, d *soa.Dict) {
		if rank == 2 {
			return s, one("x", soa.Of([]complex64{1}))
		}
		return s, one("x", soa.Of([]float32{1}))
	}) {
		var agreement *comm.AgreementError
		require.ErrorAs(t, err, &agreement)
		require.Equal(t, 2, agreement.Failures[0].Rank)
		require.ErrorIs(t, err, soa.ErrDType)
		require.ErrorIs(t, err, genericio.ErrVariable)
		require.ErrorContains(t, err, `"x"`)
	}
	for _, err := range layouts(3, func(rank int) (genericio.Spec, *soa.Dict) {
		place := genericio.Place{GlobalRank: rank % 2, Dims: [3]int{3, 1, 1}}
		return genericio.Spec{Place: place}, one("x", soa.Of([]float32{1}))
	}) {
		require.ErrorIs(t, err, genericio.ErrRank)
		require.ErrorContains(t, err, "ranks 0 and 2")
	}
}

// Ranks that made their Dicts from Go maps have the same columns in other orders.
func TestTheFileHasTheOrderOfRank0(t *testing.T) {
	names := []string{"z", "\xff", "a", "b"}
	dicts := make([]*soa.Dict, 4)
	for rank := range dicts {
		dicts[rank] = soa.NewDict()
		for i := range names {
			name := names[(i+rank)%4]
			dicts[rank].Set(name, soa.Of([]int64{int64(rank), int64(name[0])}))
		}
	}
	r := write(t, dicts, noSpec).reader(t)
	for rank, want := range dicts {
		d := soa.NewDict()
		require.NoError(t, r.ReadRank(ctx, rank, d))
		require.Equal(t, names, d.Names())
		want, err := want.Select(names...)
		require.NoError(t, err)
		requireEqual(t, want, d, rank)
	}
}

func TestFailuresOfTheFileAreReturned(t *testing.T) {
	d := testkit.RandomDict(1, 100_000)
	l, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, d)
	require.NoError(t, err)
	var whole memFile
	require.NoError(t, l.WriteRank(ctx, &whole, d))
	require.Len(t, whole.data, int(l.Size()))

	full := errors.New("disk full")
	for n := 0; ; n++ {
		f := &failing{after: n, err: full}
		err := l.WriteRank(ctx, f, d)
		if !f.failed {
			require.NoError(t, err)
			require.Equal(t, whole.data, f.data)
			require.Greater(t, n, 10)
			break
		}
		require.ErrorIs(t, err, full)
		_, err = newReader(f.data)
		require.Error(t, err, "the header is written last")
	}
	require.ErrorIs(t, l.WriteRank(ctx, &failing{after: 3}, d), io.ErrShortWrite)

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, l.WriteRank(cancelled, &whole, d), context.Canceled)
	require.ErrorIs(t, whole.reader(t).ReadRank(cancelled, 0, soa.NewDict()), context.Canceled)
	require.ErrorIs(t, whole.reader(t).Verify(cancelled), context.Canceled)
}

// failing is a file whose writes fail, or with no err are short, after some.
type failing struct {
	memFile
	after  int
	err    error
	failed bool
}

func (f *failing) WriteAt(p []byte, off int64) (int, error) {
	if f.after--; f.after < 0 {
		f.failed = true
		return len(p) / 2, f.err
	}
	return f.memFile.WriteAt(p, off)
}

func TestADictThatChangedSinceItsLayout(t *testing.T) {
	d := testkit.RandomDict(1, 10)
	l, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, d)
	require.NoError(t, err)
	var f memFile
	other := d.Share()
	other.Set("x", soa.Of(make([]float32, 11)))
	require.ErrorIs(t, l.WriteRank(ctx, &f, other), soa.ErrShape)
	other.Set("x", soa.Of(make([]int32, 10)))
	require.ErrorIs(t, l.WriteRank(ctx, &f, other), soa.ErrDType)
	other.Delete("x")
	require.ErrorIs(t, l.WriteRank(ctx, &f, other), soa.ErrField)
	other = d.Share()
	other.Set("more", soa.Of(make([]int32, 10)))
	require.ErrorIs(t, l.WriteRank(ctx, &f, other), soa.ErrField)
	require.Empty(t, f.data)
}

// One Reader serves many goroutines.
func TestConcurrentReads(t *testing.T) {
	f := fixtureNamed(t, "plain.gio")
	r, err := newReader(load(t, f.file))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				rank, d := (w+i)%f.ranks, soa.NewDict()
				if err := r.ReadRank(ctx, rank, d); err != nil || !f.want(rank).Equal(d) {
					t.Errorf("rank %d: %v", rank, err)
				}
			}
		})
	}
	wg.Wait()
}
