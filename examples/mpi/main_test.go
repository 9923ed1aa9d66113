package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa/examples/internal/exampletest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

func TestInProcess(t *testing.T) {
	check(t, func(path string) string { return exampletest.Run(t, "--ranks", "3", "--path", path) })
}

// check runs the example on 3 ranks and looks at what it prints and leaves.
func check(t *testing.T, run func(path string) string) {
	dir := t.TempDir()
	out := run(filepath.Join(dir, "tmp"))
	require.Regexp(t, `refused on all ranks: .*"halos" failed on rank 2: .*"mass".*complex128`, out)
	// 1000 rows of 1, 2000 of 2 and 3000 of 3.
	require.Contains(t, out, "3 ranks at [3 1 1], total mass 14000\n")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
