package fsys_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/soastore/soa/internal/fsys"
)

// TestFolderUnknownEntry: where listing a folder does not tell what an entry is, it is
// looked at, and not what a link leads to.
func TestFolderUnknownEntry(t *testing.T) {
	d := fsys.Folder{FS: fsys.OS, Path: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(d.Path, "file"), nil, 0o600))
	require.NoError(t, os.Symlink("file", filepath.Join(d.Path, "link")))
	for name, want := range map[string]bool{"file": true, "link": false, ".": false} {
		regular, err := d.IsRegular(name, unix.DT_UNKNOWN)
		require.NoError(t, err)
		require.Equal(t, want, regular, name)
	}
	_, err := d.IsRegular("none", unix.DT_UNKNOWN)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
