package testkit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
)

// markVar is in the environment of all ranks that Mpirun started; its value
// tells one run from all others.
const markVar = "SOA_TESTKIT_MPIRUN"

// jobs counts the jobs that this process started.
var jobs atomic.Int64

// InMpirun reports whether this process is one of the ranks that [Mpirun]
// started.
func InMpirun() bool { return os.Getenv(markVar) != "" }

// Mpirun runs the test's own binary n times under mpirun with args, for example
// "-test.run=^TestRanks$", and returns what the ranks printed. The test so named
// does a rank's work if [InMpirun] and is skipped otherwise.
//
// It fails the test, showing the output, if a rank fails or the ranks are not
// done in time, when it kills them. It calls [Missing] without mpirun.
func Mpirun(t testing.TB, n int, args ...string) string {
	t.Helper()
	mpirun, err := exec.LookPath("mpirun")
	if err != nil {
		Missing(t, "mpirun (Open MPI)")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("%s=%d-%d", markVar, os.Getpid(), jobs.Add(1))
	defer killMarked(t, mark)
	env := []string{
		mark,
		"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
		// Containers forbid the system call that this shortcut needs.
		"OMPI_MCA_btl_vader_single_copy_mechanism=none",
	}
	// Unbound, so that two runs at once do not share one core.
	full := append([]string{"--oversubscribe", "--bind-to", "none", "-n", strconv.Itoa(n), self}, args...)
	return run(t, mpirun, full, env)
}

// killMarked kills the processes that carry mark in their environment: mpirun
// puts each rank into a process group of its own, and a rank that hangs may
// outlive it.
func killMarked(t testing.TB, mark string) {
	t.Helper()
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range environs {
		env, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(append(env, 0), append([]byte(mark), 0)) {
			continue // another's, or ended meanwhile
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Errorf("rank process %d outlived mpirun and was killed", pid)
		}
	}
}
