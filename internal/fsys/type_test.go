package fsys_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestTypeOf(t *testing.T) {
	dir := testkit.Tmpfs(t, int64(16*page))
	got, err := fsys.OS.TypeOf(dir)
	require.NoError(t, err)
	require.Equal(t, fsys.Type{Name: "tmpfs", Kind: fsys.Memory, Free: int64(16 * page)}, got)

	f := newFileIn(t, dir)
	require.NoError(t, f.Allocate(0, int64(3*page)))
	got, err = fsys.OS.TypeOf(f.Name())
	require.NoError(t, err)
	require.EqualValues(t, 13*page, got.Free)
	require.NoError(t, f.Close())

	proc, err := fsys.OS.TypeOf("/proc")
	require.NoError(t, err)
	require.Equal(t, fsys.Unknown, proc.Kind)
	require.Equal(t, "0x9fa0", proc.Name)

	_, err = fsys.OS.TypeOf(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
