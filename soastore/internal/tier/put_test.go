package tier

import (
	"context"
	"math"
	"testing"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// TestOptions: an option that does not fit is named, with the one it does not fit to.
func TestOptions(t *testing.T) {
	below := newFiles(t)
	for _, c := range []struct {
		below Below
		opts  Options
		names []string
	}{
		{below, Options{Memory: -2}, []string{"Memory -2"}},
		{below, Options{Compressed: -5, Codec: lz4}, []string{"Compressed -5"}},
		{below, Options{Writers: -1, Async: true}, []string{"Writers -1"}},
		{below, Options{Compressed: 1}, []string{"Compressed 1", "Codec"}},
		{below, Options{Codec: lz4}, []string{"Compressed 0", "Codec"}},
		{nil, Options{Memory: 1, Async: true}, []string{"Async", "nothing below"}},
		{below, Options{Writers: 2}, []string{"Writers 2", "Async"}},
		{nil, Options{}, []string{"Memory 0", "Compressed 0", "nothing below"}},
	} {
		_, err := New(c.below, c.opts)
		require.ErrorIs(t, err, ErrOptions)
		for _, name := range c.names {
			require.ErrorContains(t, err, name)
		}
	}
}

// TestPutRefusals: nothing of a value that is refused is left.
func TestPutRefusals(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 10))
	require.ErrorIs(t, tt.Put(background, "x", noisy(2, 10)), ErrExists)
	require.ErrorIs(t, tt.Adopt("x", nil, 0), ErrExists)
	bad := soa.NewDict()
	bad.Set("zero", soa.Array{})
	err := tt.tryPut(t, background, "y", bad)
	require.ErrorIs(t, err, soa.ErrDType)
	require.ErrorContains(t, err, `field "zero"`)
	ctx, cancel := context.WithCancel(background)
	cancel()
	require.ErrorIs(t, tt.tryPut(t, ctx, "heavy", noisy(3, 200)), context.Canceled)
	require.ErrorIs(t, tt.tryPut(t, ctx, "z", noisy(3, 100)), context.Canceled)
	tt.check(t, true)
	tt.whole(t)
}

// TestNoSpace says what each tier had against it.
func TestNoSpace(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100, Compressed: 50})
	tt.files.on(failing("put"))
	var full *NoSpaceError
	require.ErrorAs(t, tt.tryPut(t, background, "x", noisy(1, 101)), &full)
	require.ErrorContains(t, full.Memory, "101 bytes are more than its 100")
	require.ErrorContains(t, full.Compressed, "101 bytes are more than its 50")
	require.ErrorIs(t, full.Below, errDisk)
	require.ErrorIs(t, full, ErrNoSpace)
	tt.check(t, true)
}

// TestOneFailingVictim: another makes room in its place, be it one used later.
func TestOneFailingVictim(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30})
	for i, id := range []string{"x", "y", "z"} {
		tt.put(t, id, noisy(byte(i), 10))
	}
	tt.files.on(failing("put", "x"))
	tt.put(t, "w", noisy(9, 10))
	require.Equal(t, []string{"w", "x", "z"}, tt.raw(t))
	require.EqualValues(t, 1, tt.Stats().Failures)
	require.ErrorIs(t, tt.Stats().Failure, errDisk)
	tt.check(t, true)
	tt.whole(t)
}

// TestReadsRetryNothing: a value that could not be put below is left alone by reads, which
// go without room.
func TestReadsRetryNothing(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30})
	tt.put(t, "below", noisy(1, 31))
	tt.put(t, "x", noisy(2, 20))
	require.NoError(t, tt.Flush(background))
	tt.put(t, "y", noisy(3, 30))
	tries := 0
	tt.files.on(func(_ context.Context, op, _ string) error {
		if op == "put" {
			tries++
			return errDisk
		}
		return nil
	})
	for range 3 {
		tt.get(t, "x")
		require.Equal(t, 1, tries)
	}
	require.ErrorIs(t, tt.Promote(background, "x"), errDisk)
	require.Equal(t, 2, tries)
	tt.check(t, true)
	tt.whole(t)
}

// TestFullDisk: clean values and what can be packed make room, and each Put tries few
// writes in vain.
func TestFullDisk(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100 * 20, Compressed: 400})
	for i := range 10 {
		tt.put(t, string(rune('A'+i)), noisy(byte(i), 100))
	}
	require.NoError(t, tt.Flush(background))
	for i := range 10 {
		tt.put(t, string(rune('a'+i)), noisy(byte(i+20), 100))
	}
	tries := 0
	tt.files.on(func(_ context.Context, op, _ string) error {
		if op == "put" {
			tries++
			return errDisk
		}
		return nil
	})
	for i := range 10 {
		tt.put(t, string(rune('k'+i)), noisy(byte(i+40), 100))
	}
	require.Zero(t, tries, "clean ones were the oldest")
	for i := range 4 { // into compressed memory, as they are
		tt.put(t, string(rune('0'+i)), noisy(byte(i+60), 100))
	}
	tries = 0
	require.ErrorIs(t, tt.tryPut(t, background, "last", noisy(99, 100)), ErrNoSpace)
	require.Equal(t, maxFailures+1, tries)
	tt.check(t, true)
	tt.whole(t)
	tt.files.on(nil)
	require.NoError(t, tt.Flush(background))
	require.Equal(t, tt.ids(), tt.files.has(t))
}

// TestAdopt takes in what an earlier run put below.
func TestAdopt(t *testing.T) {
	first := newTiers(t, Options{Memory: 100})
	first.put(t, "x", noisy(1, 50, 20))
	require.NoError(t, first.Flush(background))
	p, _ := first.Where("x")
	first.Close()

	tt := tiersOver(t, first.files, Options{Memory: 60})
	tt.want = first.want
	require.NoError(t, tt.Adopt("x", fieldsOf(first.want["x"]), p.Disk))
	require.EqualValues(t, 70, tt.Stats().Disk.Raw)
	require.Equal(t, p.Disk, tt.Stats().Disk.Stored)
	tt.get(t, "x", "b")
	tt.get(t, "x", "a")
	tt.check(t, true)
	tt.whole(t)

	wrong := fieldsOf(first.want["x"])
	wrong[1].DType = soa.Int8
	require.NoError(t, tt.Delete("x"))
	require.NoError(t, first.files.putBack("x", first.want["x"]))
	require.NoError(t, tt.Adopt("x", wrong, p.Disk))
	_, err := tt.Get(background, "x", nil)
	require.ErrorIs(t, err, ErrSchema)
	require.ErrorContains(t, err, `field "b"`)
	require.ErrorIs(t, tt.Read(background, "x", soa.NewDict(), []string{"b"}), ErrSchema)
	tt.check(t, true)

	require.ErrorIs(t, tt.Adopt("huge", []Field{{"a", soa.Int64, []int{math.MaxInt / 2}}}, 0), soa.ErrShape)
	require.ErrorIs(t, tt.Adopt("huge", []Field{{"a", soa.Int8, []int{math.MaxInt}}, {"b", soa.Int8, []int{1}}}, 0), soa.ErrShape)
	require.ErrorIs(t, tt.Adopt("twice", []Field{{"a", soa.Int8, []int{1}}, {"a", soa.Int8, []int{1}}}, 0), soa.ErrField)
	require.ErrorIs(t, inMemory(t, Options{Memory: 1}).Adopt("x", nil, 0), ErrOptions)
}

func (f *files) putBack(id string, d *soa.Dict) error {
	_, err := f.Put(background, id, d)
	return err
}

// TestDelete: of values in memory, below and in both; what fails below is told.
func TestDelete(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "both", noisy(1, 50))
	require.NoError(t, tt.Flush(background))
	tt.put(t, "memory", noisy(2, 50))
	tt.put(t, "below", noisy(3, 500))
	err := tt.Delete("both", "none", "memory")
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, `"none"`)
	require.Equal(t, []string{"both"}, tt.files.recorded(&tt.files.deletes))
	require.Equal(t, []string{"below"}, tt.IDs())
	require.Zero(t, tt.Stats().Memory.Stored)
	require.Zero(t, tt.Stats().Dirty)
	tt.files.on(failing("delete"))
	require.ErrorIs(t, tt.Delete("below"), errDisk)
	require.False(t, tt.Has("below"))
	tt.check(t, true)
}

// TestClosed: every call says so.
func TestClosed(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100, Async: true, Writers: 3})
	tt.put(t, "x", noisy(1, 10))
	tt.Close()
	tt.Close()
	d := soa.NewDict()
	_, err := tt.Get(background, "x", nil)
	for _, err := range []error{
		err, tt.Put(background, "y", d), tt.Read(background, "x", d, nil),
		tt.View(background, "x", nil, func(*soa.Dict) error { return nil }),
		tt.Adopt("y", nil, 0), tt.Delete("x"), tt.Evict(background, "x"), tt.EvictTo(background, 0),
		tt.Promote(background, "x"), tt.Pin(background, "x"), tt.Unpin("x"),
		tt.Prefetch(Access{ID: "x"}), tt.Plan(nil, PlanOptions{}), tt.Flush(background),
	} {
		require.ErrorIs(t, err, ErrClosed)
	}
}

// TestStats follows one value through the tiers.
func TestStats(t *testing.T) {
	tt := newTiers(t, Options{Memory: 1000, Compressed: 1000, Clock: ticks()})
	tt.put(t, "x", smooth(1, 1000))
	require.Equal(t, TierStats{Values: 1, Columns: 1, Raw: 1000, Stored: 1000}, tt.Stats().Memory)
	require.EqualValues(t, []int64{1000, 1}, []int64{tt.Stats().Dirty, int64(tt.Stats().DirtyCount)})
	tt.get(t, "x")
	require.EqualValues(t, 1, tt.Stats().Memory.Hits)
	require.NoError(t, tt.Evict(background, "x"))
	s := tt.Stats()
	require.Equal(t, TierStats{Hits: 1, BytesRead: 1000, Evictions: 1}, s.Memory)
	require.Equal(t, TierStats{Values: 1, Columns: 1, Raw: 1000, Stored: s.Compressed.Stored,
		BytesWritten: s.Compressed.Stored, Writing: s.Compressed.Writing}, s.Compressed)
	require.NotZero(t, s.Compressed.Writing)
	tt.get(t, "x")
	s = tt.Stats()
	require.Equal(t, TierStats{Values: 1, Columns: 1, Raw: 1000, Stored: 1000, Hits: 1, Misses: 1, BytesRead: 1000, Evictions: 1, Promotions: 1}, s.Memory)
	require.Equal(t, []int64{1, 0, 1000}, []int64{s.Compressed.Hits, s.Compressed.Misses, s.Compressed.BytesRead})
	require.NotZero(t, s.Compressed.Reading)
	tt.put(t, "heavy", noisy(1, 3000))
	tt.get(t, "heavy")
	s = tt.Stats()
	p, _ := tt.Where("heavy")
	require.Equal(t, TierStats{Values: 1, Columns: 1, Raw: 3000, Stored: p.Disk, Hits: 1,
		BytesRead: 3000, BytesWritten: 3000, Reading: s.Disk.Reading, Writing: s.Disk.Writing}, s.Disk)
	require.NotZero(t, s.Disk.Reading)
	require.NotZero(t, s.Disk.Writing)
	require.Equal(t, []int64{2, 1}, []int64{s.Memory.Misses, s.Compressed.Misses})
}

// TestPutWeighsNoNaN: a weight that has no place in an order is none.
func TestPutWeighsNoNaN(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30, Weight: func(id, _ string, _ int64) float64 {
		if id == "x" {
			return math.NaN()
		}
		return 1
	}})
	for i, id := range []string{"y", "x", "z", "w"} {
		tt.put(t, id, noisy(byte(i), 10))
	}
	require.Equal(t, []string{"w", "y", "z"}, tt.raw(t))
	tt.check(t, true)
}

// TestCopyOnPut: what Put was given stays the caller's, in whichever tier the value is: he
// may change it, and nobody else gets its memory.
func TestCopyOnPut(t *testing.T) {
	for name, c := range map[string]struct {
		opts  Options
		value *soa.Dict
	}{
		"raw":          {Options{Memory: 3 * large}, noisy(1, large, 5)},
		"packed":       {Options{Compressed: 3 * large}, smooth(2, large, 5)},
		"packed as is": {Options{Compressed: 3 * large}, noisy(3, large, 5)},
		"below":        {Options{Memory: 10}, noisy(4, large, 5)},
	} {
		t.Run(name, func(t *testing.T) {
			c.opts.CopyOnPut = true
			tt := newTiers(t, c.opts)
			mine := c.value.Clone()
			tt.put(t, "x", mine)
			tt.want["x"] = c.value
			scribble(t)
			require.True(t, c.value.Equal(mine), "its memory was given away")
			for _, a := range mine.All() {
				clear(a.Bytes())
			}
			tt.check(t, true)
			tt.whole(t)
			require.NoError(t, tt.Delete("x"))
		})
	}
}
