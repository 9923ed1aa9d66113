package main_test

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/testkit"
)

// While a process changes an arena all the time, reading ends in one way or the
// other, and what is read without an error is a value that was there.
func TestReadWhileWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.tmp.rank-0.arena")
	a, err := arena.Create(name, arena.Options{Label: "rank 0 of 1"})
	require.NoError(t, err)
	defer a.Close()
	set := func(i int) error {
		c, err := a.Stage(t.Context(), "a", "set", testkit.RandomDict(uint64(i%2), 1+1000*(i%2)))
		if err == nil {
			err = c.Commit()
		}
		if err == nil {
			err = c.Finish()
		}
		return err
	}
	require.NoError(t, set(0))
	want := []string{must(t, "cat", name, "--format", "csv")}
	require.NoError(t, set(1))
	want = append(want, must(t, "cat", name, "--format", "csv"))

	var stop atomic.Bool
	done := make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			if err := set(i); err != nil || stop.Load() {
				done <- err
				return
			}
		}
	}()
	prefix := strings.TrimSuffix(name, ".tmp.rank-0.arena")
	for range 20 {
		for _, args := range [][]string{{"ls", prefix}, {"verify", name}, {"info", prefix}, {"cat", name, "--format", "csv"}, {"stats", prefix}} {
			stdout, stderr, code := soactl(t, args...)
			require.Contains(t, []int{0, 1, 2}, code)
			require.NotContains(t, stderr, "goroutine")
			if args[0] == "cat" && code == 0 {
				require.Contains(t, want, stdout)
			}
		}
		fails(t, 1, []string{"a running process has it open"}, "rm", prefix, "--all")
	}
	stop.Store(true)
	require.NoError(t, <-done)
	must(t, "verify", name)
	must(t, "cat", name)
}
