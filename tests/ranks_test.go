//go:build cgo

package tests

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/mpi"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore/storetest"
)

// programs are what the ranks of a job do, by name. When one returns an error, the
// whole job ends.
var programs = map[string]func(t *testing.T, c comm.Comm, args []string) error{
	"suite":       storeSuite,
	"fill":        onRank(fillDisk),
	"read-only":   onRank(readOnlyDisk),
	"no folder":   onRank(folderGone),
	"limit":       onRank(fileLimit),
	"set forever": setForever,
	"nodes":       onNode,
}

// mpirun runs a program on n ranks and returns what they print.
func mpirun(t *testing.T, n int, program string, args ...string) string {
	t.Helper()
	return testkit.Mpirun(t, n, append([]string{"-test.run=^TestRank$", program}, args...)...)
}

// TestRank is a rank's part of the tests that call mpirun.
func TestRank(t *testing.T) {
	if flag.NArg() == 0 {
		t.Skip("for ranks under mpirun")
	}
	mpi.Run(func(c comm.Comm) error {
		program, ok := programs[flag.Arg(0)]
		if !ok {
			return fmt.Errorf("no program %q", flag.Arg(0))
		}
		return program(t, c, flag.Args()[1:])
	})
}

// onRank makes a program of a test of a store. Its arguments are the kind of store
// and a folder.
func onRank(test func(*storetest.Env)) func(*testing.T, comm.Comm, []string) error {
	return func(_ *testing.T, c comm.Comm, args []string) error {
		kind, err := kindNamed(args[0])
		if err != nil {
			return err
		}
		return storetest.OneRank(c, kind, args[1], test)
	}
}

// storeSuite is the suite of the kinds of store in args.
func storeSuite(t *testing.T, c comm.Comm, args []string) error {
	world := func(t *testing.T, fn func(c comm.Comm) error) {
		if err := fn(c); err != nil {
			panic(fmt.Sprintf("rank %d, %s: %v", c.Rank(), t.Name(), err)) // which ends the job at once
		}
	}
	for _, kind := range storetest.Kinds {
		if !slices.Contains(args, kind.Name) {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			storetest.Run(t, world, kind, func(t *testing.T) string { return t.TempDir() })
		})
		if c.Rank() == 0 && !t.Failed() {
			fmt.Printf("%s: passed on %d ranks\n", kind.Name, c.Size())
		}
	}
	if t.Failed() {
		return errors.New("the suite failed")
	}
	return nil
}
