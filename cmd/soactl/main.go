// Soactl inspects, checks, converts and cleans up what stores of package soastore
// leave on disk, and any other GenericIO, .npz and .npy file, mapped array and arena.
// It needs no MPI.
//
//	soactl ls /scratch/run7/tmp         the values of the store with that Options.Path
//	soactl info FILE                    header, variables, ranks, blocks; how it is used
//	soactl cat FILE --rows :10          elements, as a table, csv or json
//	soactl cat PREFIX --key KEY         those of a value, on all ranks
//	soactl stats FILE                   count, extremes, mean, deviation, NaNs of each field
//	soactl verify PATH...               checksums, sizes, and ranks against one another
//	soactl convert IN OUT               .gio, .npz and mapped arrays, one to another, and
//	                                    values of stores and arenas to these
//	soactl rm /scratch/run7/tmp KEY...  remove values, and leftovers of killed processes
//
// The exit status is 0 for success, 1 for a failure and 2 for a command that is not
// understood; for verify also 2 for what cannot be opened at all.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:])
	os.Exit(code)
}

// run runs the command of the given arguments and returns the exit status.
func run(ctx context.Context, args []string) int {
	root, understood := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	fmt.Fprintln(os.Stderr, "soactl: "+strings.ReplaceAll(err.Error(), "\n", "; "))
	var usage usageError
	if errors.As(err, &usage) || !*understood {
		return 2
	}
	return 1
}

// exitStatus is the error of a command that has said all there is to say.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is the error of a command that cannot be understood.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }
