package soastore_test

import (
	"fmt"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// After the last planned read of each field nothing of a value is left, in memory or
// in files; the key is, until it is set or removed.
func TestTieredDropAfterLastRead(t *testing.T) {
	for _, b := range budgets[:5] {
		t.Run(b.name, func(t *testing.T) {
			onRanks(t, 2, func(e *storetest.Env) {
				const n = 6
				opts := b.opts
				if opts.Memory > 1 {
					opts.Memory = 40 * n * 12 * 2 / 3
					opts.Compressed /= 10
				}
				if b.file {
					opts = inFolder(e, opts)
				} else if opts.Memory > 1 {
					opts.Memory = 1 << 20
				}
				s := openTiered(e, opts)
				empty := held(s)
				var plan []soastore.Access
				for i := range n {
					require.NoError(e, s.Set(fmt.Sprint(i), rows(i, e.C.Rank(), 40)))
				}
				for _, field := range []string{"x", "id"} {
					for i := range n {
						plan = append(plan, soastore.Access{Key: fmt.Sprint(i), Fields: []string{field}})
					}
				}
				require.NoError(e, s.Plan(plan, soastore.PlanOptions{DropAfterLastRead: true}))
				for i, a := range plan {
					want, err := rows(i%n, e.C.Rank(), 40).Select(a.Fields...)
					require.NoError(e, err)
					got, err := s.GetField(a.Key, a.Fields...)
					require.NoError(e, err)
					require.True(e, want.Equal(got), "%v is %v", a, got)
					_, err = s.GetField(a.Key, a.Fields...)
					require.ErrorIs(e, err, soastore.ErrConsumed)
				}
				require.Len(e, s.Keys(), n)
				after := held(s)
				after.Keys = 0
				require.Equal(e, empty, after)
				for op, err := range everyCall(s, "0") {
					require.ErrorIs(e, err, soastore.ErrConsumed, op)
				}
				_, err := s.Pop("0")
				e.Fails(err, soastore.ErrConsumed)
				require.True(e, s.Has("0"))
				require.NoError(e, s.Flush())
				require.NoError(e, s.Remove("0"))
				require.False(e, s.Has("0"))
				want := rows(99, e.C.Rank(), 40)
				require.NoError(e, s.Set("1", want))
				holds(e, s, "1", want)
				require.NoError(e, s.Clear())
				require.Equal(e, empty, held(s))
				require.NoError(e, s.Close())
				require.Empty(e, e.Left())
			})
		})
	}
}

// Ranks consume on their own: a value that is gone on one rank is removed, replaced
// and kept for a later store as any other.
func TestTieredConsumedOnOneRank(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		s := openTiered(e, inFolder(e, soastore.TierOptions{Memory: 500, Keep: true}))
		for i := range 4 {
			require.NoError(e, s.Set(fmt.Sprint(i), rows(i, e.C.Rank(), 40)))
		}
		if e.C.Rank() == 1 {
			for i := range 3 {
				key := fmt.Sprint(i)
				require.NoError(e, s.Plan([]soastore.Access{{Key: key}}, soastore.PlanOptions{DropAfterLastRead: true}))
				require.NoError(e, s.View(key, nil, func(*soa.Dict) error { return nil }))
				_, err := s.Get(key)
				require.ErrorIs(e, err, soastore.ErrConsumed)
			}
		} else {
			holds(e, s, "0", rows(0, 0, 40))
		}
		_, err := s.Pop("0")
		e.Fails(err, soastore.ErrConsumed)
		require.NoError(e, s.Remove("0"))
		require.NoError(e, s.Set("1", rows(11, e.C.Rank(), 40)))
		holds(e, s, "1", rows(11, e.C.Rank(), 40))
		require.NoError(e, s.Close())

		s = openTiered(e, inFolder(e, soastore.TierOptions{Memory: 500, Reopen: true}))
		require.Equal(e, []string{"1", "2", "3"}, s.Keys())
		holds(e, s, "1", rows(11, e.C.Rank(), 40))
		holds(e, s, "3", rows(3, e.C.Rank(), 40))
		_, err = s.Get("2") // one rank has read it for the last time
		require.ErrorIs(e, err, soastore.ErrTorn)
		require.NoError(e, s.Clear())
		require.NoError(e, s.Close())
		require.Empty(e, e.Left())
	})
}

// A value of which one rank has read a field for the last time is kept whole for a later
// store. Without one, the field leaves memory at once.
func TestTieredKeepIsWhole(t *testing.T) {
	for _, keep := range []bool{true, false} {
		onRanks(t, 2, func(e *storetest.Env) {
			s := openTiered(e, inFolder(e, soastore.TierOptions{Memory: 1 << 20, Keep: keep}))
			want := rows(7, e.C.Rank(), 40)
			require.NoError(e, s.Set("k", want))
			left := want.NBytes()
			if e.C.Rank() == 1 {
				require.NoError(e, s.Plan([]soastore.Access{{Key: "k", Fields: []string{"x"}}}, soastore.PlanOptions{DropAfterLastRead: true}))
				x, err := s.GetField("k", "x")
				require.NoError(e, err)
				if !keep {
					left -= x.NBytes()
				}
			}
			require.EqualValues(e, []int{left, left}, []int{int(s.Stats().Memory), int(s.Stats().Unwritten)})
			require.NoError(e, s.Flush())
			require.NoError(e, s.Close())
			if keep {
				s = openTiered(e, inFolder(e, soastore.TierOptions{Memory: 1 << 20, Reopen: true}))
				holds(e, s, "k", want)
				require.NoError(e, s.Clear())
				require.NoError(e, s.Close())
			}
			require.Empty(e, e.Left())
		})
	}
}

// A plan is of the values that there are: of one that is set later it says nothing.
func TestTieredPlanOverReplaced(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		s := openTiered(e, inFolder(e, soastore.TierOptions{Memory: 1000}))
		for i := range 3 {
			require.NoError(e, s.Set(fmt.Sprint(i), rows(i, e.C.Rank(), 40)))
		}
		plan := []soastore.Access{{Key: "0"}, {Key: "1"}, {Key: "2"}}
		require.NoError(e, s.Plan(plan, soastore.PlanOptions{DropAfterLastRead: true}))
		want := rows(10, e.C.Rank(), 40)
		require.NoError(e, s.Set("0", want))
		require.NoError(e, s.Remove("2"))
		require.NoError(e, s.Set("2", want))
		for range 3 {
			for _, key := range []string{"0", "2"} {
				got, err := s.Get(key)
				require.NoError(e, err)
				require.True(e, want.Equal(got))
			}
		}
		_, err := s.Get("1")
		require.NoError(e, err)
		_, err = s.Get("1")
		require.ErrorIs(e, err, soastore.ErrConsumed)
		require.NoError(e, s.Plan(plan[:1], soastore.PlanOptions{DropAfterLastRead: true}))
		require.NoError(e, s.Plan(nil, soastore.PlanOptions{})) // ends it
		for range 3 {
			holds(e, s, "0", want)
		}
		require.ErrorIs(e, s.Plan(plan, soastore.PlanOptions{}), soastore.ErrConsumed)
		require.NoError(e, s.Close())
	})
}
