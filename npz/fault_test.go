package npz

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

var errDisk = errors.New("disk on fire")

// failing is a file whose calls fail once left of them are done.
type failing struct {
	memFile
	left  atomic.Int64
	short bool // fails by writing less, without an error
}

func newFailing(file memFile, left int) *failing {
	f := &failing{memFile: file}
	f.left.Store(int64(left))
	return f
}

func (f *failing) WriteAt(p []byte, off int64) (int, error) {
	switch left := f.left.Add(-1); {
	case left < 0 && f.short:
		return len(p) - 1, nil
	case left < 0:
		return 0, errDisk
	}
	return f.memFile.WriteAt(p, off)
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.left.Add(-1) < 0 {
		return 0, errDisk
	}
	return bytes.NewReader(f.memFile).ReadAt(p, off)
}

// large is a Dict that takes several blocks.
func large() *soa.Dict {
	x := make([]float64, 3*blockLen/8+5)
	for i := range x {
		x[i] = math.Sqrt(float64(min(i, blockLen/5))) // half of it is all that deflate shrinks
	}
	return dict("x", soa.Of(x), "y", soa.Of(x[:10]), "z", soa.Of(x))
}

func TestEveryWriteFailure(t *testing.T) {
	for _, level := range []int{0, 1} {
		for _, short := range []bool{false, true} {
			for n := 0; ; n++ {
				f := newFailing(nil, n)
				f.short = short
				_, err := Write(context.Background(), f, large(), Options{Level: level})
				if f.left.Load() >= 0 {
					require.NoError(t, err)
					require.Greater(t, n, 2)
					have, err := readAll(f.memFile)
					require.NoError(t, err)
					requireDict(t, large(), have)
					break
				}
				want := errDisk
				if short {
					want = io.ErrShortWrite
				}
				require.ErrorIs(t, err, want, "call %d", n)
			}
		}
	}
}

func TestEveryReadFailure(t *testing.T) {
	for _, level := range []int{0, 1} {
		file := written(t, large(), Options{Level: level})
		for n := 0; ; n++ {
			f := newFailing(file, n)
			into := dict("y", soa.Of([]int8{1, 2}))
			r, err := NewReader(f, int64(len(file)))
			if err == nil {
				err = r.Read(context.Background(), into)
			}
			if f.left.Load() >= 0 {
				require.NoError(t, err)
				require.Greater(t, n, 5)
				requireDict(t, large(), into)
				break
			}
			require.ErrorIs(t, err, errDisk, "call %d", n)
			require.NotErrorIs(t, err, ErrFormat)
			requireDict(t, dict("y", soa.Of([]int8{1, 2})), into)
			if r != nil { // nothing of the failure stays
				f.left.Store(1 << 20)
				require.NoError(t, r.Read(context.Background(), into))
				requireDict(t, large(), into)
			}
		}
	}
}

// countdown is a context that ends when it has been asked left times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func newCountdown(n int) *countdown {
	c := &countdown{Context: context.Background()}
	c.left.Store(int64(n))
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Each call ends between two blocks when its context does.
func TestCancel(t *testing.T) {
	for _, level := range []int{0, 1} {
		file := written(t, large(), Options{Level: level})
		r := reader(t, file)
		for name, call := range map[string]func(ctx context.Context) error{
			"Write": func(ctx context.Context) error {
				_, err := Write(ctx, new(memFile), large(), Options{Level: level})
				return err
			},
			"Read":   func(ctx context.Context) error { return r.Read(ctx, soa.NewDict()) },
			"Verify": r.Verify,
			"View": func(ctx context.Context) error {
				_, err := r.View(ctx, file)
				return err
			},
		} {
			n := 0
			for ; ; n++ {
				ctx := newCountdown(n)
				err := call(ctx)
				if ctx.left.Load() >= 0 {
					require.NoError(t, err)
					break
				}
				require.ErrorIs(t, err, context.Canceled, "%s %d", name, n)
			}
			require.GreaterOrEqual(t, n, 8, "%s asks once a block", name)
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, opts := range []Options{
		{Level: -1}, {Level: 10},
		{Comment: string(make([]byte, 65536))},
		{Comment: "a PK\x05\x06 b"},
		{Comment: "\x05\x06" + string(make([]byte, 0x4b50-2))}, // its length is "PK"
	} {
		_, err := Write(context.Background(), new(memFile), small(), opts)
		require.Error(t, err)
	}
	comment := string(bytes.Repeat([]byte{'P'}, 65535))
	require.Equal(t, comment, reader(t, written(t, small(), Options{Comment: comment})).Comment())
}

func TestArraysRefused(t *testing.T) {
	_, err := Write(context.Background(), new(memFile), dict("zero", soa.Array{}), Options{})
	require.ErrorIs(t, err, ErrDType)
	require.ErrorContains(t, err, "zero")
	require.ErrorIs(t, WriteArray(io.Discard, soa.Array{}), ErrDType)
	deep := make([]int, maxDims+1)
	a, err := soa.New(soa.Int8, deep...)
	require.NoError(t, err)
	require.ErrorIs(t, WriteArray(io.Discard, a), soa.ErrShape)
	a, err = soa.New(soa.Int8, deep[1:]...)
	require.NoError(t, err)
	require.NoError(t, WriteArray(io.Discard, a))
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "a.npz"), filepath.Join(dir, "b.npz")
	_, err := Open(name)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(name, []byte("no archive"), 0o600))
	_, err = Open(name)
	require.ErrorIs(t, err, ErrFormat)
	require.NoError(t, os.WriteFile(name, written(t, small(), Options{}), 0o600))
	require.NoError(t, os.Symlink(name, link))
	_, err = Open(link)
	require.Error(t, err)
	f, err := Open(name)
	require.NoError(t, err)
	require.NoError(t, f.Verify(context.Background()))
	require.NoError(t, f.Close())
}

// A Reader may be used by many goroutines, from its first use on.
func TestConcurrent(t *testing.T) {
	for _, level := range []int{0, 6} {
		file := written(t, small(), Options{Level: level})
		r := reader(t, file)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				d := soa.NewDict()
				if err := r.Read(context.Background(), d); err != nil || !d.Equal(small()) {
					t.Error(d, err)
				}
				if d, err := r.View(context.Background(), file); err != nil || !d.Equal(small()) {
					t.Error(d, err)
				}
				if _, err := r.Fields(); err != nil {
					t.Error(err)
				}
				if err := r.Verify(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
