package testkit_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestPythonHasNumPyAndArguments(t *testing.T) {
	out := testkit.Python(t, `
import sys, numpy
print(numpy.arange(3).sum(), sys.argv[1:])`, "a b", "c")
	require.Equal(t, "3 ['a b', 'c']\n", out)
}

func TestPythonFailureShowsItsOutput(t *testing.T) {
	r := try(t, func(r *recorder) {
		testkit.Python(r, "print('so far'); raise SystemExit('too far')")
	})
	require.True(t, r.failed)
	require.Contains(t, r.log, "so far")
	require.Contains(t, r.log, "too far")
}

func TestMissing(t *testing.T) {
	missing := func(r *recorder) { testkit.Missing(r, "a %s", "tool") }

	t.Setenv("CI", "")
	r := try(t, missing)
	require.True(t, r.skipped)
	require.False(t, r.failed)

	t.Setenv("CI", "true")
	r = try(t, missing)
	require.True(t, r.failed)
	require.Contains(t, r.log, "a tool")
}

func TestMpirunWithoutMpirun(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CI", "")
	r := try(t, func(r *recorder) { testkit.Mpirun(r, 1) })
	require.True(t, r.skipped, r.log)
}

func TestMpirunRunsEveryRank(t *testing.T) {
	out := testkit.Mpirun(t, 3, "-test.run=^TestRank$", "-test.v")
	for rank := range 3 {
		require.Contains(t, out, fmt.Sprintf("rank %d of 3", rank))
	}
}

func TestMpirunShowsARankThatFails(t *testing.T) {
	t.Setenv("SOA_TESTKIT_RANK", "fail")
	r := try(t, func(r *recorder) { testkit.Mpirun(r, 2, "-test.run=^TestRank$") })
	require.True(t, r.failed)
	require.Contains(t, r.log, "rank 1 was told to fail")
}

func TestMpirunKillsRanksThatHang(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		testkit.Missing(t, "/proc")
	}
	t.Setenv("SOA_TESTKIT_RANK", "hang")
	pids := t.TempDir()
	t.Setenv("SOA_TESTKIT_PIDS", pids)
	r := try(t, func(r *recorder) {
		r.deadline = time.Now().Add(13 * time.Second) // of which 10 are kept back
		testkit.Mpirun(r, 2, "-test.run=^TestRank$")
	})
	require.True(t, r.failed)
	require.Contains(t, r.log, "deadline")
	entries, err := os.ReadDir(pids)
	require.NoError(t, err)
	for _, e := range entries {
		require.Eventually(t, func() bool { return gone(e.Name()) }, 10*time.Second, 10*time.Millisecond, "rank process %s", e.Name())
	}
}

// gone reports whether the process has ended; a zombie that nobody waits for has.
func gone(pid string) bool {
	env, err := os.ReadFile("/proc/" + pid + "/environ")
	return err != nil || len(env) == 0
}

// TestRank is what the ranks of the tests above run.
func TestRank(t *testing.T) {
	if !testkit.InMpirun() {
		t.Skip("for ranks under mpirun")
	}
	rank := os.Getenv("OMPI_COMM_WORLD_RANK")
	switch os.Getenv("SOA_TESTKIT_RANK") {
	case "fail":
		if rank == "1" {
			t.Fatal("rank 1 was told to fail")
		}
	case "hang":
		pid := fmt.Sprint(os.Getpid())
		require.NoError(t, os.WriteFile(os.Getenv("SOA_TESTKIT_PIDS")+"/"+pid, nil, 0o600))
		<-time.After(time.Hour) // a timer, so that the runtime does not call it a deadlock
	default:
		fmt.Printf("rank %s of %s\n", rank, os.Getenv("OMPI_COMM_WORLD_SIZE"))
	}
}
