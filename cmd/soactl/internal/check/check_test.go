package check_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/cmd/soactl/internal/check"
)

const gioData = "../../../../genericio/testdata/"

// Each byte of a GenericIO file is under a checksum.
func TestEveryByteCounts(t *testing.T) {
	for _, name := range []string{"one.gio", "parts.gio", "parts.gio#1", "bigendian.gio"} {
		data, err := os.ReadFile(gioData + name)
		require.NoError(t, err)
		dir := t.TempDir()
		copyFile(t, dir, "parts.gio#0")
		copyFile(t, dir, "parts.gio#1")
		file := filepath.Join(dir, name)
		checker := check.Checker{Deep: true}
		for i := 0; i < len(data); i += 61 {
			data[i] ^= 1 << (i % 8)
			require.NoError(t, os.WriteFile(file, data, 0o600))
			r := checker.File(context.Background(), file)
			require.False(t, r.Good(), "%s: byte %d", name, i)
			require.Contains(t, r.Problems[0].String(), name)
			data[i] ^= 1 << (i % 8)
		}
		require.NoError(t, os.WriteFile(file, data, 0o600))
		r := checker.File(context.Background(), file)
		require.True(t, r.Good(), "%v", r.Problems)
	}
}

func copyFile(t *testing.T, dir, name string) {
	t.Helper()
	data, err := os.ReadFile(gioData + name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func TestFindTellsLeftoversByTheirTokens(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"p_a.tmp.gio.0123456789abcdef.old", "p_b.tmp.gio.0123456789ABCDEF.old", "p_0123456789abcdef.probe12",
		"p_0123456789abcdef.probe", "q_0123456789abcdef.probe1", "p_x_0123456789abcdef.probe1", "p_01234.probe1",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	found, err := check.Find(filepath.Join(dir, "p"))
	require.NoError(t, err)
	require.Len(t, found.Values, 1)
	require.Equal(t, []string{filepath.Join(dir, "p_a.tmp.gio.0123456789abcdef.old")}, found.Values[0].Files())
	require.Equal(t, []string{filepath.Join(dir, "p_0123456789abcdef.probe12")}, found.Loose)
	found, err = check.Find(dir)
	require.NoError(t, err)
	require.Len(t, found.Loose, 3)
	_, err = check.Find(filepath.Join(dir, "absent", "p"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
