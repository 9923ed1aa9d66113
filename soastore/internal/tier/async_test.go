package tier

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// TestWriteBehind: values are put below in the background, oldest first, and then make
// room at once.
func TestWriteBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 50, Async: true})
		g := newGate("put")
		tt.files.on(g.wait)
		for i, id := range "abcde" {
			tt.put(t, string(id), noisy(byte(i), 10))
		}
		synctest.Wait()
		require.EqualValues(t, 50, tt.Stats().Dirty)
		close(g.open)
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "c", "d", "e"}, tt.files.recorded(&tt.files.puts))
		require.Zero(t, tt.Stats().Dirty)
		require.EqualValues(t, 50, tt.Stats().Memory.Stored)
		shut := newGate("put")
		tt.files.on(shut.wait)
		tt.put(t, "f", noisy(9, 50)) // nothing has to be written for it
		require.Equal(t, []string{"f"}, tt.raw(t))
		close(shut.open)
		require.NoError(t, tt.Flush(background))
		tt.check(t, true)
		tt.whole(t)
		tt.Close()
	})
}

// TestWriters: as many values are put below at once as there are writers.
func TestWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 100, Async: true, Writers: 3})
		g := newGate("put")
		var writing atomic.Int32
		tt.files.on(func(ctx context.Context, op, id string) error {
			writing.Add(1)
			defer writing.Add(-1)
			return g.wait(ctx, op, id)
		})
		for i, id := range "abcde" {
			tt.put(t, string(id), noisy(byte(i), 10))
		}
		synctest.Wait()
		require.EqualValues(t, 3, writing.Load())
		close(g.open)
		require.NoError(t, tt.Flush(background))
		require.Len(t, tt.files.recorded(&tt.files.puts), 5)
		tt.check(t, true)
		tt.Close()
	})
}

// TestBackPressure: a Put for which there is no room waits until what is dirty has been
// put below, and not longer than its context.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30, Async: true})
		g := newGate("put")
		tt.files.on(g.wait)
		tt.put(t, "x", noisy(1, 30))
		ctx, cancel := context.WithCancel(background)
		var calls sync.WaitGroup
		var gaveUp, waited atomic.Bool
		calls.Go(func() {
			require.ErrorIs(t, tt.Put(ctx, "y", noisy(2, 30)), context.Canceled)
			gaveUp.Store(true)
		})
		synctest.Wait()
		calls.Go(func() {
			require.NoError(t, tt.Put(background, "z", noisy(3, 30)))
			waited.Store(true)
		})
		synctest.Wait()
		require.False(t, gaveUp.Load())
		cancel()
		synctest.Wait()
		require.True(t, gaveUp.Load())
		require.False(t, waited.Load())
		require.Equal(t, []string{"x"}, tt.IDs())
		tt.get(t, "x")
		close(g.open)
		calls.Wait()
		tt.want["z"] = noisy(3, 30)
		require.Equal(t, []string{"z"}, tt.raw(t))
		require.NoError(t, tt.Flush(background))
		require.Equal(t, []string{"x", "z"}, tt.files.recorded(&tt.files.puts), "each once")
		tt.check(t, true)
		tt.whole(t)
		tt.Close()
	})
}

// TestWriterTakesOver: what somebody began to put below, and gave up, the writer does.
func TestWriterTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30, Async: true})
		g, h := newGate("put", "x"), newGate("put", "y")
		tt.files.on(func(ctx context.Context, op, id string) error {
			if err := g.wait(ctx, op, id); err != nil {
				return err
			}
			return h.wait(ctx, op, id)
		})
		tt.put(t, "x", noisy(1, 10))
		synctest.Wait() // the writer is at the gate with x
		tt.put(t, "y", noisy(2, 10))
		require.NoError(t, tt.Pin(background, "x"))
		ctx, cancel := context.WithCancel(background)
		var put sync.WaitGroup
		put.Go(func() { require.ErrorIs(t, tt.Put(ctx, "z", noisy(3, 20)), context.Canceled) })
		synctest.Wait() // with y
		close(g.open)
		synctest.Wait()
		require.Equal(t, []string{"x"}, tt.files.has(t))
		cancel()
		put.Wait()
		close(h.open)
		synctest.Wait()
		require.Equal(t, []string{"x", "y"}, tt.files.has(t))
		tt.check(t, true)
		tt.whole(t)
		tt.Close()
	})
}

// TestBackgroundFailure: it keeps the value, is told of once, and is cured by Flush.
func TestBackgroundFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 100, Async: true})
		tt.files.on(failing("put", "x", "y"))
		tt.put(t, "x", noisy(1, 10))
		synctest.Wait()
		err := tt.Put(background, "z", noisy(3, 10))
		var of *Error
		require.ErrorAs(t, err, &of)
		require.Equal(t, "x", of.ID)
		require.ErrorIs(t, err, errDisk)
		require.False(t, tt.Has("z"))
		tt.put(t, "z", noisy(3, 10)) // once
		synctest.Wait()
		require.Equal(t, []string{"z"}, tt.below(t), "others go on")
		require.EqualValues(t, 1, tt.Stats().Failures, "and x is left alone")
		require.EqualValues(t, 10, tt.Stats().Dirty)

		tt.put(t, "y", noisy(2, 10))
		synctest.Wait()
		err = tt.Flush(background)
		require.ErrorContains(t, err, `"x"`)
		require.ErrorContains(t, err, `"y"`)
		tt.put(t, "w", noisy(4, 10)) // y has been told of
		tt.files.on(nil)
		require.NoError(t, tt.Flush(background))
		require.Equal(t, []string{"w", "x", "y", "z"}, tt.files.has(t))
		tt.check(t, true)
		tt.whole(t)

		tt.files.on(failing("put"))
		tt.put(t, "gone", noisy(5, 10))
		synctest.Wait()
		tt.remove(t, "gone")
		tt.put(t, "next", noisy(6, 10)) // nobody needs to know of gone
		tt.Close()
	})
}

// TestBackgroundFailureIsRetriedForRoom: by the Put that needs it.
func TestBackgroundFailureIsRetriedForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 10, Async: true})
		tt.files.on(failing("put"))
		tt.put(t, "x", noisy(1, 10))
		synctest.Wait()
		require.ErrorIs(t, tt.Put(background, "y", noisy(2, 10)), errDisk) // what went wrong before
		err := tt.tryPut(t, background, "y", noisy(2, 10))
		require.ErrorIs(t, err, ErrNoSpace)
		tt.files.on(nil)
		tt.put(t, "y", noisy(2, 10))
		require.Equal(t, []string{"y"}, tt.raw(t))
		tt.check(t, false)
		require.NoError(t, tt.Flush(background))
		tt.whole(t)
		tt.Close()
	})
}

// TestDeleteDuringWrite: the write is cancelled, or what it wrote deleted.
func TestDeleteDuringWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 100, Async: true})
		g := newGate("put")
		tt.files.on(g.wait)
		tt.put(t, "x", noisy(1, 10))
		synctest.Wait()
		tt.remove(t, "x")
		require.Empty(t, tt.files.has(t))

		stubborn := make(chan struct{}) // does not look at its context
		tt.files.on(func(_ context.Context, op, _ string) error {
			if op == "put" {
				<-stubborn
			}
			return nil
		})
		tt.put(t, "y", soa.NewDict()) // npz.Write has nothing to do at which it could stop
		synctest.Wait()
		var deleting sync.WaitGroup
		deleting.Go(func() { tt.remove(t, "y") })
		synctest.Wait()
		require.False(t, tt.Has("y"))
		close(stubborn)
		deleting.Wait()
		require.Empty(t, tt.files.has(t))
		require.Zero(t, tt.Stats().Failures)
		tt.check(t, true)
		tt.Close()
	})
}

// TestCloseDuringWrite: Close cancels what is under way, and waits for it.
func TestCloseDuringWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 100, Async: true, Writers: 2})
		g := newGate("put")
		tt.files.on(g.wait)
		tt.put(t, "x", noisy(1, 10))
		tt.put(t, "y", noisy(1, 10))
		require.NoError(t, tt.Prefetch(Access{ID: "x"}))
		synctest.Wait()
		tt.Close()
		require.Empty(t, tt.files.has(t))
		require.Zero(t, tt.Stats().Failures)
		tt.check(t, true)
	})
}

// TestFlush: reports every failure, and stops when its context ends.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 100})
		for i, id := range "abcd" {
			tt.put(t, string(id), noisy(byte(i), 10))
		}
		tt.files.on(failing("put", "a", "c"))
		err := tt.Flush(background)
		require.ErrorContains(t, err, `"a"`)
		require.ErrorContains(t, err, `"c"`)
		require.Equal(t, []string{"b", "d"}, tt.files.has(t))
		tt.check(t, true)
		g := newGate("put")
		tt.files.on(g.wait)
		ctx, cancel := context.WithCancel(background)
		var flushes sync.WaitGroup
		flushes.Go(func() { require.ErrorIs(t, tt.Flush(ctx), context.Canceled) })
		synctest.Wait()
		flushes.Go(func() { require.NoError(t, tt.Flush(background)) }) // waits for the other's write
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(g.open)
		flushes.Wait()
		require.Equal(t, []string{"b", "d", "a", "c"}, tt.files.recorded(&tt.files.puts))
		tt.check(t, true)
		tt.whole(t)
	})
}
