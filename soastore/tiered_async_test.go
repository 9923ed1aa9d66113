package soastore_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// inBubble runs test on n ranks; idle waits until all that is done in the background
// on all ranks has been. Collective.
func inBubble(t *testing.T, n int, test func(e *storetest.Env, idle func())) {
	testkit.NoLeaks(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ranksIn(t, n, dir, func(e *storetest.Env) {
			test(e, func() {
				require.NoError(e, comm.Barrier(context.Background(), e.C))
				if e.C.Rank() == 0 {
					synctest.Wait()
				}
				require.NoError(e, comm.Barrier(context.Background(), e.C))
			})
		})
	})
}

// noWrite is a file system, in opts, on which no new file can be made until it is
// healed.
func noWrite(opts soastore.TierOptions) (soastore.TierOptions, *faultfs.FS) {
	f := faultfs.New(fsys.OS)
	opts.Open, opts.Files = soastore.NewNPZ, soastore.WithFS(soastore.Options{}, f)
	return opts, f
}

var noRoom = faultfs.Fault{Op: faultfs.OpenFile, Name: "*.partial", Err: syscall.ENOSPC, Span: faultfs.Always}

// A value that cannot be written in the background stays readable, and the next Set
// fails on all ranks and names it, once. Flush writes it as soon as that can be.
func TestTieredAsyncFailure(t *testing.T) {
	inBubble(t, 2, func(e *storetest.Env, idle func()) {
		opts, f := noWrite(inFolder(e, soastore.TierOptions{Memory: 1 << 20, Async: true, Writers: 2}))
		s := openTiered(e, opts)
		if e.C.Rank() == 1 {
			f.Inject(noRoom)
		}
		want := func(i int) *soa.Dict { return rows(i, e.C.Rank(), 40) }
		require.NoError(e, s.Set("lost?", want(1)))
		idle()
		require.Equal(e, int64(e.C.Rank()), s.Stats().Failures)
		holds(e, s, "lost?", want(1))

		err := s.Set("other", want(2))
		e.Fails(err, soastore.ErrNoSpace)
		require.ErrorContains(e, err, `"lost?"`)
		require.False(e, s.Has("other"))
		require.NoError(e, s.Set("other", want(2)), "it is told of once")
		idle()
		holds(e, s, "lost?", want(1))

		err = s.Flush()
		e.Fails(err, soastore.ErrNoSpace)
		for _, key := range []string{`"lost?"`, `"other"`} {
			require.ErrorContains(e, err, key)
		}
		if e.C.Rank() == 1 {
			require.EqualValues(e, 2*40*12, s.Stats().Unwritten)
		}
		f.Heal()
		require.NoError(e, s.Flush())
		require.Zero(e, s.Stats().Unwritten)
		for key, i := range map[string]int{"lost?": 1, "other": 2} {
			require.NoError(e, s.Evict(key))
			holds(e, s, key, want(i))
		}
		require.NoError(e, s.Close())
		require.Empty(e, e.Left())
	})
}

// A failure is no reason to fail if its value is gone or written by then.
func TestTieredAsyncFailureForgiven(t *testing.T) {
	inBubble(t, 2, func(e *storetest.Env, idle func()) {
		opts, f := noWrite(inFolder(e, soastore.TierOptions{Memory: 1 << 20, Async: true}))
		s := openTiered(e, opts)
		for i, cure := range []func() error{
			func() error { return s.Remove("k") },
			s.Flush,
			func() error { return s.Evict("k") },
		} {
			if e.C.Rank() == 0 {
				f.Inject(noRoom)
			}
			require.NoError(e, s.Set("k", rows(i, e.C.Rank(), 40)))
			idle()
			f.Heal()
			require.NoError(e, cure(), i)
			require.NoError(e, s.Set("other", rows(i, e.C.Rank(), 40)), i)
			idle()
		}
		require.NoError(e, s.Close())
		require.Empty(e, e.Left())
	})
}

// Close with Keep says what could not be written; without Keep it need not be.
func TestTieredAsyncClose(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprint("keep ", keep), func(t *testing.T) {
			inBubble(t, 2, func(e *storetest.Env, idle func()) {
				opts, f := noWrite(inFolder(e, soastore.TierOptions{Memory: 1 << 20, Async: true, Keep: keep}))
				s := openTiered(e, opts)
				if e.C.Rank() == 1 {
					f.Inject(noRoom)
				}
				require.NoError(e, s.Set("k", rows(1, e.C.Rank(), 40)))
				idle()
				if err := s.Close(); keep {
					e.Fails(err, soastore.ErrNoSpace)
					require.ErrorContains(e, err, `"k"`)
				} else {
					require.NoError(e, err)
				}
				require.ErrorIs(e, s.Set("k", rows(1, e.C.Rank(), 40)), soastore.ErrClosed)
			})
		})
	}
}

// What the background has written leaves memory without a write.
func TestTieredAsyncEvictionIsFree(t *testing.T) {
	inBubble(t, 2, func(e *storetest.Env, idle func()) {
		const n = 5
		f := faultfs.New(fsys.OS)
		s := openTiered(e, inFolder(e, soastore.TierOptions{
			Memory: 40 * 12 * n, Async: true, Open: soastore.NewNPZ, Files: soastore.WithFS(soastore.Options{}, f),
		}))
		for i := range n {
			require.NoError(e, s.Set(fmt.Sprint(i), rows(i, e.C.Rank(), 40)))
		}
		idle()
		require.Zero(e, s.Stats().Unwritten)
		before := f.Count("")
		for i := range n {
			require.NoError(e, s.Evict(fmt.Sprint(i)))
		}
		require.Equal(e, before, f.Count(""))
		require.Zero(e, s.Stats().Memory)
		require.NoError(e, s.Close())
	})
}

// What Prefetch brings, and what a plan needs next, is there before it is asked for.
func TestTieredReadsAhead(t *testing.T) {
	inBubble(t, 2, func(e *storetest.Env, idle func()) {
		const n = 6
		s := openTiered(e, inFolder(e, soastore.TierOptions{Memory: 40 * 12 * 3}))
		for i := range n {
			require.NoError(e, s.Set(fmt.Sprint(i), rows(i, e.C.Rank(), 40)))
		}
		require.NoError(e, s.Flush())
		require.NoError(e, s.Prefetch("1", "0"))
		idle()
		for _, key := range []string{"0", "1"} {
			holds(e, s, key, rows(int(key[0]-'0'), e.C.Rank(), 40))
		}
		require.Zero(e, oneTier(e, s, "disk").Hits)

		plan := []soastore.Access{}
		for i := range n {
			plan = append(plan, soastore.Access{Key: fmt.Sprint(i), Fields: []string{"id"}})
		}
		require.NoError(e, s.Plan(plan, soastore.PlanOptions{}))
		for i, a := range plan {
			idle()
			got, err := s.GetField(a.Key, a.Fields...)
			require.NoError(e, err)
			want, err := rows(i, e.C.Rank(), 40).Select(a.Fields...)
			require.NoError(e, err)
			require.True(e, want.Equal(got))
		}
		require.Zero(e, oneTier(e, s, "disk").Hits)
		require.NoError(e, s.Close())
	})
}
