package storetest

import (
	"errors"
	"math"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

func testSetGet(e *Env) {
	s := e.Open(soastore.Options{})
	a, b := e.value(1), e.value(2)
	require.NoError(e, s.Set("a", a))
	require.NoError(e, s.Set("b", b))
	e.has(s, "a", a)
	e.has(s, "b", b)
	got, err := s.Get("a")
	require.NoError(e, err)
	got.Delete("x") // the caller's own Dict
	e.has(s, "a", a)
	require.NoError(e, s.Close())
}

// testTypes puts away every type that the store takes, with the bits that are
// easily lost.
func testTypes(e *Env) {
	s := e.Open(soastore.Options{})
	d := soa.NewDict()
	d.Set("f4", soa.Of([]float32{math.Float32frombits(0x7fc00001), math.Float32frombits(0xffa12345), float32(math.Inf(-1)), float32(math.Copysign(0, -1))}))
	d.Set("f8", soa.Of([]float64{math.Float64frombits(0x7ff0000000000001), math.NaN(), math.MaxFloat64, 5e-324}))
	d.Set("i1", soa.Of([]int8{-128, 127, 0, 1}))
	d.Set("i2", soa.Of([]int16{-32768, 32767, 0, 1}))
	d.Set("i4", soa.Of([]int32{math.MinInt32, math.MaxInt32, 0, 1}))
	d.Set("i8", soa.Of([]int64{math.MinInt64, math.MaxInt64, 0, 1}))
	d.Set("u1", soa.Of([]uint8{0, 255, 1, 2}))
	d.Set("u2", soa.Of([]uint16{0, 65535, 1, 2}))
	d.Set("u4", soa.Of([]uint32{0, math.MaxUint32, 1, 2}))
	d.Set("u8", soa.Of([]uint64{0, math.MaxUint64, 1, 2}))
	d.Set("pos", soa.Shaped([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 4, 3))
	if e.Kind.Ragged {
		d.Set("flag", soa.Of([]bool{true, false, true}))
		d.Set("half", soa.Of([]soa.F16{0x3c00, 0x7e01}))
		d.Set("c8", soa.Of([]complex64{1 + 2i}))
		d.Set("c16", soa.Of([]complex128{complex(math.NaN(), math.Inf(1))}))
		d.Set("scalar", soa.Shaped([]float64{math.Pi}))
		d.Set("cube", soa.Shaped(make([]int16, 24), 2, 3, 4))
		d.Set("empty", soa.Of([]int32{}))
		d.Set("hollow", soa.Shaped([]uint8{}, 3, 0, 2))
		d.Set("dir/name with ü", soa.Of([]int8{1}))
	}
	require.NoError(e, s.Set("types", d))
	e.has(s, "types", d)
	require.NoError(e, s.Close())
}

func testFields(e *Env) {
	s := e.Open(soastore.Options{})
	want := e.value(3)
	require.NoError(e, s.Set("k", want))
	got, err := s.GetField("k", "lvl", "x")
	require.NoError(e, err)
	part, _ := want.Select("lvl", "x")
	e.equal(part, got)
	none, err := s.GetField("k")
	require.NoError(e, err)
	require.Zero(e, none.Len())
	_, err = s.GetField("k", "x", "nope")
	require.ErrorIs(e, err, soastore.ErrNoField)
	require.ErrorContains(e, err, `"nope"`)
	require.ErrorContains(e, err, `"k"`)
	_, err = s.GetField("k", "x", "x")
	require.ErrorIs(e, err, soastore.ErrNoField)
	require.ErrorIs(e, s.View("k", []string{"nope"}, func(*soa.Dict) error { return nil }), soastore.ErrNoField)
	require.NoError(e, s.Close())
}

func testGetInto(e *Env) {
	s := e.Open(soastore.Options{})
	want := e.rows(4, 100)
	require.NoError(e, s.Set("k", want))
	x := make([]float32, 120)
	d := soa.NewDict()
	d.Set("other", soa.Of([]int8{1}))
	d.Set("x", soa.Of(x))
	require.NoError(e, s.GetInto("k", d))
	e.equal(want, d)
	got, err := soa.Column[float32](d, "x")
	require.NoError(e, err)
	require.Same(e, unsafe.SliceData(x), unsafe.SliceData(got), "x was large enough")

	// Again and again into the same memory, larger and smaller.
	for _, rows := range []int{10, 0, 300, 299} {
		want := e.rows(5, rows)
		require.NoError(e, s.Set("k", want))
		require.NoError(e, s.GetInto("k", d))
		e.equal(want, d)
	}
	d = soa.NewDict()
	require.NoError(e, s.GetInto("k", d))
	e.equal(e.rows(5, 299), d)
	require.NoError(e, s.Close())
}

func testView(e *Env) {
	s := e.Open(soastore.Options{})
	want := e.value(6)
	require.NoError(e, s.Set("k", want))
	boom := errors.New("boom")
	calls := 0
	require.Equal(e, boom, s.View("k", []string{"id"}, func(d *soa.Dict) error {
		calls++
		part, _ := want.Select("id")
		e.equal(part, d)
		return boom
	}))
	require.Equal(e, 1, calls)
	// A value whose files are removed during the view stays whole in it.
	require.NoError(e, s.View("k", nil, func(d *soa.Dict) error {
		e.removeFiles()
		e.equal(want, d)
		return nil
	}))
	require.NoError(e, s.Close())
}

func testOverwrite(e *Env) {
	s := e.Open(soastore.Options{})
	for i := range 5 {
		want := e.value(10 + i)
		if i%2 == 1 { // other fields than before
			want.Delete("id")
			want.Set("new", soa.Of(make([]float64, mustRows(want))))
		}
		require.NoError(e, s.Set("k", want))
		e.has(s, "k", want)
	}
	require.Equal(e, 1, s.Len())
	require.NoError(e, s.Close())
}

func mustRows(d *soa.Dict) int {
	rows, _ := d.Rows()
	return rows
}

func testPopRemove(e *Env) {
	s := e.Open(soastore.Options{})
	want := e.value(7)
	require.NoError(e, s.Set("a", want))
	require.NoError(e, s.Set("b", e.value(8)))
	got, err := s.Pop("a")
	require.NoError(e, err)
	e.equal(want, got)
	require.False(e, s.Has("a"))
	require.NoError(e, s.Remove("b"))
	require.Zero(e, s.Len())
	require.NoError(e, s.Set("a", e.value(9)))
	e.has(s, "a", e.value(9))
	require.NoError(e, s.Close())
}

func testMissing(e *Env) {
	s := e.Open(soastore.Options{})
	require.NoError(e, s.Set("1", e.value(1)))
	_, err := s.Get("10")
	require.ErrorIs(e, err, soastore.ErrNotFound)
	require.ErrorContains(e, err, `"10"`)
	_, err = s.GetField("10", "x")
	require.ErrorIs(e, err, soastore.ErrNotFound)
	require.ErrorIs(e, s.GetInto("10", soa.NewDict()), soastore.ErrNotFound)
	require.ErrorIs(e, s.View("10", nil, func(*soa.Dict) error { return nil }), soastore.ErrNotFound)
	_, err = s.Pop("10")
	e.Fails(err, soastore.ErrNotFound)
	e.Fails(s.Remove("10"), soastore.ErrNotFound)
	e.Fails(s.Remove("*"), soastore.ErrNotFound)
	require.Equal(e, []string{"1"}, s.Keys())
	require.NoError(e, s.Close())
}

func testKeysClear(e *Env) {
	s := e.Open(soastore.Options{})
	for _, key := range []string{"b", "a", "c"} {
		require.NoError(e, s.Set(key, e.value(1)))
	}
	require.Equal(e, []string{"a", "b", "c"}, s.Keys())
	require.Equal(e, 3, s.Len())
	require.True(e, s.Has("c"))
	require.NoError(e, s.Clear())
	require.Empty(e, s.Keys())
	require.NoError(e, s.Clear())
	require.NoError(e, s.Set("a", e.value(2)))
	e.has(s, "a", e.value(2))
	require.NoError(e, s.Close())
}

func testOwnership(e *Env) {
	if e.Kind.Files || e.Kind.Packed || e.Kind.Tiered {
		s := e.Open(soastore.Options{CopyOnSet: e.Kind.Tiered})
		d := e.rows(1, 10)
		require.NoError(e, s.Set("k", d))
		x, _ := soa.Column[float32](d, "x")
		x[0] = 99
		got, err := s.Get("k")
		require.NoError(e, err)
		e.equal(e.rows(1, 10), got)
		require.NoError(e, s.Close())
		return
	}
	for _, copied := range []bool{false, true} {
		s := e.Open(soastore.Options{CopyOnSet: copied})
		d := e.rows(1, 10)
		require.NoError(e, s.Set("k", d))
		x, _ := soa.Column[float32](d, "x")
		x[0] = 99
		got, err := s.Get("k")
		require.NoError(e, err)
		y, _ := soa.Column[float32](got, "x")
		require.Equal(e, !copied, y[0] == 99)
		require.NoError(e, s.Close())
	}
}

// Lifecycle puts values away, replaces them, closes the store, opens it again and
// takes them out, looking at the store only.
func (e *Env) Lifecycle() {
	s := e.Open(soastore.Options{Keep: true})
	for i := range 3 {
		require.NoError(e, s.Set("a", e.value(i)))
		require.NoError(e, s.Set("b", e.value(i+5)))
		e.has(s, "a", e.value(i))
	}
	require.NoError(e, s.Remove("b"))
	require.NoError(e, s.Set("b", e.value(9)))
	require.NoError(e, s.Close())
	_, err := e.TryOpen(soastore.Options{})
	e.Fails(err, soastore.ErrInUse)
	s = e.Open(soastore.Options{Reopen: true})
	e.has(s, "a", e.value(2))
	e.has(s, "b", e.value(9))
	require.NoError(e, s.Set("a", e.value(3)))
	got, err := s.Pop("a")
	require.NoError(e, err)
	e.equal(e.value(3), got)
	require.NoError(e, s.Clear())
	require.NoError(e, s.Close())
}
