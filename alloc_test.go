package soa

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestClassOf(t *testing.T) {
	check := func(size int) {
		class, bytes := classOf(size)
		require.GreaterOrEqual(t, bytes, size)
		require.LessOrEqual(t, bytes, size+size/8, size)
		require.Less(t, class, len(released))
		sameClass, same := classOf(bytes)
		require.Equal(t, [2]int{class, bytes}, [2]int{sameClass, same}, "all memory of a class is of one size")
	}
	for size := uncleared; size < 4*uncleared; size += 61 {
		check(size)
	}
	for range 1000 {
		check(uncleared + rand.IntN(1<<40))
	}
}

// fresh returns a Dict with memory that a read would take.
func fresh(t *testing.T, n int) *Dict {
	t.Helper()
	a, err := Array{}.Resize(Float64, n)
	require.NoError(t, err)
	d := NewDict()
	d.Set("x", a)
	return d
}

func base(d *Dict) *byte {
	a, _ := d.Get("x")
	return unsafe.SliceData(a.data)
}

// sees reports whether one of many fresh arrays is in the memory at p.
func sees(t *testing.T, p *byte, n int) bool {
	t.Helper()
	found := false
	for range 8 { // of another processor's pool, maybe
		found = found || base(fresh(t, n)) == p
	}
	return found
}

func TestRelease(t *testing.T) {
	const n = 100_000
	reused := 0
	for range 100 { // a pool may drop what it is given, and does so in race tests
		d := fresh(t, n)
		p := base(d)
		d.Release()
		require.Zero(t, d.Len())
		d.Release() // again
		if base(fresh(t, n-7)) == p {
			reused++
		}
	}
	require.Positive(t, reused)
}

func TestReleaseOnce(t *testing.T) {
	const n = 200_000
	for range 50 {
		d := fresh(t, n)
		view := d.Share()
		d.Release()
		next := fresh(t, n) // maybe in that memory
		view.Release()      // which is not given back twice
		require.False(t, sees(t, base(next), n))
	}
}

func TestKeep(t *testing.T) {
	const n = 300_000
	a, _ := fresh(t, n).Get("x")
	for name, view := range map[string]Array{"all": a, "rows": a.Slice(5, 10)} {
		kept := NewDict()
		kept.Set("x", view)
		kept.Keep()
		d := NewDict()
		d.Set("x", a)
		p := base(d)
		d.Release()
		require.False(t, sees(t, p, n), name)
		require.Equal(t, 1, kept.Len())
	}
}

func TestReleaseLeavesOthersAlone(t *testing.T) {
	mine := make([]float64, 100_000)
	mine[7] = 1
	d := NewDict()
	d.Set("x", Of(mine))
	small, err := Array{}.Resize(Int8, 10)
	require.NoError(t, err)
	d.Set("small", small)
	cleared, err := New(Float64, 100_000)
	require.NoError(t, err)
	d.Set("new", cleared)
	d.Release()
	for range 8 {
		x, err := Values[float64](func() Array { a, _ := fresh(t, len(mine)).Get("x"); return a }())
		require.NoError(t, err)
		clear(x)
	}
	require.Equal(t, 1.0, mine[7])
}
