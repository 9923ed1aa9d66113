package soa

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestClassOf(t *testing.T) {
	check := func(size int) {
		class, bytes := classOf(size)
		require.GreaterOrEqual(t, bytes, size)
		require.LessOrEqual(t, bytes, size+size/8, size)
		require.Less(t, class, len(released.classes))
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

func TestCut(t *testing.T) {
	all := make([]byte, 16*uncleared)
	for size := uncleared; size <= len(all); size += 997 {
		class, part := cut(all[:size])
		require.LessOrEqual(t, len(part), size)
		require.Greater(t, len(part)+len(part)/perDoubling, size-perDoubling, size)
		same, bytes := classOf(len(part))
		require.Equal(t, [2]int{class, len(part)}, [2]int{same, bytes}, "all memory of a class is of one size")
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
	for range 8 {
		found = found || base(fresh(t, n)) == p
	}
	return found
}

func TestRelease(t *testing.T) {
	const n = 100_000
	d := fresh(t, n)
	p := base(d)
	d.Release()
	require.Zero(t, d.Len())
	d.Release() // again
	require.Same(t, p, base(fresh(t, n-7)))
}

// TestReleasedIsDivided takes smaller blocks of a larger one, down to a quarter of it,
// and none that is much too large.
func TestReleasedIsDivided(t *testing.T) {
	const n = 16 * uncleared
	whole := block{allocUncleared(n), n}
	var f freeBlocks
	f.add(whole)
	take := func(size int) (at int) {
		class, bytes := classOf(size)
		b, ok := f.take(class, bytes)
		if !ok {
			return -1
		}
		require.Len(t, b.mem[:cap(b.mem)], bytes)
		return int(uintptr(unsafe.Pointer(&b.mem[0])) - uintptr(unsafe.Pointer(&whole.mem[0])))
	}
	require.Equal(t, -1, take(n+1))
	require.Equal(t, -1, take(n/8), "a small part would hold all")
	require.Equal(t, 0, take(n/2))
	require.Equal(t, -1, take(n/8), "and of a part as well")
	require.Equal(t, n/2, take(n/4))
	require.Equal(t, n*3/4, take(n/4))
	require.Equal(t, -1, take(n/4), "nothing is left")
}

// TestReleasedNeedNotFit takes blocks that are at most half as large again.
func TestReleasedNeedNotFit(t *testing.T) {
	const n = 3 * uncleared / 2
	for size, fits := range map[int]bool{n: true, n - uncleared/4: true, n * 2 / 3: true, n*2/3 - uncleared/8: false} {
		var f freeBlocks
		f.add(block{allocUncleared(n), n})
		b, ok := f.take(classOf(size))
		require.Equal(t, fits, ok, size)
		if ok {
			require.Len(t, b.mem, n)
		}
	}
}

// TestReleasedIsCollected releases memory that nobody asks for: after two collections
// it is no longer held.
func TestReleasedIsCollected(t *testing.T) {
	d := fresh(t, 12_345_678)
	gone := make(chan struct{})
	runtime.AddCleanup(base(d), func(gone chan struct{}) { close(gone) }, gone)
	d.Release()
	for { // else the test ends by its time limit
		runtime.GC()
		select {
		case <-gone:
			return
		default:
			runtime.Gosched()
		}
	}
}

// TestLeases takes, fills and releases memory of all sizes: no two arrays in use share
// any.
func TestLeases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var used []*Dict
		check := func(d *Dict) {
			a, _ := d.Get("x")
			x, _ := Values[uint64](a)
			for i := range x {
				if x[i] != x[0] {
					t.Fatalf("element %d of %d is another array's", i, len(x))
				}
			}
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(used) > 0 && rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				which := rapid.IntRange(0, len(used)-1).Draw(t, "which")
				check(used[which])
				used[which].Release()
				used = append(used[:which], used[which+1:]...)
				continue
			}
			a, err := Array{}.Resize(Uint64, rapid.IntRange(uncleared/8, uncleared).Draw(t, "n"))
			if err != nil {
				t.Fatal(err)
			}
			x, _ := Values[uint64](a)
			for j := range x {
				x[j] = uint64(i)
			}
			d := NewDict()
			d.Set("x", a)
			used = append(used, d)
		}
		for _, d := range used {
			check(d)
		}
	})
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
