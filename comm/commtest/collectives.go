package commtest

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/soastore/soa/comm"
)

func collectiveCases() []Case {
	return []Case{
		{Name: "Barrier", Cut: true, Body: barrier},
		{Name: "Bcast", Cut: true, Body: bcast},
		{Name: "Allgather", Cut: true, Body: allgather},
		{Name: "Allreduce", Cut: true, Body: allreduce},
		{Name: "Allreduce has the same bits everywhere", Cut: true, Body: sameBits},
		{Name: "Alltoallv", Cut: true, Body: alltoallv},
		{Name: "Split", Cut: true, Body: split},
		{Name: "groups are apart", Cut: true, Body: apart},
		{Name: "goroutines use groups at the same time", Body: atOnce},
		{Name: "SplitByHost", Cut: true, Body: splitByHost},
	}
}

// barrier lets nobody pass before the last one comes: each rank in turn sends a
// message before its barrier, which the others have after theirs.
func barrier(ctx context.Context, c comm.Comm) error {
	for late := range c.Size() {
		if c.Rank() == late {
			for to := range c.Size() {
				if err := c.Send(ctx, to, late, nil); err != nil {
					return err
				}
			}
		}
		if _, tag, err := c.Recv(ctx, late, nil); err != nil || tag != late {
			return fmt.Errorf("message of tag %d: %w", tag, err)
		}
		if err := comm.Barrier(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func bcast(ctx context.Context, c comm.Comm) error {
	for _, size := range append([]int{15, 16, 17, 32}, sizesOf(c)...) {
		for root := range c.Size() {
			if size > 1<<16 && root != c.Size()-1 { // to save time
				continue
			}
			var data []byte
			if c.Rank() == root {
				data = pattern(root, size)
			}
			got, err := comm.Bcast(ctx, c, root, data)
			if err != nil {
				return err
			}
			if err := same(fmt.Sprint("from ", root), got, pattern(root, size)); err != nil {
				return err
			}
		}
	}
	return nil
}

func allgather(ctx context.Context, c comm.Comm) error {
	for _, most := range []int{0, 1, 3, 1000, 20000} {
		length := func(rank int) int { return most * ((rank*5 + 1) % 3) / 2 }
		mine := make([]int16, length(c.Rank()))
		for i := range mine {
			mine[i] = int16(i + c.Rank())
		}
		all, err := comm.Allgather(ctx, c, mine)
		if err != nil {
			return err
		}
		if err := equal("ranks", len(all), c.Size()); err != nil {
			return err
		}
		for rank, x := range all {
			if err := equal("length", len(x), length(rank)); err != nil {
				return err
			}
			for i, v := range x {
				if v != int16(i+rank) {
					return fmt.Errorf("element %d of rank %d is %d", i, rank, v)
				}
			}
		}
	}
	return nil
}

func allreduce(ctx context.Context, c comm.Comm) error {
	n := c.Size()
	for _, length := range []int{0, 1, 7, 511, 513, 5000} {
		x := make([]int64, length)
		for i := range x {
			x[i] = int64(i * (c.Rank() + 1))
		}
		got, err := comm.Allreduce(ctx, c, comm.Sum, x)
		if err != nil {
			return err
		}
		least, err := comm.Allreduce(ctx, c, comm.Min, x)
		if err != nil {
			return err
		}
		most, err := comm.Allreduce(ctx, c, comm.Max, x)
		if err != nil {
			return err
		}
		for i := range length {
			if got[i] != int64(i*n*(n+1)/2) || least[i] != int64(i) || most[i] != int64(i*n) || x[i] != int64(i*(c.Rank()+1)) {
				return fmt.Errorf("element %d: sum %d, min %d, max %d", i, got[i], least[i], most[i])
			}
		}
		if err := equal("length", len(got), length); err != nil {
			return err
		}
	}
	return nil
}

// sameBits sums numbers whose sum depends on the order.
func sameBits(ctx context.Context, c comm.Comm) error {
	for _, length := range []int{3, 4000} {
		x := make([]float64, length)
		want := make([]uint64, length)
		for i := range x {
			value := func(rank int) float64 { return math.Ldexp(1+float64(i)/7, (rank*29+i)%80) / 3 }
			x[i] = value(c.Rank())
			sum := value(0)
			for rank := 1; rank < c.Size(); rank++ {
				sum += value(rank)
			}
			want[i] = math.Float64bits(sum)
		}
		got, err := comm.Allreduce(ctx, c, comm.Sum, x)
		if err != nil {
			return err
		}
		for i, v := range got {
			if math.Float64bits(v) != want[i] {
				return fmt.Errorf("element %d of %d is %v and not summed by rank", i, length, v)
			}
		}
	}
	return nil
}

func alltoallv(ctx context.Context, c comm.Comm) error {
	for _, most := range sizesOf(c) {
		length := func(from, to int) int { return most * ((from*3 + to) % 4) / 3 }
		send := make([][]byte, c.Size())
		for to := range send {
			send[to] = pattern(c.Rank()+10*to, length(c.Rank(), to))
		}
		got, err := comm.Alltoallv(ctx, c, send)
		if err != nil {
			return err
		}
		for from, data := range got {
			if err := same(fmt.Sprint("from rank ", from), data, pattern(from+10*c.Rank(), length(from, c.Rank()))); err != nil {
				return err
			}
		}
	}
	return nil
}

// split makes groups of ranks modulo 3, in descending order, without rank 3, and
// those again into pairs.
func split(ctx context.Context, c comm.Comm) error {
	color := c.Rank() % 3 * 1_000_000_000
	if c.Rank() == 3 {
		color = -7
	}
	child, err := c.Split(ctx, color, -c.Rank())
	if err != nil || c.Rank() == 3 {
		return equal("child and error", fmt.Sprint(child, err), "<nil> <nil>")
	}
	defer child.Close()
	if err := members(ctx, c, child, func(rank int) bool { return rank != 3 && rank%3 == c.Rank()%3 }, true); err != nil {
		return err
	}
	pair, err := child.Split(ctx, child.Rank()/2, child.Rank())
	if err != nil {
		return err
	}
	defer pair.Close()
	if err := child.Close(); err != nil { // which leaves pair as it is
		return err
	}
	got, err := comm.Allreduce(ctx, pair, comm.Max, []int{child.Rank() / 2})
	if err != nil {
		return err
	}
	return equal("pair", got[0], child.Rank()/2)
}

// members checks that child is the group of the ranks of c that belong, in
// ascending or descending order.
func members(ctx context.Context, c, child comm.Comm, belongs func(rank int) bool, descending bool) error {
	var want []int
	for rank := range c.Size() {
		switch {
		case belongs(rank) && descending:
			want = append([]int{rank}, want...)
		case belongs(rank):
			want = append(want, rank)
		}
	}
	all, err := comm.Allgather(ctx, child, []int{c.Rank()})
	if err != nil {
		return err
	}
	var got []int
	for _, x := range all {
		got = append(got, x...)
	}
	return equal("members", got, want)
}

// apart sends in two groups of the same ranks, and receives the other way around.
func apart(ctx context.Context, c comm.Comm) error {
	other, err := comm.Dup(ctx, c)
	if err != nil {
		return err
	}
	defer other.Close()
	to, from := (c.Rank()+1)%c.Size(), (c.Rank()+c.Size()-1)%c.Size()
	for i, group := range []comm.Comm{c, other} {
		if err := group.Send(ctx, to, i, []byte{byte(i)}); err != nil {
			return err
		}
	}
	for i, group := range []comm.Comm{other, c} {
		got, tag, err := group.Recv(ctx, from, nil)
		if err != nil {
			return err
		}
		if err := equal("message", fmt.Sprint(got, tag), fmt.Sprint([]byte{byte(1 - i)}, 1-i)); err != nil {
			return err
		}
	}
	return nil
}

// atOnce lets goroutines of each rank communicate in groups of their own.
func atOnce(ctx context.Context, c comm.Comm) error {
	const groups = 3
	errs := make(chan error, groups)
	for i := range groups {
		own, err := comm.Dup(ctx, c)
		if err != nil {
			return err
		}
		go func() {
			defer own.Close()
			errs <- repeat(ctx, own, i)
		}()
	}
	var err error
	for range groups {
		err = errors.Join(err, <-errs)
	}
	return err
}

func repeat(ctx context.Context, c comm.Comm, id int) error {
	for i := range 100 {
		got, err := comm.Allreduce(ctx, c, comm.Sum, []int{id*1000 + i})
		if err != nil {
			return err
		}
		if err := equal("sum", got[0], c.Size()*(id*1000+i)); err != nil {
			return err
		}
	}
	return nil
}

func splitByHost(ctx context.Context, c comm.Comm) error {
	hosts, err := comm.Allgather(ctx, c, []byte(c.Host()))
	if err != nil {
		return err
	}
	node, err := comm.SplitByHost(ctx, c)
	if err != nil {
		return err
	}
	defer node.Close()
	return members(ctx, c, node, func(rank int) bool { return string(hosts[rank]) == c.Host() }, false)
}
