package arena_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
)

// TestAValueStaysItself is for what a Value tells when its key has been set again, and
// other keys after that: while it is open, and when it is closed.
func TestAValueStaysItself(t *testing.T) {
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, _ arena.Options) {
		numbered := func(i int) *soa.Dict {
			d := soa.NewDict()
			d.Set(fmt.Sprint("field ", i), soa.Of([]int64{int64(i), int64(i)}))
			return d
		}
		var values []*arena.Value
		check := func() {
			for i, v := range values {
				require.Equal(t, "key", v.Key())
				require.Equal(t, fmt.Sprint("stamp ", i), v.Stamp())
				require.Equal(t, numbered(i).Names(), v.Names())
			}
		}
		for i := range 20 {
			set(t, a, "key", fmt.Sprint("stamp ", i), numbered(i))
			v, err := a.Get("key")
			require.NoError(t, err)
			values = append(values, v)
			for range 2 {
				set(t, a, "other", "another stamp", numbered(-1))
			}
			if i >= 10 {
				into := soa.NewDict()
				require.NoError(t, values[i-10].Read(t.Context(), into, nil, arena.ReadOptions{}))
				require.True(t, into.Equal(numbered(i-10)))
				require.NoError(t, values[i-10].Close())
			}
			check()
		}
		for _, v := range values[10:] {
			require.NoError(t, v.Close())
		}
		set(t, a, "key", "last", numbered(-1))
		set(t, a, "key", "very last", numbered(-1))
		check()
		require.NoError(t, a.Verify(t.Context()))
	})
}

// TestEndedChangesStayEnded: the versions of a change that has ended may be others' by
// then.
func TestEndedChangesStayEnded(t *testing.T) {
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, _ arena.Options) {
		var ended []*arena.Change
		for i := range 20 {
			c := stage(t, a, keyName(i%3), "s", of(int64(i), 10))
			require.NoError(t, c.Commit())
			if i%5 == 4 {
				require.NoError(t, c.Undo())
			} else {
				require.NoError(t, c.Finish())
			}
			ended = append(ended, c)
			for _, c := range ended {
				require.NoError(t, c.Undo())
				require.Error(t, c.Commit())
				require.Error(t, c.Finish())
			}
		}
		for k, last := range map[int]int64{0: 18, 1: 16, 2: 17} {
			require.True(t, get(t, a, keyName(k)).Equal(of(last, 10)))
		}
		require.NoError(t, a.Verify(t.Context()))
	})
}
