// Package ranks starts the ranks of an example program: as goroutines of one
// process, or as the processes of an MPI job.
package ranks

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/soastore/soa/comm"
)

// Main runs fn on n ranks in this process or, if n is 0, on the ranks that mpirun
// started (one, without mpirun). It does not return: the process exits with 0 if
// fn returned nil on all ranks. An interrupt ends the context that fn gets.
func Main(n int, fn func(ctx context.Context, c comm.Comm) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := func(c comm.Comm) error { return fn(ctx, c) }
	if n == 0 {
		runMPI(run)
		os.Exit(0)
	}
	if err := comm.Run(n, run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
