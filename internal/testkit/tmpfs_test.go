package testkit_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestTmpfsFillsUp(t *testing.T) {
	var dir string
	r := try(t, func(r *recorder) {
		dir = testkit.Tmpfs(r, 1<<20)
		file := filepath.Join(dir, "fits")
		require.NoError(t, os.WriteFile(file, make([]byte, 512<<10), 0o600))
		require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "does not"), make([]byte, 1<<20), 0o600), syscall.ENOSPC)
	})
	if r.skipped {
		t.Skip(r.log)
	}
	require.False(t, r.failed, r.log)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries, "unmounted when the test has ended")
}

func TestTmpfsReportsAFileLeftOpen(t *testing.T) {
	var f *os.File
	r := try(t, func(r *recorder) {
		var err error
		f, err = os.Create(filepath.Join(testkit.Tmpfs(r, 1<<20), "open"))
		require.NoError(t, err)
	})
	if r.skipped {
		t.Skip(r.log)
	}
	require.NoError(t, f.Close())
	require.True(t, r.failed)
	require.Contains(t, r.log, "still open")
}
