// Package exampletest runs the examples in their tests. A test's program is the
// example itself when a variable in its environment says so: tests run the very
// main that users do, in processes of its own, also under mpirun.
package exampletest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

const exampleVariable = "SOA_EXAMPLE"

// Main is what the TestMain of an example calls, with the example's main.
func Main(m *testing.M, example func()) {
	if os.Getenv(exampleVariable) != "" {
		example()
		return
	}
	os.Exit(m.Run())
}

// Run runs the example with args and returns what it printed.
func Run(t *testing.T, args ...string) string {
	t.Helper()
	out, code := Exit(t, args...)
	require.Zero(t, code, out)
	return out
}

// Exit is Run for an example that may fail; it returns its exit status too.
func Exit(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	t.Setenv(exampleVariable, "1")
	self, err := os.Executable()
	require.NoError(t, err)
	return command(t, self, args...)
}

// Mpirun runs the example on n ranks under mpirun and returns what they printed.
func Mpirun(t *testing.T, n int, args ...string) string {
	t.Helper()
	t.Setenv(exampleVariable, "1")
	return testkit.Mpirun(t, n, args...)
}

// Soactl builds soactl and runs it once for each of the lines of arguments, all of
// which must succeed. It returns what it printed for each.
func Soactl(t *testing.T, lines ...[]string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "soactl")
	out, code := command(t, "go", "build", "-o", program, "github.com/soastore/soa/cmd/soactl")
	require.Zero(t, code, out)
	var outs []string
	for _, args := range lines {
		out, code := command(t, program, args...)
		require.Zero(t, code, "%q: %s", args, out)
		outs = append(outs, out)
	}
	return outs
}

// command runs a program that ends within minutes.
func command(t *testing.T, name string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err(), "%s %q hung: %s", name, args, out)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err, "%s", out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
