//go:build cgo && !windows

package mpi

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/soastore/soa/comm"
)

const (
	// grace is how long a failed rank waits before it ends the job, so that others
	// that failed too can say so.
	grace = 200 * time.Millisecond
	// echoGrace is how long a rank that failed only because another did waits for
	// that one to end the job.
	echoGrace = 5 * time.Second
)

// Run is what main calls: it runs fn over [World] and, when all ranks have returned
// from it, ends MPI and returns. When fn returns an error or panics on a rank, that
// rank prints it and ends the job, on all ranks, with exit code 1: Run does not
// return. So it does when a rank returns while others wait for it.
func Run(fn func(c comm.Comm) error) {
	err := guard(fn)
	if err == nil {
		err = Finalize()
	}
	if err != nil {
		fail(err)
	}
}

// guard calls fn and makes an error of how it ends.
func guard(fn func(comm.Comm) error) (err error) {
	j, err := theJob()
	if err != nil {
		return err
	}
	defer func() {
		if v := recover(); v != nil {
			err = &comm.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn(j.world)
}

// fail prints err and ends the job. An error that another rank told is printed only
// if that rank does not end the job.
func fail(err error) {
	j, joinErr := theJob()
	if joinErr != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	j.world.Break(err)
	var told *remoteReason
	if errors.As(err, &told) {
		time.Sleep(echoGrace)
	}
	fmt.Fprintf(os.Stderr, "rank %d: %v\n", j.world.rank, err)
	time.Sleep(grace)
	abort(1)
	os.Exit(1)
}
