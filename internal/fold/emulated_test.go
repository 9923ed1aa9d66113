//go:build linux && !race

package fold

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/internal/testkit"
)

// TestARM64 runs the tests of this package and those that use it as arm64 programs,
// emulated. The first time that takes a minute: the standard library is compiled for
// arm64.
func TestARM64(t *testing.T) {
	if testing.Short() || runtime.GOARCH == "arm64" {
		t.Skip("for long runs on other processors")
	}
	qemu, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		testkit.Missing(t, "qemu-aarch64 (Debian's package qemu-user): %v", err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "-short", "-exec", qemu, ".", "../crc64", "../crc32")
	cmd.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestKernels/PMULL", "the kernel did not run")
}
