package tier

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/stretchr/testify/require"
)

// TestReadsWaitForNobody: while a Put makes room, and what makes room is being written,
// every value can be read, also one that is not in memory.
func TestReadsWaitForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30})
		tt.put(t, "below", noisy(1, 31))
		tt.put(t, "light", noisy(2, 5))
		require.NoError(t, tt.Evict(background, "light"))
		tt.put(t, "x", noisy(3, 15, 15))
		g := newGate("put")
		tt.files.on(g.wait)
		var put sync.WaitGroup
		put.Go(func() { require.NoError(t, tt.Put(background, "y", noisy(4, 30))) })
		synctest.Wait()
		for _, id := range []string{"x", "below", "light"} {
			tt.get(t, id) // and nothing is promoted
			into := soa.NewDict()
			require.NoError(t, tt.Read(background, id, into, nil))
			tt.equal(t, id, nil, into)
			require.NoError(t, tt.View(background, id, nil, func(d *soa.Dict) error { tt.equal(t, id, nil, d); return nil }))
		}
		require.Equal(t, []string{"x"}, tt.raw(t))
		tt.check(t, false)
		close(g.open)
		put.Wait()
		tt.want["y"] = noisy(4, 30)
		require.Equal(t, []string{"y"}, tt.raw(t))
		tt.check(t, true)
		tt.whole(t)
	})
}

// TestPinDuringEviction: a value that is pinned while it is put below, to make room, stays
// in raw memory.
func TestPinDuringEviction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30})
		tt.put(t, "x", noisy(1, 20))
		g := newGate("put", "x")
		tt.files.on(g.wait)
		var put sync.WaitGroup
		put.Go(func() { require.NoError(t, tt.Put(background, "y", noisy(2, 20))) })
		synctest.Wait()
		require.NoError(t, tt.Pin(background, "x"))
		close(g.open)
		put.Wait()
		tt.want["y"] = noisy(2, 20)
		require.Equal(t, []string{"x"}, tt.raw(t))
		require.Equal(t, []string{"x", "y"}, tt.below(t))
		tt.check(t, true)
		tt.whole(t)
	})
}

// TestPinDuringPacking: nor is one packed that is pinned meanwhile, or deleted.
func TestPinDuringPacking(t *testing.T) {
	for _, pinned := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			slow := &slowEncoder{lz4(soa.Uint8), make(chan struct{})}
			in, err := New(nil, Options{Memory: 1000, Compressed: 200, Codec: func(soa.DType) codec.Codec { return slow }})
			require.NoError(t, err)
			tt := &tiers{Tiers: in, want: map[string]*soa.Dict{}}
			tt.put(t, "x", smooth(1, 1000))
			var put sync.WaitGroup
			put.Go(func() { require.NoError(t, tt.Put(background, "y", smooth(2, 1000))) })
			synctest.Wait()
			if pinned {
				require.NoError(t, tt.Pin(background, "x"))
			} else {
				tt.remove(t, "x")
			}
			close(slow.open)
			put.Wait()
			tt.want["y"] = smooth(2, 1000)
			require.Equal(t, map[bool][]string{true: {"x"}, false: {"y"}}[pinned], tt.raw(t))
			tt.check(t, true)
			tt.whole(t)
			tt.Close()
		})
	}
}

// TestSingleFlight: many who miss the same column read it once; if that fails, each
// tries.
func TestSingleFlight(t *testing.T) {
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tt := newTiers(t, Options{Memory: 30})
			tt.put(t, "x", noisy(1, 20))
			tt.put(t, "y", noisy(2, 30))
			g := newGate("read")
			var calls atomic.Int32
			tt.files.on(func(ctx context.Context, op, id string) error {
				err := g.wait(ctx, op, id)
				if op == "read" && calls.Add(1) == 1 && fails {
					return errDisk
				}
				return err
			})
			var readers sync.WaitGroup
			var failed atomic.Int32
			for range 8 {
				readers.Go(func() {
					d, err := tt.Get(background, "x", nil)
					if err != nil {
						require.ErrorIs(t, err, errDisk)
						failed.Add(1)
						return
					}
					tt.equal(t, "x", nil, d)
				})
				synctest.Wait()
			}
			ctx, cancel := context.WithCancel(background)
			readers.Go(func() {
				_, err := tt.Get(ctx, "x", nil)
				require.ErrorIs(t, err, context.Canceled)
			})
			synctest.Wait()
			cancel()
			synctest.Wait()
			tt.check(t, false)
			close(g.open)
			readers.Wait()
			if fails {
				require.EqualValues(t, 8, calls.Load())
				require.EqualValues(t, 1, failed.Load())
			} else {
				require.EqualValues(t, 1, calls.Load())
				require.Equal(t, []string{"x"}, tt.raw(t))
			}
			tt.check(t, true)
			tt.whole(t)
		})
	}
}

// slowEncoder encodes when it is allowed to.
type slowEncoder struct {
	codec.Codec
	open chan struct{}
}

func (c *slowEncoder) Encode(dst, src []byte, typesize int) ([]byte, error) {
	<-c.open
	return c.Codec.Encode(dst, src, typesize)
}

// slowCodec decodes when it is allowed to.
type slowCodec struct {
	codec.Codec
	open chan struct{}
	err  error
}

func (c slowCodec) Decode(dst, src []byte) ([]byte, error) {
	<-c.open
	if c.err != nil {
		return dst, c.err
	}
	return c.Codec.Decode(dst, src)
}

// TestPutWaitsForPromotions: room that is promised to what is being unpacked is not
// lacking for good, whether the unpacking succeeds or not.
func TestPutWaitsForPromotions(t *testing.T) {
	for _, failure := range []error{nil, codec.ErrFormat} {
		synctest.Test(t, func(t *testing.T) {
			slow := slowCodec{lz4(soa.Uint8), make(chan struct{}), failure}
			in, err := New(nil, Options{Memory: 1000, Compressed: 200, Codec: func(soa.DType) codec.Codec { return slow }})
			require.NoError(t, err)
			tt := &tiers{Tiers: in, want: map[string]*soa.Dict{}}
			tt.put(t, "x", smooth(1, 1000))
			require.NoError(t, tt.Evict(background, "x"))
			var calls sync.WaitGroup
			calls.Go(func() {
				d, err := tt.Get(background, "x", nil)
				require.ErrorIs(t, err, failure)
				if err == nil {
					tt.equal(t, "x", nil, d)
				}
			})
			synctest.Wait()
			calls.Go(func() { require.NoError(t, tt.Put(background, "y", smooth(2, 1000))) })
			synctest.Wait()
			require.Equal(t, []string{"x"}, tt.IDs())
			tt.check(t, false)
			close(slow.open)
			calls.Wait()
			require.Equal(t, []string{"y"}, tt.raw(t))
			tt.check(t, true)
			tt.Close()
		})
	}
}

// TestSharedArraysAreNotReleased: who releases what several readers were brought at once
// takes it from none of them, be the value deleted meanwhile.
func TestSharedArraysAreNotReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1 << 20
		slow := slowCodec{lz4(soa.Uint8), make(chan struct{}), nil}
		in, err := New(nil, Options{Memory: n, Compressed: n, Codec: func(soa.DType) codec.Codec { return slow }})
		require.NoError(t, err)
		defer in.Close()
		require.NoError(t, in.Put(background, "x", smooth(1, n)))
		require.NoError(t, in.Evict(background, "x"))
		var got [2]*soa.Dict
		var readers sync.WaitGroup
		for i := range got {
			readers.Go(func() {
				var err error
				got[i], err = in.Get(background, "x", nil)
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		require.NoError(t, in.Delete("x"))
		close(slow.open)
		readers.Wait()
		for i := range got {
			got[i].Release()
			fresh, err := soa.Array{}.Resize(soa.Uint8, n)
			require.NoError(t, err)
			clear(fresh.Bytes())
			if i == 0 {
				require.True(t, smooth(1, n).Equal(got[1]))
			}
		}
	})
}

// TestPanicBelow: who waits for a read, or a write, that panics is not left waiting, and
// nothing is lost.
func TestPanicBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTiers(t, Options{Memory: 30})
		tt.put(t, "below", noisy(1, 20))
		tt.put(t, "x", noisy(2, 30))
		panics := func() (open chan struct{}) { // makes the first operation panic, once it is open
			open = make(chan struct{})
			var calls atomic.Int32
			tt.files.on(func(context.Context, string, string) error {
				if calls.Add(1) == 1 {
					<-open
					panic("a mistake")
				}
				return nil
			})
			return open
		}
		var calls sync.WaitGroup
		require.NoError(t, tt.Flush(background))
		open := panics()
		calls.Go(func() { require.Panics(t, func() { tt.Get(background, "below", nil) }) })
		synctest.Wait()
		calls.Go(func() { tt.get(t, "below") })
		synctest.Wait()
		close(open)
		calls.Wait()
		tt.check(t, true)

		tt.put(t, "y", noisy(3, 30))
		open = panics()
		calls.Go(func() { require.Panics(t, func() { tt.Put(background, "z", noisy(4, 30)) }) })
		synctest.Wait()
		calls.Go(func() { require.ErrorIs(t, tt.Flush(background), errAborted) })
		synctest.Wait()
		close(open)
		calls.Wait()
		tt.check(t, true)
		require.NoError(t, tt.Flush(background))
		tt.check(t, true)
		tt.whole(t)
	})
}
