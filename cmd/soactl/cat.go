package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/progress"
)

func newCat() *cobra.Command {
	var o wanted
	var rows string
	cmd := &cobra.Command{
		Use:   "cat FILE|PREFIX",
		Short: "Print the elements of a file, or of a value of a store",
		Long: `Print the elements of a file; of a rank map, and of a value of a store, those of all
ranks in their order. PREFIX is the store's Options.Path.

csv has a column NAME for a field of single elements, NAME[i][j] for each element
of a row that is an array, and .real and .imag for each complex number. json is
{NAME: {"dtype", "shape", "values"}}, with nested lists for rows that are arrays;
fields may differ in length. A table shows the first elements of long rows.

All numbers read back with the same bits. Minus zero is -0.0. Not a number is NaN,
-NaN with the sign set, and NaN(0x7fc00001), its bits, with a payload; infinities
are Infinity and -Infinity. In json these are strings, and complex numbers are
[real, imaginary].`,
		Example: `  soactl cat tmp_step_41.tmp.gio --rows :10
  soactl cat tmp_step_41.tmp.gio --rank 3 --fields x,id --format csv > rank3.csv
  soactl cat data.npz --format json | jq .x.values
  soactl cat /scratch/run7/tmp --key step_41 --rows :10`,
		Args: cobra.ExactArgs(1),
	}
	format := formatFlag(cmd, "table", "csv", "json")
	o.flags(cmd)
	cmd.Flags().StringVar(&rows, "rows", ":", "rows `A:B`, as a Python slice: either end may be left out or negative")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := parseRows(rows)
		if err != nil {
			return err
		}
		set, err := o.open(cmd, args[0])
		if err != nil {
			return err
		}
		defer set.Close()
		if err := set.KeepFields(nil); err != nil { // which finds what cannot be read
			return err
		}
		s := selection{set: set, rows: r}
		if !progress.Terminal(os.Stdout) { // where the rows themselves show it
			s.bar = progress.Start("cat", s.bytes(), progress.Bytes)
			defer s.bar.Stop()
		}
		return map[string]func(context.Context, io.Writer) error{
			"table": s.table, "csv": s.csv, "json": s.json,
		}[format.value](cmd.Context(), cmd.OutOrStdout())
	}
	return cmd
}

// selection is some rows of a set.
type selection struct {
	set  *dataset.Set
	rows rowRange
	bar  *progress.Bar
}

// bytes returns the size of the selected elements.
func (s selection) bytes() int64 {
	n := int64(0)
	for i := range s.set.Fields {
		f := &s.set.Fields[i]
		n += int64(s.count(f)) * int64(f.Elements()) * int64(f.DType.Size())
	}
	return n
}

// count returns how many rows of f are selected.
func (s selection) count(f *dataset.Field) int {
	lo, hi := s.rows.of(f.Total())
	return hi - lo
}

// window returns which rows of f on the i-th rank are selected.
func (s selection) window(f *dataset.Field, i int) (lo, hi int) {
	lo, hi = s.rows.of(f.Total())
	for _, before := range f.Rows[:i] {
		lo, hi = lo-before, hi-before
	}
	lo, hi = max(lo, 0), min(hi, f.Rows[i])
	return lo, max(lo, hi)
}

// each calls fn with the selected rows of the fields, rank by rank, leaving out
// ranks that have none. The Dict ends with fn.
func (s selection) each(ctx context.Context, fields []dataset.Field, fn func(*soa.Dict) error) error {
	names := make([]string, len(fields))
	for k, f := range fields {
		names[k] = f.Name
	}
	memory := soa.NewDict()
	for i := range s.set.Ranks {
		some := false
		for k := range fields {
			lo, hi := s.window(&fields[k], i)
			some = some || hi > lo
		}
		if !some {
			continue
		}
		if err := s.set.Read(ctx, i, memory, names...); err != nil {
			return err
		}
		part := soa.NewDict()
		for k, name := range names {
			a, _ := memory.Get(name)
			part.Set(name, a.Slice(s.window(&fields[k], i)))
		}
		if err := fn(part); err != nil {
			return err
		}
		s.bar.Add(int64(part.NBytes()))
	}
	return nil
}
