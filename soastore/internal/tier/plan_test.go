package tier

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// still makes a plan without the goroutine that reads ahead, for tests of what reads
// alone do.
func (tt *tiers) still() {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	tt.aheadRuns = true
}

// reads returns accesses of values named so, one letter each.
func reads(ids string) (all []Access) {
	for _, id := range ids {
		all = append(all, Access{ID: string(id)})
	}
	return all
}

// TestPlanIsOptimal compares the reads from below with the fewest that any order of
// evictions, known in advance, could do with.
func TestPlanIsOptimal(t *testing.T) {
	dir := newFiles(t)
	for i := range 5 {
		_, err := dir.Put(background, string(rune('a'+i)), noisy(byte(i), 10))
		require.NoError(t, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.StringMatching(`[a-e]{1,14}`).Draw(rt, "order")
		room := rapid.IntRange(1, 4).Draw(rt, "room")
		tt := tiersOver(t, dir, Options{Memory: int64(10 * room)})
		for i := range 5 {
			id := string(rune('a' + i))
			tt.want[id] = noisy(byte(i), 10)
			require.NoError(rt, tt.Adopt(id, fieldsOf(tt.want[id]), 0))
		}
		tt.still()
		require.NoError(rt, tt.Plan(reads(order), PlanOptions{}))
		dir.recorded(&dir.reads)
		for _, id := range order {
			tt.get(t, string(id))
			tt.check(rt, true)
		}
		require.Len(rt, dir.recorded(&dir.reads), fewest(order, room, 0, map[string]int{}))
	})
}

// TestPlanOfFew: a plan of a few among many columns orders them as any other does.
func TestPlanOfFew(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tt := inMemory(t, Options{Memory: -1})
		for i := range 60 {
			tt.put(rt, fmt.Sprint(i), noisy(byte(i), 1, 1))
		}
		tt.still()
		some := rapid.SliceOfN(rapid.IntRange(0, 59), 0, 5)
		for range 4 {
			next := map[*column]int{}
			var accesses []Access
			for i, at := range some.Draw(rt, "plan") {
				id := fmt.Sprint(at)
				accesses = append(accesses, Access{ID: id, Fields: []string{"b"}})
				if c := tt.values[id].columns[1]; next[c] == 0 {
					next[c] = 1 + i
				}
			}
			require.NoError(rt, tt.Plan(accesses, PlanOptions{}))
			tt.check(rt, true)
			for _, v := range tt.values {
				for _, c := range v.columns {
					want, planned := next[c]
					require.Equal(rt, planned, c.next != never)
					require.True(rt, !planned || c.next == want-1)
				}
			}
			for _, at := range some.Draw(rt, "reads") {
				tt.get(rt, fmt.Sprint(at))
				tt.check(rt, true)
			}
		}
	})
}

// fewest returns how many of the reads have to go below if the values in memory are
// the bits of held, and what is read may be kept or not.
func fewest(order string, room int, held uint, known map[string]int) int {
	if order == "" {
		return 0
	}
	key := fmt.Sprint(order, held)
	if n, ok := known[key]; ok {
		return n
	}
	x := uint(1) << (order[0] - 'a')
	cost, best := 1, len(order)+1
	if held&x != 0 {
		cost = 0
	}
	for next := uint(0); next <= held|x; next++ {
		if next&^(held|x) == 0 && bits.OnesCount(next) <= room {
			best = min(best, cost+fewest(order[1:], room, next, known))
		}
	}
	known[key] = best
	return best
}

// TestPlanOrdersVictims: what is needed last goes first, and what is not needed any more
// before all.
func TestPlanOrdersVictims(t *testing.T) {
	tt := newTiers(t, Options{Memory: 40})
	for i, id := range []string{"a", "b", "c", "d"} {
		tt.put(t, id, noisy(byte(i), 10))
	}
	tt.still()
	require.NoError(t, tt.Plan(reads("bacab"), PlanOptions{}))
	tt.get(t, "d") // unplanned reads change nothing
	for _, next := range []string{"abc", "ab", "b"} {
		require.NoError(t, tt.EvictTo(background, int64(10*len(next))))
		require.Equal(t, next, joined(tt.raw(t)))
	}
	require.NoError(t, tt.Plan(nil, PlanOptions{}))
	tt.get(t, "a")
	require.NoError(t, tt.EvictTo(background, 10))
	require.Equal(t, []string{"a"}, tt.raw(t), "by use again")
	tt.check(t, true)
}

func joined(ids []string) (s string) {
	for _, id := range ids {
		s += id
	}
	return s
}

// TestPlanPacksNothingInVain: of what will not be read again, and is below, nothing is
// packed.
func TestPlanPacksNothingInVain(t *testing.T) {
	tt := newTiers(t, Options{Memory: 2000, Compressed: 1000})
	tt.put(t, "x", smooth(1, 1000))
	tt.put(t, "y", smooth(2, 1000))
	require.NoError(t, tt.Flush(background))
	tt.still()
	require.NoError(t, tt.Plan(reads("y"), PlanOptions{}))
	require.NoError(t, tt.EvictTo(background, 0))
	require.Equal(t, []string{"y"}, tt.where(t, func(p Place) bool { return p.Packed != nil }))
	tt.check(t, true)
	tt.whole(t)
}

// TestLastReadBringsNothing: what the plan expects no more of is not kept.
func TestLastReadBringsNothing(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 50))
	require.NoError(t, tt.Evict(background, "x"))
	tt.still()
	require.NoError(t, tt.Plan(reads("xx"), PlanOptions{}))
	tt.get(t, "x")
	require.Equal(t, []string{"x"}, tt.raw(t))
	require.NoError(t, tt.Evict(background, "x"))
	tt.get(t, "x")
	require.Empty(t, tt.raw(t))
	tt.get(t, "x") // not planned
	require.Equal(t, []string{"x"}, tt.raw(t))
	tt.check(t, true)
}

// TestPlanErrors: everything unknown is named, and the plan that there was goes on.
func TestPlanErrors(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 10, 10))
	tt.still()
	require.NoError(t, tt.Plan([]Access{{ID: "x"}}, PlanOptions{DropAfterLastRead: true}))
	err := tt.Plan([]Access{{ID: "x"}, {ID: "none"}, {ID: "x", Fields: []string{"q"}}}, PlanOptions{})
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorIs(t, err, soa.ErrField)
	require.ErrorContains(t, err, `"none"`)
	require.ErrorContains(t, err, `"q"`)
	require.ErrorIs(t, tt.Plan([]Access{{ID: "x", Fields: []string{"a", "a"}}}, PlanOptions{}), soa.ErrField)
	require.ErrorIs(t, tt.Prefetch(Access{ID: "none"}), ErrNotFound)
	tt.get(t, "x")
	require.Equal(t, []string{"x"}, tt.Consumed())
	require.ErrorIs(t, tt.Plan([]Access{{ID: "x"}}, PlanOptions{}), ErrConsumed)
}

// TestDropAfterLastRead: column by column, and then the whole value, of which Below is
// told to keep nothing.
func TestDropAfterLastRead(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 10, 10))
	tt.put(t, "y", noisy(2, 10))
	require.NoError(t, tt.Flush(background))
	tt.still()
	require.NoError(t, tt.Plan([]Access{
		{"x", []string{"a"}}, {"x", nil}, {"y", nil}, {"x", []string{"b"}},
	}, PlanOptions{DropAfterLastRead: true}))
	tt.get(t, "x", "a")
	require.Equal(t, []string{"x", "y"}, tt.raw(t))
	tt.get(t, "x")
	p, _ := tt.Where("x")
	require.Equal(t, []string{"a"}, p.Absent)
	require.EqualValues(t, 20, tt.Stats().Memory.Stored)
	_, err := tt.Get(background, "x", nil)
	require.ErrorIs(t, err, ErrConsumed)
	require.ErrorContains(t, err, `field "a"`)
	tt.get(t, "y")
	require.Equal(t, []string{"y"}, tt.Consumed())
	tt.get(t, "x", "b")
	require.Equal(t, []string{"x", "y"}, tt.Consumed())
	require.Equal(t, []string{"x", "y"}, tt.IDs(), "until they are deleted")
	require.Zero(t, tt.Stats().Memory.Stored)
	require.Equal(t, 2, tt.Stats().Consumed)
	tt.check(t, true)
	require.NoError(t, tt.Plan(nil, PlanOptions{}))
	require.ErrorIs(t, tt.View(background, "x", []string{"b"}, nil), ErrConsumed)
	require.NoError(t, tt.Promote(background, "x"))
	tt.remove(t, "x", "y")
	require.Empty(t, tt.Consumed())
	require.Empty(t, tt.files.has(t))
	tt.check(t, true)
}

// TestDropDirty: columns of a dirty value that have had their last read go at once, and
// what is left of it is put below.
func TestDropDirty(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 30, 30, 40))
	tt.still()
	plan := []Access{{"x", []string{"a"}}, {"x", []string{"b"}}, {"x", []string{"c"}}}
	require.NoError(t, tt.Plan(plan, PlanOptions{DropAfterLastRead: true}))
	tt.get(t, "x", "a")
	s := tt.Stats()
	require.EqualValues(t, []int64{70, 70}, []int64{s.Memory.Stored, s.Dirty})
	tt.check(t, true)
	tt.put(t, "y", noisy(2, 60))
	s = tt.Stats()
	require.EqualValues(t, []int64{70, 70, 60}, []int64{s.Disk.Raw, s.Disk.BytesWritten, s.Dirty})
	require.Equal(t, 2, s.Disk.Columns)
	tt.check(t, true)
	tt.whole(t)
	tt.get(t, "x", "b")
	tt.get(t, "x", "c")
	require.Equal(t, []string{"x"}, tt.Consumed())
	require.ErrorIs(t, tt.View(background, "x", nil, nil), ErrConsumed)
	tt.remove(t, "x", "y")
	tt.check(t, true)
}

// TestDropDirtyWhole: with Options.Whole a dirty value of which only some columns have
// had their last read is put below whole, if ever, and one that nobody reads any more is
// not.
func TestDropDirtyWhole(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100, Whole: true})
	tt.put(t, "x", noisy(1, 50, 50))
	tt.still()
	require.NoError(t, tt.Plan([]Access{{"x", []string{"a"}}, {"x", []string{"b"}}}, PlanOptions{DropAfterLastRead: true}))
	tt.get(t, "x", "a")
	require.EqualValues(t, 100, tt.Stats().Memory.Stored)
	tt.put(t, "y", noisy(2, 50))
	require.EqualValues(t, 100, tt.Stats().Memory.Stored)
	tt.check(t, true)
	tt.whole(t)
	require.NoError(t, tt.Plan(reads("y"), PlanOptions{DropAfterLastRead: true}))
	tt.get(t, "y")
	require.NoError(t, tt.Flush(background))
	require.Equal(t, []string{"x"}, tt.files.has(t), "y is not worth it")
	tt.put(t, "z", noisy(3, 20, 20))
	require.NoError(t, tt.Plan([]Access{{"z", []string{"a"}}, {"z", []string{"b"}}}, PlanOptions{DropAfterLastRead: true}))
	tt.get(t, "z", "a")
	require.NoError(t, tt.Flush(background))
	p, _ := tt.Where("z")
	require.Equal(t, []string{"a"}, p.Absent, "as soon as it is below")
	require.Zero(t, tt.Stats().Dirty)
	tt.check(t, true)

	alone := inMemory(t, Options{Memory: 100})
	alone.put(t, "x", noisy(1, 50, 50))
	alone.still()
	require.NoError(t, alone.Plan([]Access{{"x", []string{"a"}}}, PlanOptions{DropAfterLastRead: true}))
	alone.get(t, "x", "a")
	require.EqualValues(t, 50, alone.Stats().Memory.Stored, "nothing is to be put below")
	alone.check(t, true)
}

// TestFailedReadIsStillToCome: it may be made again, and drops nothing.
func TestFailedReadIsStillToCome(t *testing.T) {
	tt := newTiers(t, Options{Memory: 10})
	tt.put(t, "x", noisy(1, 20))
	tt.still()
	require.NoError(t, tt.Plan(reads("x"), PlanOptions{DropAfterLastRead: true}))
	tt.files.on(failing("read"))
	_, err := tt.Get(background, "x", nil)
	require.ErrorIs(t, err, errDisk)
	require.Empty(t, tt.Consumed())
	tt.files.on(nil)
	require.ErrorIs(t, tt.View(background, "x", nil, func(*soa.Dict) error { return errDisk }), errDisk)
	require.Panics(t, func() { tt.View(background, "x", nil, func(*soa.Dict) error { panic("a mistake") }) })
	tt.check(t, true)
	require.Empty(t, tt.Consumed())
	tt.get(t, "x")
	require.Equal(t, []string{"x"}, tt.Consumed())
	tt.check(t, true)

	tt.put(t, "y", noisy(2, 5))
	tt.put(t, "z", noisy(3, 5))
	require.NoError(t, tt.Plan(reads("yzy"), PlanOptions{}))
	require.ErrorIs(t, tt.View(background, "y", nil, func(*soa.Dict) error { return errDisk }), errDisk)
	require.NoError(t, tt.EvictTo(background, 5))
	require.Equal(t, []string{"y"}, tt.raw(t), "it is still the next")
}

// TestPlanInAnyOrder: every planned read is made once, in an order of its own, with
// others in between, and at the end all is consumed, no sooner.
func TestPlanInAnyOrder(t *testing.T) {
	dir := newFiles(t)
	const n = 30
	for i := range n {
		_, err := dir.Put(background, fmt.Sprint(i), noisy(byte(i), 10, 10))
		require.NoError(t, err)
	}
	orders := map[string]func(all []Access, rt *rapid.T) []Access{
		"forward":  func(all []Access, _ *rapid.T) []Access { return all },
		"backward": func(all []Access, _ *rapid.T) []Access { slices.Reverse(all); return all },
		"any":      func(all []Access, rt *rapid.T) []Access { return rapid.Permutation(all).Draw(rt, "order") },
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				tt := tiersOver(t, dir, Options{Memory: 100})
				var all []Access
				for i := range n {
					id := fmt.Sprint(i)
					tt.want[id] = noisy(byte(i), 10, 10)
					require.NoError(rt, tt.Adopt(id, fieldsOf(tt.want[id]), 0))
					all = append(all, Access{id, []string{"a"}}, Access{id, []string{"b", "a"}})
				}
				for _, f := range []string{"a", "b"} { // more than the window
					for i := range n {
						all = append(all, Access{fmt.Sprint(i), []string{f}})
					}
				}
				left := len(all)
				require.NoError(rt, tt.Plan(all, PlanOptions{DropAfterLastRead: true}))
				for _, a := range order(slices.Clone(all), rt) {
					require.Less(rt, len(tt.Consumed()), n)
					tt.get(t, a.ID, a.Fields...)
					left--
				}
				require.Zero(rt, left)
				require.Len(rt, tt.Consumed(), n)
				tt.Close()
				tt.check(rt, true)
				require.Zero(rt, tt.Stats().Memory.Stored)
			})
		})
	}
}

// TestConcurrentPlannedReads: the last of two reads that overlap is the one that ends
// last, and what is told to be consumed nobody reads any more.
func TestConcurrentPlannedReads(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 10))
	tt.still()
	require.NoError(t, tt.Plan(reads("xx"), PlanOptions{DropAfterLastRead: true}))
	nested := func(*soa.Dict) error {
		require.NoError(t, tt.View(background, "x", nil, func(*soa.Dict) error { // an unplanned one
			require.Empty(t, tt.Consumed())
			return nil
		}))
		return nil
	}
	failure := tt.View(background, "x", nil, func(*soa.Dict) error {
		require.NoError(t, tt.View(background, "x", nil, nested))
		require.Empty(t, tt.Consumed())
		tt.check(t, false)
		return errDisk
	})
	require.ErrorIs(t, failure, errDisk)
	require.Empty(t, tt.Consumed(), "one is still to come")
	require.NoError(t, tt.View(background, "x", nil, func(*soa.Dict) error {
		require.NoError(t, tt.View(background, "x", nil, func(*soa.Dict) error { return nil }))
		require.Empty(t, tt.Consumed())
		return nil
	}))
	require.Equal(t, []string{"x"}, tt.Consumed())
	tt.check(t, true)
}

// TestConsumedDuringRead: a value is not told to be consumed while somebody reads it,
// planned or not.
func TestConsumedDuringRead(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	tt.put(t, "x", noisy(1, 10, 10))
	require.NoError(t, tt.Flush(background))
	tt.still()
	require.NoError(t, tt.Plan(reads("x"), PlanOptions{}))
	require.NoError(t, tt.View(background, "x", []string{"a"}, func(d *soa.Dict) error {
		require.NoError(t, tt.Plan(reads("x"), PlanOptions{DropAfterLastRead: true}))
		tt.get(t, "x")
		require.Empty(t, tt.Consumed())
		tt.equal(t, "x", []string{"a"}, d)
		return nil
	}))
	require.Equal(t, []string{"x"}, tt.Consumed())
	tt.check(t, true)
}

// TestSkippedReadsLoseTheirPlace: what the plan expected long ago keeps no memory from
// what it expects next.
func TestSkippedReadsLoseTheirPlace(t *testing.T) {
	tt := newTiers(t, Options{Memory: 10})
	tt.put(t, "skipped", noisy(1, 10))
	tt.put(t, "read", noisy(2, 10))
	tt.put(t, "other", noisy(3, 10))
	require.NoError(t, tt.Flush(background))
	tt.still()
	plan := []Access{{ID: "skipped"}}
	for range 2 * window {
		plan = append(plan, Access{ID: "read"}, Access{ID: "other"})
	}
	require.NoError(t, tt.Plan(plan, PlanOptions{}))
	require.NoError(t, tt.Promote(background, "skipped"))
	for i := range window + 3 {
		tt.get(t, plan[1+i].ID)
	}
	require.NotContains(t, tt.raw(t), "skipped")
	tt.get(t, "skipped")
	tt.check(t, true)
}

// TestPlanReadsAhead: what is needed next is there before it is asked for, within the
// budget, and what is needed sooner is not given up for it. Dirty values are put below
// for what is near only.
func TestPlanReadsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30})
		order := "abcdefghij"
		for i, id := range order {
			tt.put(t, string(id), noisy(byte(i), 10))
		}
		require.NoError(t, tt.Plan(reads(order), PlanOptions{}))
		for i, id := range order {
			synctest.Wait()
			tt.check(t, true)
			have := joined(tt.raw(t))
			require.Subset(t, strings.Split(have, ""), strings.Split(order[i:min(i+nearby, len(order))], ""))
			if i <= 7 {
				require.Contains(t, have, "h", "which is dirty, until it is read")
			}
			tt.get(t, string(id))
		}
		s := tt.Stats()
		require.Zero(t, s.Memory.Misses)
		require.EqualValues(t, len(order), s.Memory.Hits)
		require.Len(t, tt.files.recorded(&tt.files.reads), 9)
		require.Len(t, tt.files.recorded(&tt.files.puts), 9)
		tt.whole(t)
		tt.Close()
	})
}

// TestReadAheadWindow: it looks a bounded number of accesses ahead, whatever room there
// is.
func TestReadAheadWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: -1})
		var plan []Access
		for i := range 2 * window {
			id := fmt.Sprint(i)
			tt.put(t, id, noisy(byte(i), 10))
			plan = append(plan, Access{ID: id})
		}
		require.NoError(t, tt.EvictTo(background, 0))
		require.NoError(t, tt.Plan(plan, PlanOptions{}))
		synctest.Wait()
		require.EqualValues(t, window, tt.Stats().Memory.Columns)
		tt.get(t, "0")
		synctest.Wait()
		require.EqualValues(t, window+1, tt.Stats().Memory.Columns)
		tt.check(t, true)
		tt.Close()
	})
}

// TestReadAheadUnpacks: columns come from compressed memory too, and a failure to read
// is only counted.
func TestReadAheadUnpacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 1000, Compressed: 1000})
		tt.put(t, "x", smooth(1, 500))
		tt.put(t, "y", smooth(2, 500))
		tt.put(t, "z", noisy(3, 1000))
		require.NoError(t, tt.Flush(background))
		tt.files.on(failing("read"))
		require.NoError(t, tt.EvictTo(background, 0))
		require.NoError(t, tt.Plan(reads("xyz"), PlanOptions{}))
		synctest.Wait()
		require.Equal(t, []string{"x", "y"}, tt.raw(t))
		require.Zero(t, tt.Stats().Failures)
		tt.get(t, "x")
		tt.get(t, "y")
		synctest.Wait()
		require.NotZero(t, tt.Stats().Failures)
		require.ErrorIs(t, tt.Stats().Failure, errDisk)
		tt.files.on(nil)
		tt.get(t, "z")
		tt.check(t, true)
		tt.Close()
	})
}

// TestPrefetch: what is asked for comes, but not in place of what was asked for before
// and not yet read.
func TestPrefetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30})
		for i, id := range "abcdef" {
			tt.put(t, string(id), noisy(byte(i), 10))
		}
		require.NoError(t, tt.Prefetch(reads("ab")...))
		require.NoError(t, tt.Prefetch(reads("ab")...))
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "f"}, tt.raw(t))
		require.NoError(t, tt.Prefetch(reads("cd")...))
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "c"}, tt.raw(t))
		tt.get(t, "a")
		require.NoError(t, tt.Prefetch(reads("d")...))
		synctest.Wait()
		require.Equal(t, []string{"b", "c", "d"}, tt.raw(t))
		tt.get(t, "b")
		require.Len(t, tt.files.recorded(&tt.files.reads), 4)
		g := newGate("read")
		tt.files.on(g.wait)
		for range 10 { // while the first is being read, no more than what there is queues up
			require.NoError(t, tt.Prefetch(reads("aef")...))
			synctest.Wait()
			require.LessOrEqual(t, len(tt.wanted), 3)
		}
		close(g.open)
		synctest.Wait()
		tt.check(t, true)
		tt.whole(t)
		tt.Close()
	})
}
