package testkit_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// recorder is a test inside the test, whose failure is what is looked at.
type recorder struct {
	testing.TB
	failed, skipped bool
	log             string
	cleanups        []func()
	deadline        time.Time
}

// try runs fn as a test does, in a goroutine that FailNow may end, and then its
// cleanups.
func try(t *testing.T, fn func(t *recorder)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	for _, f := range []func(){func() { fn(r) }, r.cleanup} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	return r
}

func (r *recorder) cleanup() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func (r *recorder) Deadline() (time.Time, bool) { return r.deadline, !r.deadline.IsZero() }
func (r *recorder) Cleanup(fn func())           { r.cleanups = append(r.cleanups, fn) }

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	r.log += fmt.Sprintf(format, args...) + "\n"
}

// Error is what goleak calls.
func (r *recorder) Error(args ...any) { r.Errorf("%s", fmt.Sprint(args...)) }

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = true
	r.log += fmt.Sprintf(format, args...) + "\n"
	runtime.Goexit()
}
