package tier

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestConcurrentUse lets goroutines put, read, move and delete values of their own and
// read those of the others, with failures below now and then, while another holds the
// tiers to their budgets and accounts.
func TestConcurrentUse(t *testing.T) { concurrentUse(t, 1) }

// TestReleasedMemory is that with columns large enough for their memory to be used
// again, and a goroutine that writes to all that is released.
func TestReleasedMemory(t *testing.T) {
	defer scribbling(t)()
	concurrentUse(t, 300)
}

// TestLastReads: what the last planned read of a column gives is the caller's, who
// releases it while others read.
func TestLastReads(t *testing.T) {
	defer scribbling(t)()
	for _, async := range []bool{false, true} {
		const values, readers = 30, 3
		tt := newTiers(t, Options{Memory: 6 * large, Async: async})
		var plan []Access
		want := map[string]*soa.Dict{}
		for i := range values {
			id := fmt.Sprint(i)
			want[id] = smooth(byte(i), large, large)
			require.NoError(t, tt.Put(background, id, want[id].Clone()))
			for range readers {
				plan = append(plan, Access{ID: id})
			}
		}
		require.NoError(t, tt.Plan(plan, PlanOptions{DropAfterLastRead: true}))
		var group errgroup.Group
		for range readers {
			group.Go(func() error {
				got, id := want["0"].Clone(), "0"
				for i := range values {
					d, err := tt.Get(background, fmt.Sprint(i), nil)
					if err != nil {
						return err
					}
					if !want[id].Equal(got) {
						return fmt.Errorf("%s has changed since it was read", id)
					}
					got.Release()
					got, id = d, fmt.Sprint(i)
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		require.Len(t, tt.Consumed(), values)
	}
}

// scribbling writes to all memory that is released, until the function that it returns
// is called.
func scribbling(t *testing.T) (stop func()) {
	done := make(chan struct{})
	var scribbler sync.WaitGroup
	scribbler.Go(func() {
		r := rand.New(rand.NewPCG(2, 3))
		for {
			select {
			case <-done:
				return
			default:
				a, err := soa.Array{}.Resize(soa.Uint8, 64<<10+r.IntN(64<<10))
				require.NoError(t, err)
				copy(a.Bytes(), slices.Repeat([]byte{0xA5}, a.NBytes()))
				a.Release()
			}
		}
	})
	return func() {
		close(done)
		scribbler.Wait()
	}
}

// concurrentUse multiplies all sizes by scale.
func concurrentUse(t *testing.T, scale int) {
	for name, opts := range map[string]Options{
		"files":            {Memory: 3000},
		"two tiers":        {Memory: 3000, Compressed: 1000},
		"weighed":          {Memory: 2000, Compressed: 1000, Weight: func(_, field string, n int64) float64 { return float64(n % 3) }},
		"in background":    {Memory: 3000, Compressed: 300, Async: true, Writers: 2},
		"compressed only":  {Compressed: 2000, Async: true},
		"no files":         {Memory: 30000, Compressed: -1},
		"packed, no files": {Compressed: -1},
	} {
		t.Run(name, func(t *testing.T) {
			var f *files
			if opts.Memory+max(opts.Compressed, 0) < 10000 && opts.Compressed >= 0 {
				f = newFiles(t)
				f.on(sometimes(50))
			}
			opts.Memory *= int64(scale)
			if opts.Compressed > 0 {
				opts.Compressed *= int64(scale)
			}
			tt := tiersOver(t, f, opts)
			stop := make(chan struct{})
			var workers, watcher sync.WaitGroup
			watcher.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						tt.check(t, false)
						runtime.Gosched()
					}
				}
			})
			board := &sync.Map{} // what there is
			for i := range 4 {
				workers.Go(func() {
					(&worker{tiers: tt, t: t, board: board, i: i, scale: scale, r: rand.New(rand.NewPCG(1, uint64(i)))}).run()
				})
			}
			workers.Wait()
			close(stop)
			watcher.Wait()
			if f != nil {
				f.on(nil)
				require.NoError(t, tt.Flush(background))
			}
			tt.Close()
			board.Range(func(id, d any) bool { tt.want[id.(string)] = d.(*soa.Dict); return true })
			tt.check(t, true)
			tt.whole(t)
		})
	}
}

// sometimes fails one operation in n.
func sometimes(n int) func(context.Context, string, string) error {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(5, 7))
	return func(context.Context, string, string) error {
		mu.Lock()
		defer mu.Unlock()
		if r.IntN(n) == 0 {
			return errDisk
		}
		return nil
	}
}

type worker struct {
	*tiers
	t     *testing.T
	board *sync.Map
	i     int
	scale int
	r     *rand.Rand

	got, want *soa.Dict // of the read before
}

func (w *worker) run() {
	w.got, w.want = soa.NewDict(), soa.NewDict()
	steps := 250
	if testing.Short() || w.scale > 1 {
		steps = 100
	}
	for i := range steps {
		switch w.r.IntN(12) {
		case 0, 1, 2:
			w.add(fmt.Sprintf("%d.%d", w.i, i))
		case 3, 4, 5, 6, 7:
			w.read(w.any())
		default:
			w.change(w.any())
		}
	}
}

// any returns the ID of some value, which another goroutine may delete.
func (w *worker) any() (id string) {
	w.board.Range(func(key, _ any) bool {
		id = key.(string)
		return w.r.IntN(4) != 0
	})
	return id
}

func (w *worker) add(id string) {
	d := smooth(byte(w.r.IntN(256)), w.scale*w.r.IntN(400), w.scale*w.r.IntN(400))
	d.Set("noise", soa.Of(noise(byte(w.r.IntN(256)), w.scale*w.r.IntN(200))))
	if err := w.Put(background, id, d.Clone()); err == nil {
		w.board.Store(id, d)
	} else {
		require.True(w.t, errors.Is(err, ErrNoSpace) || errors.Is(err, errDisk), "%v", err)
	}
}

func (w *worker) read(id string) {
	want, ok := w.board.Load(id)
	if !ok {
		return
	}
	names := [][]string{nil, {"a"}, {"noise", "b"}}[w.r.IntN(3)]
	d, err := soa.NewDict(), error(nil)
	switch w.r.IntN(3) {
	case 0:
		d, err = w.Get(background, id, names)
	case 1:
		err = w.Read(background, id, d, names)
	default:
		err = w.View(background, id, names, func(seen *soa.Dict) error { d = seen.Clone(); return nil })
	}
	if err != nil {
		w.expected(err)
		return
	}
	expect := want.(*soa.Dict)
	if names != nil {
		expect, _ = expect.Select(names...)
	}
	require.True(w.t, expect.Equal(d), id)
	require.True(w.t, w.want.Equal(w.got), "what was read before has changed")
	w.got.Release() // which does nothing to what the tiers have too
	w.got, w.want = d, expect
}

func (w *worker) change(id string) {
	var err error
	access := Access{ID: id}
	switch w.r.IntN(9) {
	case 0:
		err = w.Evict(background, id)
	case 1:
		err = w.Promote(background, id)
	case 2:
		if err = w.Pin(background, id); err == nil {
			if p, ok := w.Where(id); ok && p.Pinned {
				require.Empty(w.t, p.Absent)
			}
			err = w.Unpin(id)
		}
	case 3:
		err = w.Prefetch(access, access)
	case 4:
		err = w.Plan([]Access{access, {ID: w.any()}, access}, PlanOptions{})
	case 5:
		if w.files != nil {
			err = w.Flush(background)
		}
	case 6:
		err = w.EvictTo(background, int64(w.scale*w.r.IntN(2000)))
	default:
		if _, mine := w.board.LoadAndDelete(id); mine {
			err = w.Delete(id)
		}
	}
	if err != nil {
		w.expected(err)
	}
}

// expected checks that an error is one of those that may be.
func (w *worker) expected(err error) {
	for _, kind := range []error{ErrNotFound, ErrNoSpace, ErrPinned, errDisk} {
		if errors.Is(err, kind) {
			return
		}
	}
	require.NoError(w.t, err)
}
