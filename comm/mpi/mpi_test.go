//go:build cgo && !windows

package mpi_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	gompi "github.com/sbromberger/gompi"
	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/commtest"
	"github.com/soastore/soa/comm/mpi"
)

// bodies are what the ranks of a test do.
var bodies = map[string]func(){
	"suite":       func() { mpi.Run(suite) },
	"one":         func() { mpi.Run(one) },
	"single":      single,
	"late":        late,
	"world":       world,
	"error":       failing(func() error { return errors.New("the disk is full") }),
	"panic":       failing(func() error { panic("index out of range") }),
	"exit":        failing(func() error { os.Exit(3); return nil }),
	"kill":        failing(func() error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }),
	"leave":       failing(func() error { return nil }),
	"leave group": func() { mpi.Run(leaveGroup) },
	"disagree":    func() { mpi.Run(disagree) },
	"bench":       func() { mpi.Run(bench) },
}

var ctx = context.Background()

// suite runs the conformance tests and says so on rank 0.
func suite(c comm.Comm) error {
	for _, cs := range commtest.Cases() {
		if err := cs.On(c); err != nil {
			return fmt.Errorf("%s: %w", cs.Name, err)
		}
	}
	if c.Rank() == 0 {
		fmt.Printf("%d cases passed on %d ranks\n", len(commtest.Cases()), c.Size())
	}
	return nil
}

func TestConformance(t *testing.T) {
	for n := 1; n <= 6; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			out, code := mpirun(t, n, "suite")
			require.Zero(t, code, out)
			require.Contains(t, out, fmt.Sprintf("%d cases passed on %d ranks", len(commtest.Cases()), n))
		})
	}
}

// failing returns the body in which the last rank ends by f while the others wait
// for it, in a barrier and for a message.
func failing(f func() error) func() {
	return func() {
		mpi.Run(func(c comm.Comm) error {
			if err := comm.Barrier(ctx, c); err != nil {
				return err
			}
			last := c.Size() - 1
			if c.Rank() == last {
				return f()
			}
			if c.Rank() == 0 {
				_, _, err := c.Recv(ctx, last, nil)
				return fmt.Errorf("a message that nobody sent: %w", err)
			}
			return comm.Barrier(ctx, c)
		})
	}
}

// TestFailedRankEndsTheJob lets one rank of 4 fail in every way there is.
func TestFailedRankEndsTheJob(t *testing.T) {
	for body, want := range map[string]string{
		"error": "rank 3: the disk is full",
		"panic": "rank 3: panic: index out of range",
		"exit":  "",
		"kill":  "",
		"leave": `Agree`, // is what the last rank waits in
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			out, code := mpirun(t, 4, body)
			require.NotZero(t, code, out)
			require.Contains(t, out, want)
			if want != "" && body != "leave" {
				require.NotContains(t, out, "broke off", "other ranks repeat it")
			}
		})
	}
}

// leaveGroup lets rank 0 return while another waits for it in a smaller group.
func leaveGroup(c comm.Comm) error {
	pair, err := c.Split(ctx, c.Rank()/2, 0)
	if err != nil || c.Rank() != 1 {
		return err
	}
	_, _, err = pair.Recv(ctx, 0, nil)
	return err
}

func TestRankThatReturnsEarly(t *testing.T) {
	out, code := mpirun(t, 3, "leave group")
	require.NotZero(t, code, out)
	require.Contains(t, out, "rank 1: comm: rank 0 broke off: "+comm.ErrGone.Error())
}

// disagree lets all ranks return the same error.
func disagree(c comm.Comm) error {
	v := comm.Vote{Op: "Set", Key: "a"}
	if c.Rank() == 1 {
		v.Err = syscall.ENOSPC
	}
	err := comm.Agree(ctx, c, v, syscall.ENOSPC)
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("another error: %w", err)
	}
	return err
}

func TestAgreementError(t *testing.T) {
	out, code := mpirun(t, 3, "disagree")
	require.NotZero(t, code, out)
	require.Contains(t, out, `Set "a" failed on rank 1: no space left on device`)
	require.NotContains(t, out, "another error")
}

func one(c comm.Comm) error {
	sum, err := comm.Allreduce(ctx, c, comm.Sum, []int{7})
	fmt.Println("rank", c.Rank(), "of", c.Size(), "sum", sum)
	return err
}

func TestWithoutMpirun(t *testing.T) {
	out, code := launch(t, "one")
	require.Zero(t, code, out)
	require.Contains(t, out, "rank 0 of 1 sum [7]")
}

// world uses World and Finalize rather than Run.
func world() {
	c := mpi.World()
	if mpi.World() != c {
		panic("two worlds")
	}
	if err := comm.Barrier(ctx, c); err != nil {
		panic(err)
	}
	for range 2 { // the second does nothing
		if err := mpi.Finalize(); err != nil {
			panic(err)
		}
	}
	if err := comm.Barrier(ctx, c); !errors.Is(err, comm.ErrClosed) {
		panic(fmt.Sprint("after Finalize: ", err))
	}
	fmt.Println("ended")
}

// single starts MPI without threads, as another part of a program may.
func single() {
	gompi.Start(false)
	defer gompi.Stop()
	defer func() { fmt.Println("panic:", recover()) }()
	mpi.World()
}

// late asks for the world when MPI has ended.
func late() {
	gompi.Start(true)
	gompi.Stop()
	defer func() { fmt.Println("panic:", recover()) }()
	mpi.World()
}

func TestNoWorld(t *testing.T) {
	out, _ := launch(t, "single")
	require.Contains(t, out, "panic: mpi: MPI was started without MPI_THREAD_MULTIPLE")
	out, _ = launch(t, "late")
	require.Contains(t, out, "panic: mpi: MPI has ended")
}

func TestWorldAndFinalize(t *testing.T) {
	out, code := mpirun(t, 2, "world")
	require.Zero(t, code, out)
	require.Equal(t, 2, strings.Count(out, "ended"))
}
