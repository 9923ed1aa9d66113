package memmap

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
)

func sum(v []int64) func() error {
	return func() error {
		total := int64(0)
		for _, x := range v {
			total += x
		}
		if total != 0 {
			return errors.New("the sum is not 0")
		}
		return nil
	}
}

func requireFault(t *testing.T, err error, path string, offset int64, cause error) {
	t.Helper()
	var fault *FaultError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, path, fault.Path)
	require.Equal(t, offset, fault.Offset)
	require.ErrorIs(t, err, cause)
	require.Contains(t, err.Error(), path)
}

func TestGuardTruncated(t *testing.T) {
	noMappings(t)
	page := os.Getpagesize()
	for _, mode := range []Mode{ReadOnly, ReadWrite, CopyOnWrite} {
		path := newArray(t, soa.Int64, 4*page)
		a := open[int64](t, path, mode)
		v := values(t, a)
		require.NoError(t, Guard(sum(v), a))
		require.NoError(t, os.Truncate(path+arraySuffix, int64(3*page)))
		requireFault(t, Guard(sum(v), a), path+arraySuffix, int64(3*page), ErrTruncated)
		if mode != ReadOnly {
			requireFault(t, Guard(func() error { v[len(v)-page/8] = 1; return nil }), path+arraySuffix, int64(31*page), ErrTruncated)
		}
		_, err := Open[int64](path, mode)
		require.ErrorIs(t, err, ErrSize)

		require.NoError(t, os.Remove(path+arraySuffix))
		requireFault(t, Guard(sum(v), a), path+arraySuffix, int64(3*page), syscall.EIO)
		require.NoError(t, a.Close())
	}
}

// TestGuardRegion maps from the middle of a file: the offset is the file's.
func TestGuardRegion(t *testing.T) {
	noMappings(t)
	page := os.Getpagesize()
	name := filepath.Join(t.TempDir(), "any")
	require.NoError(t, os.WriteFile(name, make([]byte, 8*page), 0o600))
	r, err := Map(name, ReadOnly, int64(2*page+5), int64(4*page))
	require.NoError(t, err)
	defer r.Close()
	b, err := r.Bytes()
	require.NoError(t, err)
	require.NoError(t, os.Truncate(name, int64(3*page)))
	err = Guard(func() error { // forwards, as copy does not
		for i := range b {
			if b[i] != 0 {
				return errors.New("not 0")
			}
		}
		return nil
	}, r)
	requireFault(t, err, name, int64(3*page), ErrTruncated)
}

func TestGuardFullDisk(t *testing.T) {
	dir := testkit.Tmpfs(t, 1<<20)
	noMappings(t)
	path := filepath.Join(dir, "a")
	fill := func(a *Array[int64]) error {
		return Guard(func() error {
			v, err := a.Values()
			for i := range v {
				v[i] = int64(i)
			}
			return err
		}, a)
	}

	require.NoError(t, Create(path, soa.Int64, []int{1 << 20}, Options{}), "a hole of 8 MiB is no matter")
	a := open[int64](t, path, ReadWrite)
	err := fill(a)
	require.ErrorIs(t, err, syscall.ENOSPC)
	var fault *FaultError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, path+arraySuffix, fault.Path)
	require.Greater(t, fault.Offset, int64(1<<18))
	require.NoError(t, a.Close())
	require.NoError(t, Remove(path))

	err = Create(path, soa.Int64, []int{1 << 20}, Options{Reserve: true})
	require.ErrorIs(t, err, syscall.ENOSPC)
	requireNoFiles(t, dir)

	require.NoError(t, Create(path, soa.Int64, []int{1 << 16}, Options{Reserve: true}))
	require.ErrorIs(t, Write(path+"2", soa.Of(make([]int64, 1<<20)), Options{}), syscall.ENOSPC)
	a = open[int64](t, path, ReadWrite)
	require.NoError(t, fill(a))
	require.NoError(t, a.Close())

	// Replacing an array for which there is no room leaves it as it was.
	require.ErrorIs(t, Write(path, soa.Of(make([]int64, 1<<20)), Options{}), syscall.ENOSPC)
	a = open[int64](t, path, ReadOnly)
	require.EqualValues(t, 1<<16-1, values(t, a)[1<<16-1])
	require.NoError(t, a.Close())
}

func requireNoFiles(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestGuardReadOnly(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Int64, 100)
	a := open[int64](t, path, ReadOnly)
	v := values(t, a)
	requireFault(t, Guard(func() error { v[3] = 1; return nil }), path+arraySuffix, 24, ErrReadOnly)
	require.NoError(t, Guard(sum(v)))
}

// TestGuardPasses: errors and panics that are not about mapped memory.
func TestGuardPasses(t *testing.T) {
	want := errors.New("mine")
	require.ErrorIs(t, Guard(func() error { return want }), want)
	require.PanicsWithValue(t, "mine", func() { _ = Guard(func() error { panic("mine") }) })
	require.Panics(t, func() {
		_ = Guard(func() error {
			var p *int
			*p = 1
			return nil
		})
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = Guard(func() error { runtime.Goexit(); return nil })
	}()
	<-done
}

// TestGuardHolds: memory stays while a Guard that holds it runs.
func TestGuardHolds(t *testing.T) {
	noMappings(t)
	a := open[int64](t, newArray(t, soa.Int64, 10), ReadWrite)
	v := values(t, a)
	require.NoError(t, Guard(func() error {
		require.NoError(t, a.Close())
		require.Equal(t, 1, mappings())
		v[3]++
		return nil
	}, a))
	require.Equal(t, 0, mappings())
}
