package testkit

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Missing ends a test that needs something this machine lacks: by skipping it,
// or, where the environment variable CI is set, by failing it, so that a test
// cannot vanish unnoticed.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("missing, and CI is set: "+format, args...)
	}
	t.Skipf("missing: "+format, args...)
}

// toolLimit is how long a program may run where the test has no earlier deadline.
const toolLimit = 2 * time.Minute

// run runs cmd to its end and returns what it wrote to stdout. A program that
// fails, or is still running shortly before the test's deadline, fails the test
// with all that it wrote; in the latter case its process group is killed.
func run(t testing.TB, name string, args, env []string) string {
	t.Helper()
	ctx, cancel := context.WithDeadline(context.Background(), deadline(t))
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second // a process that left the group may hold the pipes
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s %q: killed at the deadline\nstdout:\n%s\nstderr:\n%s", name, args, &stdout, &stderr)
	}
	if err != nil {
		t.Fatalf("%s %q: %v\nstdout:\n%s\nstderr:\n%s", name, args, err, &stdout, &stderr)
	}
	return stdout.String()
}

// deadline returns when a program must have ended: early enough before the
// test's own deadline for the test to say which program it was.
func deadline(t testing.TB) time.Time {
	end := time.Now().Add(toolLimit)
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if at, ok := d.Deadline(); ok && at.Add(-10*time.Second).Before(end) {
			end = at.Add(-10 * time.Second)
		}
	}
	return end
}
