package commtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/soastore/soa/comm"
)

var (
	errFull = errors.New("disk full")
	errSick = errors.New("sick")
)

func agreeCases() []Case {
	return []Case{
		{Name: "Agree", Cut: true, Body: agree},
		{Name: "Agree on a failed rank", Cut: true, Body: agreeFailed},
		{Name: "Agree on many failed ranks", Cut: true, Body: agreeAllFailed},
		{Name: "Agree on another call", Cut: true, Body: agreeOrder},
		{Name: "Agree on another schema", Cut: true, Body: agreeSchema},
		{Name: "Agree on a cancelled context", Cut: true, Body: agreeCancelled},
	}
}

func agree(ctx context.Context, c comm.Comm) error {
	for i := range uint64(10) {
		if err := comm.Agree(ctx, c, comm.Vote{Op: "Set", Key: "a", Seq: i, Schema: "x float32"}, errFull); err != nil {
			return err
		}
	}
	return nil
}

// disagree votes, and checks that the error is the same on all ranks, and has the
// failures of these ranks.
func disagree(ctx context.Context, c comm.Comm, v comm.Vote, ranks ...int) (*comm.AgreementError, error) {
	err := comm.Agree(ctx, c, v, errFull, errSick)
	var a *comm.AgreementError
	if !errors.As(err, &a) {
		return nil, fmt.Errorf("%w is no agreement error", err)
	}
	var got []int
	for _, f := range a.Failures {
		got = append(got, f.Rank)
	}
	if err := equal("failed ranks", got, ranks); err != nil {
		return nil, err
	}
	texts, err := comm.Allgather(ctx, c, []byte(fmt.Sprintf("%v %+v", a, a.Failures)))
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		if err := equal("error", string(text), string(texts[0])); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func agreeFailed(ctx context.Context, c comm.Comm) error {
	last := c.Size() - 1
	v := comm.Vote{Op: "Set", Key: "step 1"}
	if c.Rank() == last {
		v.Err = fmt.Errorf("write /scratch: %w", errFull)
	}
	a, err := disagree(ctx, c, v, last)
	if err != nil {
		return err
	}
	if !errors.Is(a, errFull) || errors.Is(a, errSick) || errors.Is(a, context.Canceled) {
		return fmt.Errorf("wrong sentinels in %w", a)
	}
	var r *comm.RankError
	if !errors.As(a, &r) || r.Rank != last || r.Host != c.Host() && c.Rank() == last {
		return fmt.Errorf("wrong rank error in %w", a)
	}
	return equal("text", a.Error(), fmt.Sprintf("Set \"step 1\" failed on rank %d: write /scratch: disk full", last))
}

func agreeAllFailed(ctx context.Context, c comm.Comm) error {
	var all []int
	for rank := range c.Size() {
		all = append(all, rank)
	}
	same, err := disagree(ctx, c, comm.Vote{Op: "Set", Err: errFull}, all...)
	if err != nil {
		return err
	}
	if n := strings.Count(same.Error(), "disk full"); n != 1 {
		return fmt.Errorf("%d times the same reason in %w", n, same)
	}
	each, err := disagree(ctx, c, comm.Vote{Op: "Set", Err: fmt.Errorf("reason %d %w", c.Rank(), errSick)}, all...)
	if err != nil {
		return err
	}
	if !errors.Is(each, errSick) || strings.Count(each.Error(), "sick") > 4 {
		return fmt.Errorf("too much or too little in %w", each)
	}
	return nil
}

func agreeOrder(ctx context.Context, c comm.Comm) error {
	if c.Size() == 1 {
		return nil
	}
	for i, other := range []comm.Vote{
		{Op: "Remove", Key: "a", Seq: 5},
		{Op: "Set", Key: "b", Seq: 5},
		{Op: "Set", Key: "a", Seq: 6},
		{Op: "Se", Key: "ta", Seq: 5},
	} {
		v := comm.Vote{Op: "Set", Key: "a", Seq: 5}
		if c.Rank() == 1 {
			v = other
		}
		a, err := disagree(ctx, c, v, 1)
		if err != nil {
			return fmt.Errorf("vote %d: %w", i, err)
		}
		if !errors.Is(a, comm.ErrOrder) || !strings.Contains(a.Error(), fmt.Sprintf("%s %q", other.Op, other.Key)) {
			return fmt.Errorf("vote %d: wrong error %w", i, a)
		}
	}
	return nil
}

func agreeSchema(ctx context.Context, c comm.Comm) error {
	if c.Size() == 1 {
		return nil
	}
	v := comm.Vote{Op: "Set", Key: "a", Schema: "x float32"}
	if c.Rank() == 1 {
		v.Schema = "x float64"
	}
	a, err := disagree(ctx, c, v, 1)
	if err != nil {
		return err
	}
	if !errors.Is(a, comm.ErrSchema) || !strings.Contains(a.Error(), "x float32") || !strings.Contains(a.Error(), "x float64") {
		return fmt.Errorf("wrong error %w", a)
	}
	return nil
}

func agreeCancelled(ctx context.Context, c comm.Comm) error {
	v := comm.Vote{Op: "Get", Key: "a"}
	if c.Rank() == 0 {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		v.Err = cancelled.Err()
	}
	a, err := disagree(ctx, c, v, 0)
	if err != nil {
		return err
	}
	if !errors.Is(a, context.Canceled) || errors.Is(a, context.DeadlineExceeded) {
		return fmt.Errorf("wrong sentinels in %w", a)
	}
	return nil
}
