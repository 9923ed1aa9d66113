package tier

import (
	"testing"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// The behaviours of zict's LRU and Buffer.

// TestHeavyGoesStraightBelow: what is larger than the budget moves nobody else.
func TestHeavyGoesStraightBelow(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "light", noisy(1, 100))
	tt.put(t, "heavy", noisy(2, 60, 41))
	require.Equal(t, []string{"light"}, tt.raw(t))
	require.Equal(t, []string{"heavy"}, tt.below(t))
	tt.check(t, true)
	tt.whole(t)
}

// TestEvictsLeastRecentlyUsed: in the order of use, where a read is one.
func TestEvictsLeastRecentlyUsed(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30})
	for i, id := range []string{"x", "y", "z"} {
		tt.put(t, id, noisy(byte(i), 10))
	}
	tt.get(t, "x")
	tt.put(t, "w", noisy(9, 10))
	require.Equal(t, []string{"w", "x", "z"}, tt.raw(t))
	require.NoError(t, tt.View(background, "z", nil, func(*soa.Dict) error { return nil }))
	tt.put(t, "v", noisy(8, 10))
	require.Equal(t, []string{"v", "w", "z"}, tt.raw(t))
	require.Equal(t, []string{"y", "x"}, tt.files.recorded(&tt.files.puts))
	require.EqualValues(t, 2, tt.Stats().Memory.Evictions)
	tt.check(t, true)
	tt.whole(t)
}

// TestEvictTo: until there is no more than the target.
func TestEvictTo(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	for i, id := range []string{"x", "y", "z"} {
		tt.put(t, id, noisy(byte(i), 20))
	}
	require.NoError(t, tt.EvictTo(background, 45))
	require.Equal(t, []string{"y", "z"}, tt.raw(t))
	require.NoError(t, tt.EvictTo(background, 45))
	require.Equal(t, []string{"y", "z"}, tt.raw(t))
	require.NoError(t, tt.Pin(background, "y"))
	require.ErrorIs(t, tt.EvictTo(background, 0), ErrNoSpace)
	require.Equal(t, []string{"y"}, tt.raw(t))
	tt.check(t, true)
	tt.whole(t)
}

// TestPinned: a pinned value makes no room, until it is unpinned.
func TestPinned(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30})
	tt.put(t, "x", noisy(1, 10))
	tt.put(t, "y", noisy(2, 10))
	require.NoError(t, tt.Pin(background, "x"))
	tt.put(t, "z", noisy(3, 20))
	require.Equal(t, []string{"x", "z"}, tt.raw(t))
	require.ErrorIs(t, tt.Evict(background, "x"), ErrPinned)
	tt.put(t, "large", noisy(4, 25)) // does not fit beside it
	require.Equal(t, []string{"x", "z"}, tt.raw(t), "nobody goes in vain")
	require.NoError(t, tt.Unpin("x"))
	tt.put(t, "w", noisy(5, 30))
	require.Equal(t, []string{"w"}, tt.raw(t))
	tt.check(t, true)
	tt.whole(t)
}

// TestPinBrings: Pin brings a value to raw memory, or has no effect.
func TestPinBrings(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30, Compressed: 200})
	tt.put(t, "x", smooth(1, 25))
	tt.put(t, "y", noisy(2, 30))
	tt.put(t, "heavy", smooth(3, 500))
	require.NoError(t, tt.Pin(background, "x"))
	require.Equal(t, []string{"x"}, tt.raw(t))
	require.NoError(t, tt.Pin(background, "x"))
	var full *NoSpaceError
	require.ErrorAs(t, tt.Pin(background, "y"), &full)
	require.Equal(t, "y", full.ID)
	require.ErrorIs(t, tt.Pin(background, "heavy"), ErrNoSpace)
	for _, id := range []string{"y", "heavy"} {
		p, _ := tt.Where(id)
		require.False(t, p.Pinned, id)
	}
	require.ErrorIs(t, tt.Pin(background, "none"), ErrNotFound)
	require.ErrorIs(t, tt.Unpin("none"), ErrNotFound)
	tt.check(t, true)
	tt.whole(t)
}

// TestFailingEvictionKeeps: a value that cannot be put below stays where it is, and so
// do the others' budgets.
func TestFailingEvictionKeeps(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30})
	tt.put(t, "x", noisy(1, 30))
	tt.files.on(failing("put"))
	err := tt.tryPut(t, background, "y", noisy(2, 10))
	require.ErrorIs(t, err, ErrNoSpace)
	require.ErrorIs(t, err, errDisk)
	require.ErrorContains(t, err, `value "y"`)
	require.ErrorContains(t, err, `value "x"`)
	require.ErrorIs(t, tt.Evict(background, "x"), errDisk)
	require.Equal(t, []string{"x"}, tt.raw(t))
	tt.check(t, true)
	tt.whole(t)
	tt.files.on(nil)
	tt.put(t, "y", noisy(2, 10))
	require.Equal(t, []string{"y"}, tt.raw(t))
	tt.check(t, true)
	tt.whole(t)
}

// TestReadPromotes: what is read comes up, unless it is heavier than the tier, and only
// the fields that are read.
func TestReadPromotes(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 50, 40))
	tt.put(t, "heavy", noisy(2, 60, 60))
	tt.put(t, "y", noisy(3, 100))
	tt.get(t, "x", "b")
	p, _ := tt.Where("x")
	require.Equal(t, Place{Raw: []string{"b"}, Absent: []string{"a"}, Below: true, Disk: p.Disk}, p)
	require.Empty(t, tt.raw(t))
	tt.get(t, "heavy")
	p, _ = tt.Where("heavy")
	require.Empty(t, p.Raw)
	tt.get(t, "heavy", "a")
	tt.get(t, "x")
	require.Equal(t, []string{"x"}, tt.raw(t))
	require.Equal(t, []string{"x.b", "heavy.a", "heavy.b", "heavy.a", "x.a"}, tt.files.recorded(&tt.files.reads)[:5])
	tt.check(t, true)
	tt.whole(t)
}

// TestLenAndIDs: of values in any tier.
func TestLenAndIDs(t *testing.T) {
	tt := newTiers(t, Options{Memory: 30, Compressed: 30})
	require.Empty(t, tt.IDs())
	tt.put(t, "z", smooth(1, 30))
	tt.put(t, "y", noisy(2, 60))
	tt.put(t, "x", noisy(3, 30))
	require.Equal(t, []string{"x", "y", "z"}, tt.IDs())
	require.Equal(t, 3, tt.Len())
	require.NoError(t, tt.Delete("y", "x"))
	require.Equal(t, []string{"z"}, tt.IDs())
	require.False(t, tt.Has("y"))
	require.True(t, tt.Has("z"))
	_, ok := tt.Where("y")
	require.False(t, ok)
}

// TestWeight: what weighs least goes first, of equal weights the least recently used.
func TestWeight(t *testing.T) {
	weights := map[string]float64{"low": 1, "mid": 2, "mid2": 2, "high": 3}
	tt := newTiers(t, Options{Memory: 40, Weight: func(id, field string, bytes int64) float64 {
		require.Equal(t, "a", field)
		require.EqualValues(t, 10, bytes)
		return weights[id]
	}})
	for i, id := range []string{"high", "mid", "low", "mid2"} {
		tt.put(t, id, noisy(byte(i), 10))
	}
	tt.get(t, "mid")
	for _, next := range [][]string{{"high", "mid", "mid2"}, {"high", "mid"}, {"high"}, {}} {
		require.NoError(t, tt.EvictTo(background, int64(10*len(next))))
		require.Equal(t, next, tt.raw(t))
	}
	tt.check(t, true)
	tt.whole(t)
}
