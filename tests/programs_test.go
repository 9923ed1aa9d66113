package tests

import (
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// buildProgram builds a program of the module, as users do, and returns its path.
func buildProgram(t *testing.T, pkg string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(pkg))
	build := exec.Command("go", "build", "-o", out, pkg)
	build.Dir = moduleRoot
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return out
}

// run runs a program and returns what it printed and its exit status.
func run(t *testing.T, name string, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func glob(t *testing.T, dir, pattern string) []string {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	return names
}
