package fsys_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func blocks(t *testing.T, path string) int64 {
	var st unix.Stat_t
	require.NoError(t, unix.Stat(path, &st))
	return st.Blocks
}

func TestPunch(t *testing.T) {
	f, path := newFile(t, bytes.Repeat([]byte{1}, 64*page))
	require.NoError(t, f.Sync(), "blocks are counted when they are written out")
	before := blocks(t, path)
	if err := f.Punch(int64(page), int64(50*page)); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else {
		require.NoError(t, err)
	}
	require.Less(t, blocks(t, path), before)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	want := bytes.Repeat([]byte{1}, 64*page)
	clear(want[page : 51*page])
	require.Equal(t, want, got)
}

func TestAllocateOnAFullDisk(t *testing.T) {
	f := newFileIn(t, testkit.Tmpfs(t, int64(16*page)))
	require.ErrorIs(t, f.Allocate(0, int64(17*page)), unix.ENOSPC)
	require.NoError(t, f.Truncate(0))
	require.NoError(t, f.Allocate(0, int64(16*page)), "what was reserved is given back")
	_, err := f.WriteAt(make([]byte, 16*page), 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
