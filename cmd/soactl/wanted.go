package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
)

// wanted says what of a file, or of a store, is wanted: the flags that cat, stats and
// convert share.
type wanted struct {
	key    string
	rank   int
	fields []string
}

// allRanks is the value of --rank that it has when it is not given.
const allRanks = -1

func (w *wanted) flags(cmd *cobra.Command) {
	keyFlag(cmd, &w.key)
	cmd.Flags().IntVar(&w.rank, "rank", allRanks, "only the rows of rank `N` of the program that wrote them")
	cmd.Flags().Lookup("rank").DefValue = "all"
	cmd.Flags().StringSliceVar(&w.fields, "fields", nil, "only these fields, in this order: `a,b`")
	must(cmd.RegisterFlagCompletionFunc("fields", func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		return completeFields(cmd.Context(), args, w.key, typed)
	}))
}

func keyFlag(cmd *cobra.Command, key *string) {
	cmd.Flags().StringVar(key, "key", "", "the value under `KEY`, as soactl ls prints it, of an arena or a store; needed if there are several")
	must(cmd.RegisterFlagCompletionFunc("key", completeKey))
}

// completeKey completes a key of the first argument.
func completeKey(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := sourcesAt(cmd.Context(), args[0], true)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return keysOf(all), cobra.ShellCompDirectiveNoFileComp
}

// completeFields completes the last of a list of fields of the first argument.
func completeFields(ctx context.Context, args []string, key, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	set, err := openValue(ctx, args[0], key)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer set.Close()
	before := typed[:strings.LastIndex(typed, ",")+1]
	var out []string
	for _, f := range set.Fields {
		if !slices.Contains(strings.Split(before, ","), f.Name) {
			out = append(out, before+f.Name)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// check reports flags that mean nothing.
func (w *wanted) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("rank") && w.rank < 0 {
		return usagef("--rank %d: ranks are numbered from 0", w.rank)
	}
	return nil
}

// open opens what is wanted of a file or of a store. Without --fields, that may be
// fields that cannot be read.
func (w *wanted) open(cmd *cobra.Command, name string) (*dataset.Set, error) {
	if err := w.check(cmd); err != nil {
		return nil, err
	}
	set, err := openValue(cmd.Context(), name, w.key)
	if err != nil {
		return nil, err
	}
	return w.keep(set)
}

// keep leaves the set with what is wanted of it, or closes it.
func (w *wanted) keep(set *dataset.Set) (_ *dataset.Set, err error) {
	if w.rank != allRanks {
		err = set.KeepRank(w.rank)
	}
	if err == nil && len(w.fields) > 0 {
		err = set.KeepFields(w.fields)
	}
	if err != nil {
		set.Close() // only read from
		return nil, err
	}
	return set, nil
}
