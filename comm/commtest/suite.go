package commtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/soastore/soa/comm"
)

// A Case is one test. The same function runs on every rank; it returns an error
// rather than calling a testing.T, as the rank may be a goroutine or a process.
type Case struct {
	Name string
	// Breaks says that Body leaves its group broken. Groups that were split from
	// the same parent are not.
	Breaks bool
	// Cut says that Body runs again with messages of at most 16 bytes.
	Cut  bool
	Body func(ctx context.Context, c comm.Comm) error
}

// Cases returns all tests.
func Cases() []Case {
	return append(append(append(messageCases(), collectiveCases()...), agreeCases()...), failureCases()...)
}

// Run runs all tests on the ranks of run, a subtest for each, and each in a group
// of its own. run calls fn on every rank, and returns the joined errors.
func Run(t *testing.T, run func(fn func(c comm.Comm) error) error) {
	for _, cs := range Cases() {
		t.Run(cs.Name, func(t *testing.T) {
			if err := run(cs.On); err != nil {
				t.Error(err)
			}
		})
	}
}

// timeout turns a hang into an error. It is generous, as machines may be loaded.
const timeout = 60 * time.Second

// On runs the test in a group split from c, which stays whole.
func (cs Case) On(c comm.Comm) error {
	limits := []int{comm.MessageLimit}
	if cs.Cut {
		limits = append(limits, 16)
	}
	for _, limit := range limits {
		if err := cs.on(c, limit); err != nil {
			return fmt.Errorf("%s, messages of at most %d bytes: %w", cs.Name, limit, err)
		}
	}
	return nil
}

func (cs Case) on(c comm.Comm, limit int) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	own, err := comm.Dup(ctx, c)
	if err != nil {
		return err
	}
	if err := cs.Body(ctx, cut{own, limit}); err != nil {
		return err
	}
	if err := comm.Barrier(ctx, own); errors.Is(err, comm.ErrBroken) != cs.Breaks {
		return fmt.Errorf("afterwards a barrier gives %v", err)
	}
	if err := own.Close(); err != nil {
		return err
	}
	return comm.Barrier(ctx, c)
}

// cut is a Comm with a smaller limit on messages.
type cut struct {
	comm.Comm
	limit int
}

func (c cut) MessageLimit() int { return c.limit }

func (c cut) Split(ctx context.Context, color, key int) (comm.Comm, error) {
	s, err := c.Comm.Split(ctx, color, key)
	if s == nil || err != nil {
		return nil, err
	}
	return cut{s, c.limit}, nil
}

// sizesOf returns the sizes of data that c cuts into not too many messages.
func sizesOf(c comm.Comm) []int {
	return slices.DeleteFunc(slices.Clone(sizes), func(size int) bool { return size/1000 > c.(cut).limit })
}

// pattern returns n bytes that tell which rank made them.
func pattern(rank, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + rank*31)
	}
	return b
}

// same returns an error unless got is want.
func same(what string, got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s: %d bytes that are not the %d expected ones", what, len(got), len(want))
	}
	return nil
}

// equal returns an error unless got is want.
func equal(what string, got, want any) error {
	if g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); g != w {
		return fmt.Errorf("%s: %s instead of %s", what, g, w)
	}
	return nil
}
