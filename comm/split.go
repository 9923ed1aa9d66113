package comm

import (
	"cmp"
	"context"
	"slices"
)

// SplitMembers returns the ranks that give the same color as this one, ordered by
// key and then by rank, or nil if color is negative. It is the part of Comm.Split
// in which ranks communicate, for those who implement Comm.
func SplitMembers(ctx context.Context, c Comm, color, key int) ([]int, error) {
	all, err := allgather(begin(ctx, c, kindSplit), []int{color, key})
	if err != nil || color < 0 {
		return nil, err
	}
	var members []int
	for rank, its := range all {
		if its[0] == color {
			members = append(members, rank)
		}
	}
	slices.SortStableFunc(members, func(a, b int) int { return cmp.Compare(all[a][1], all[b][1]) })
	return members, nil
}

// SplitByHost makes groups of the ranks that run on the same machine, in the order
// of their ranks in c.
func SplitByHost(ctx context.Context, c Comm) (Comm, error) {
	hosts, err := begin(ctx, c, kindSplitByHost).allgatherBytes([]byte(c.Host()))
	if err != nil {
		return nil, err
	}
	first := slices.IndexFunc(hosts, func(host []byte) bool { return string(host) == c.Host() })
	return c.Split(ctx, first, c.Rank())
}
