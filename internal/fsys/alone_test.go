package fsys_test

import (
	"errors"
	"os"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
)

func TestAlone(t *testing.T) {
	f, path := newFile(t, make([]byte, 3*page))
	require.NoError(t, f.Close())
	alone := func() bool {
		f, err := fsys.OS.OpenFile(path, os.O_WRONLY)
		require.NoError(t, err)
		size, alone, err := f.Alone()
		require.NoError(t, err)
		require.EqualValues(t, 3*page, size)
		require.NoError(t, f.Close())
		return alone
	}
	if !alone() {
		t.Skip("this file system has no leases")
	}

	for name, flag := range map[string]int{"reader": os.O_RDONLY, "writer": os.O_WRONLY} {
		other, err := os.OpenFile(path, flag, 0)
		require.NoError(t, err)
		require.False(t, alone(), "beside a %s", name)
		require.NoError(t, other.Close())
		require.True(t, alone(), "after the %s", name)
	}

	r, err := fsys.OS.OpenFile(path, os.O_RDONLY)
	require.NoError(t, err)
	m, err := r.Map(int64(page))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	if on, err := fsys.OS.TypeOf(path); err != nil || on.Name != "overlay" { // which does not tell
		require.False(t, alone(), "a mapping outlives the file that it was made with")
	}
	require.NoError(t, m.Unmap())
	require.True(t, alone())

	require.NoError(t, os.Link(path, path+".second"))
	require.False(t, alone(), "a second name")
	require.NoError(t, os.Remove(path+".second"))
	require.True(t, alone())
}

func TestAllocate(t *testing.T) {
	f, path := newFile(t, []byte("abc"))
	if err := f.Allocate(0, int64(5*page)); err != nil {
		require.ErrorIs(t, err, errors.ErrUnsupported)
		t.Skip(err)
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, append([]byte("abc"), make([]byte, 5*page-3)...), got)
	require.NoError(t, f.Allocate(0, 1), "a file does not become shorter")
	size, err := f.Size()
	require.NoError(t, err)
	require.EqualValues(t, 5*page, size)
	require.Error(t, f.Allocate(-1, 10))
	require.Error(t, f.Allocate(0, 1<<62))
}
