package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
)

// In OUT these stand for a key, as it is in names of files, and for a rank.
const (
	keyMark  = "{key}"
	rankMark = "{rank}"
)

// convertKeys converts all values, or that under --key, and goes on after an error.
func (o convertOptions) convertKeys(cmd *cobra.Command, in, out string) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	ctx := cmd.Context()
	all, err := sourcesAt(ctx, in, true)
	if len(all) == 0 {
		return err
	}
	keys := keysOf(all)
	if o.key != "" {
		keys = []string{o.key}
	}
	errs := []error{err}
	for _, key := range keys {
		s, err := pick(all, in, key)
		if err == nil {
			err = o.convertKey(ctx, s, strings.ReplaceAll(out, keyMark, s.fileKey()))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (o convertOptions) convertKey(ctx context.Context, s source, out string) error {
	set, err := s.open(ctx)
	if err != nil {
		return err
	}
	if set, err = o.keep(set); err != nil {
		return err
	}
	defer set.Close()
	return o.convertRanks(ctx, set, out)
}

// convertRanks converts a set to a file for each rank, or to one.
func (o convertOptions) convertRanks(ctx context.Context, set *dataset.Set, out string) error {
	if !strings.Contains(out, rankMark) {
		return o.convertSet(ctx, set, out)
	}
	for _, rank := range slices.Compact(slices.Clone(set.Ranks)) {
		one, err := set.OnRank(rank)
		if err == nil {
			err = o.convertSet(ctx, one, strings.ReplaceAll(out, rankMark, strconv.Itoa(rank)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ranksOf returns the rows of each rank that a GenericIO file is to have: those of a
// value of a store, unless it is of some ranks only, and one for all else.
func ranksOf(set *dataset.Set, d *soa.Dict) []*soa.Dict {
	ranks := slices.Compact(slices.Clone(set.Ranks))
	if !set.Stored || len(ranks) < 2 || ranks[0] != 0 || ranks[len(ranks)-1] != len(ranks)-1 {
		return []*soa.Dict{d}
	}
	out := make([]*soa.Dict, len(ranks))
	for rank := range out {
		out[rank] = soa.NewDict()
	}
	for _, f := range set.Fields {
		a, _ := d.Get(f.Name)
		rows := make([]int, len(ranks))
		for i, rank := range set.Ranks {
			rows[rank] += f.Rows[i]
		}
		at := 0
		for rank, n := range rows {
			out[rank].Set(f.Name, a.Slice(at, at+n))
			at += n
		}
	}
	return out
}
