package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
)

// infoOptions say what info prints besides the header and the variables, and of which
// values.
type infoOptions struct {
	blocks, ranks bool
	key           string
}

// fewRanks is how many ranks a table shows unasked.
const fewRanks = 16

func newInfo() *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:   "info FILE|PREFIX",
		Short: "Show a file's header, its variables and its ranks",
		Long: `Show a file's header, its variables and its ranks; of an arena, how the file is used,
and its values with their fields. PREFIX, the Options.Path of a store that has arenas,
stands for those of all its ranks.`,
		Example: `  soactl info tmp_step_41.tmp.gio --blocks
  soactl info tmp_step_41.tmp.rank-0.npz --format json
  soactl info tmp.tmp.rank-0.arena --key step_41`,
		Args: cobra.ExactArgs(1),
	}
	format := formatFlag(cmd, "table", "json")
	cmd.Flags().BoolVar(&o.blocks, "blocks", false, "show where each block is, its stored size, filters, codec and ratio (lz4hc is stored as lz4)")
	cmd.Flags().BoolVar(&o.ranks, "ranks", false, fmt.Sprintf("show all ranks, not only the first %d (json has all)", fewRanks))
	keyFlag(cmd, &o.key)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := describe(cmd, args[0], o)
		if err != nil {
			return err
		}
		if format.value == "json" {
			return render.Document(cmd.OutOrStdout(), d)
		}
		return d.table(cmd.OutOrStdout(), o)
	}
	return cmd
}

// description is what info prints of a file: its JSON form is that of the type.
type description interface {
	table(w io.Writer, o infoOptions) error
}

func describe(cmd *cobra.Command, name string, o infoOptions) (description, error) {
	kind, err := dataset.KindOf(name)
	switch {
	case err != nil:
		if d, storeErr := describeStore(name, o.key); d != nil || storeErr != nil {
			return d, storeErr
		}
		return nil, err
	case kind == dataset.Arena:
		return describeArenas([]string{name}, o.key)
	case o.key != "":
		return nil, usagef("--key is for arenas, and %s is none", name)
	}
	if kind == dataset.Memmap {
		return describeMemmap(name)
	}
	f, err := dataset.OpenFile(name, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	switch kind {
	case dataset.GIO:
		return describeGIO(cmd.Context(), f, o)
	case dataset.NPZ:
		return describeNPZ(f)
	default:
		return describeNPY(cmd.Context(), f)
	}
}

// facts writes lines of a name and a value, aligned.
func facts(w io.Writer, pairs ...string) error {
	t := render.NewTable(w, render.Left(pairs[0]), render.Left(pairs[1]))
	for ; len(pairs) > 2; pairs = pairs[2:] {
		t.Row(pairs[2], pairs[3])
	}
	return t.Flush()
}

// section writes an empty line and a table under it.
func section(w io.Writer, t *render.Table) error {
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return t.Flush()
}

// moreRanks says that so many ranks are not shown.
func moreRanks(w io.Writer, n int) error {
	if n <= 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nThere are %s more: see --ranks.\n", count(n, "rank"))
	return err
}
