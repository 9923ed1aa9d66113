package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa/examples/internal/exampletest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

func TestQuickstart(t *testing.T) {
	dir := t.TempDir()
	out := exampletest.Run(t, "--path", filepath.Join(dir, "quick"))
	for _, line := range []string{
		"rank 0: {X:float32[1000] id:int64[1000]}, first id 0\n",
		"rank 1: {X:float32[1000] id:int64[1000]}, first id 1000\n",
		"rank 2: {X:float32[1000] id:int64[1000]}, first id 2000\n",
		"rank 3: {X:float32[1000] id:int64[1000]}, first id 3000\n",
		"left: [\"step_41\"], 20000 bytes of this rank's in 2 files\n",
	} {
		require.Contains(t, out, line)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestNoFolder(t *testing.T) {
	out, code := exampletest.Exit(t, "--path", filepath.Join(t.TempDir(), "missing", "quick"))
	require.Equal(t, 1, code)
	require.Contains(t, out, "missing")
}
