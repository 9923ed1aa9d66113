//go:build cgo && !windows

package mpi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bodyVariable names, in a process that a test started, what that process is to
// do instead of running tests.
const bodyVariable = "SOA_MPI_TEST_BODY"

// TestMain runs the body that a test started this program for, or the tests.
func TestMain(m *testing.M) {
	if name := os.Getenv(bodyVariable); name != "" {
		bodies[name]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// launchTimeout is for a machine that is very busy. A job that takes longer hangs.
const launchTimeout = 120 * time.Second

// mpirun runs the named body on n ranks, and returns what they print and the exit
// code. It fails if the job does not end.
func mpirun(t testing.TB, n int, body string) (output string, code int) {
	path, err := exec.LookPath("mpirun")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("mpirun is not installed")
		}
		t.Skip("mpirun is not installed")
	}
	return launch(t, body, path, "--oversubscribe", "-n", fmt.Sprint(n))
}

// launch runs this program with the named body, behind the given command.
func launch(t testing.TB, body string, command ...string) (output string, code int) {
	self, err := os.Executable()
	require.NoError(t, err)
	command = append(command, self)
	ctx, cancel := context.WithTimeout(context.Background(), launchTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), bodyVariable+"="+body, "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to end the ranks too
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	require.NoError(t, ctx.Err(), "the job hung:\n%s", &out)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
