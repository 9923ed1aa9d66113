package comm

import (
	"context"
	"fmt"
	"slices"
)

// Alltoallv sends send[r] to each rank r, and returns what each rank sent to this
// one: element r is from rank r. send has one element per rank, which may be
// empty. The result is the caller's memory.
func Alltoallv(ctx context.Context, c Comm, send [][]byte) ([][]byte, error) {
	o := begin(ctx, c, kindAlltoallv)
	if len(send) != c.Size() {
		return nil, o.fail(fmt.Errorf("comm: Alltoallv of %d slices in a group of %d", len(send), c.Size()))
	}
	// So that large data go only between ranks that are in the call.
	if err := o.barrier(); err != nil {
		return nil, err
	}
	return o.alltoall(send)
}

// alltoall exchanges in the i-th step with the ranks i above and i below.
func (o op) alltoall(send [][]byte) ([][]byte, error) {
	rank, n := o.c.Rank(), o.c.Size()
	got := make([][]byte, n)
	got[rank] = slices.Clone(send[rank])
	for i := 1; i < n; i++ {
		to, from := (rank+i)%n, (rank+n-i)%n
		data, err := o.exchange(to, send[to], from, nil)
		if err != nil {
			return nil, err
		}
		got[from] = data
	}
	return got, nil
}
