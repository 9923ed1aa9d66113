package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/progress"
	"github.com/soastore/soa/cmd/soactl/internal/render"
)

func newLs() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls PREFIX|DIR",
		Short: "List the values that a store, or all stores in a folder, have on disk",
		Long: `List the values that a store, or all stores in a folder, have on disk.

PREFIX is the store's Options.Path. Of a folder the keys begin with their store's
prefix. Only headers are read, so STATE says what names and headers tell:

  ok           all there
  incomplete   a file is missing, or a rank's part in its arena
  no map       partition files without a rank map: an interrupted Set, or a store
               with Options.Independent
  mixed        files that do not belong together
  damaged      a header is not what was written
  leftover     only files, or versions in arenas, of a process that was killed, or
               of a Set in progress
  interrupted  a mapped array of no store, whose earlier value is there under other
               names: soactl verify says what to rename

Arenas that have no values, or of which more is to be said, have a row of their own.
Their values' BYTES are those of the elements: soactl info says what the files take.
While a job runs, a value that it is changing may look incomplete, mixed or damaged.

soactl verify reads all data and says more.`,
		Example: "  soactl ls /scratch/run7/tmp\n  soactl ls /scratch/run7 --format json",
		Args:    cobra.ExactArgs(1),
	}
	format := formatFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := check.Find(args[0])
		if err != nil {
			return err
		}
		if len(found.Values)+len(found.Loose) == 0 && !check.IsDir(args[0]) {
			return fmt.Errorf("no store has left anything at %s", args[0])
		}
		reports, err := glance(cmd, found)
		if err != nil {
			return err
		}
		if format.value == "json" {
			return render.Document(cmd.OutOrStdout(), listing{reports, orNone(found.Loose), orNone(found.Aside)})
		}
		return listTable(cmd.OutOrStdout(), reports, found)
	}
	return cmd
}

// listing is what ls prints as JSON.
type listing struct {
	Values []check.Report `json:"values"`
	Loose  []string       `json:"leftovers"`   // those that belong to no value
	Aside  []string       `json:"interrupted"` // mapped arrays to be restored
}

// orNone returns s as a list that is [] in JSON if it is empty.
func orNone(s []string) []string { return append([]string{}, s...) }

// glance reads the headers of all values, a few at a time: on a parallel file
// system each open file is a message to a server.
func glance(cmd *cobra.Command, found check.Found) ([]check.Report, error) {
	reports := make([][]check.Report, len(found.Values))
	bar := progress.Start("ls", int64(len(reports)), humanize.Comma)
	defer bar.Stop()
	group, ctx := errgroup.WithContext(cmd.Context())
	group.SetLimit(8)
	for i, v := range found.Values {
		group.Go(func() error {
			reports[i] = new(check.Checker).Values(ctx, v)
			bar.Add(1)
			return ctx.Err()
		})
	}
	err := group.Wait()
	all := slices.Concat(reports...)
	check.Sort(all)
	return append([]check.Report{}, all...), err
}

func listTable(w io.Writer, reports []check.Report, found check.Found) error {
	t := render.NewTable(w, render.Left("KEY"), render.Left("FORMAT"), render.Right("RANKS"), render.Right("ROWS"),
		render.Right("FIELDS"), render.Right("BYTES"), render.Left("STATE"))
	for _, r := range reports {
		state := r.State
		if n := len(r.Leftovers); n > 0 && state != "leftover" {
			state += ", " + count(n, "leftover")
		}
		t.Row(r.Name, string(r.Kind), strconv.Itoa(r.Ranks), rows(r.Rows), strconv.Itoa(len(r.Fields)), size(r.Bytes), state)
	}
	for _, name := range found.Loose {
		t.Row(name, "", "", "", "", "", "leftover")
	}
	for _, name := range found.Aside {
		t.Row(name, string(dataset.Memmap), "", "", "", "", "interrupted")
	}
	return t.Flush()
}

// rows returns a number of rows for people, "-" for nil.
func rows(n *int64) string {
	if n == nil {
		return "-"
	}
	return humanize.Comma(*n)
}

func size(bytes int64) string { return humanize.IBytes(uint64(bytes)) }

// count returns a number of things, with an s if there is not one.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return humanize.Comma(int64(n)) + " " + thing
}

// completeKeys completes the keys of the store that the first argument names.
func completeKeys(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	found, err := check.Find(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var keys []string
	for _, v := range found.Values {
		more, _ := v.Keys() // of what can be read
		for _, key := range more {
			if name := v.Name(key); !slices.Contains(args[1:], name) && !slices.Contains(keys, name) {
				keys = append(keys, name)
			}
		}
	}
	return keys, cobra.ShellCompDirectiveNoFileComp
}
