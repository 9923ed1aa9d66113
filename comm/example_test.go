package comm_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/soastore/soa/comm"
)

// Three ranks sum a number each, and then one of them fails at what they do
// together: all of them know.
func Example() {
	ctx := context.Background()
	errFull := errors.New("disk full")
	err := comm.Run(3, func(c comm.Comm) error {
		sum, err := comm.Allreduce(ctx, c, comm.Sum, []int{c.Rank() + 1})
		if err != nil {
			return err
		}
		vote := comm.Vote{Op: "Set", Key: "step_41"}
		if c.Rank() == 2 {
			vote.Err = fmt.Errorf("write: %w", errFull)
		}
		err = comm.Agree(ctx, c, vote, errFull)
		if c.Rank() == 0 {
			fmt.Println(sum[0])
			fmt.Println(errors.Is(err, errFull), err)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// 6
	// true Set "step_41" failed on rank 2: write: disk full
	// <nil>
}
