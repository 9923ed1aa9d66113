package main

import (
	"context"
	"io"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/progress"
	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/cmd/soactl/internal/summary"
)

func newStats() *cobra.Command {
	var o wanted
	cmd := &cobra.Command{
		Use:   "stats FILE|PREFIX",
		Short: "Summarize each field of a file, or of a value of a store",
		Long: `Summarize each field of a file; of a rank map, and of a value of a store, over all
ranks. PREFIX is the store's Options.Path.

COUNT is the number of elements that are not NaN; nothing but NAN counts the
others. STD is that of the population, as NumPy's std. False is 0 and true is 1; a
complex number counts as its magnitude.`,
		Example: "  soactl stats tmp_step_41.tmp.gio\n  soactl stats tmp_step_41.tmp.gio --fields x,y --format json\n  soactl stats /scratch/run7/tmp --key step_41",
		Args:    cobra.ExactArgs(1),
	}
	format := formatFlag(cmd, "table", "json")
	o.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := o.open(cmd, args[0])
		if err != nil {
			return err
		}
		defer set.Close()
		stats, err := summarize(cmd.Context(), set)
		if err != nil {
			return err
		}
		if format.value == "json" {
			return render.Document(cmd.OutOrStdout(), stats)
		}
		return statsTable(cmd.OutOrStdout(), stats)
	}
	return cmd
}

// fieldStats is what stats prints of a field.
type fieldStats struct {
	Field string         `json:"field"`
	DType string         `json:"dtype"`
	Count int64          `json:"count"`
	NaN   int64          `json:"nan"`
	Min   render.Element `json:"min"`
	Max   render.Element `json:"max"`
	Mean  render.Real    `json:"mean"`
	Std   render.Real    `json:"std"`
	Note  string         `json:"note,omitempty"`
}

// summarize reads a field of a rank at a time.
func summarize(ctx context.Context, set *dataset.Set) ([]fieldStats, error) {
	bar := progress.Start("stats", set.Bytes(), progress.Bytes)
	defer bar.Stop()
	sums := make([]summary.Summary, len(set.Fields))
	memory := soa.NewDict()
	for k, f := range set.Fields {
		sums[k] = summary.New(f.DType)
	}
	for i := range set.Ranks {
		for k, f := range set.Fields {
			if !f.DType.Valid() {
				continue
			}
			if err := set.Read(ctx, i, memory, f.Name); err != nil {
				return nil, err
			}
			a, _ := memory.Get(f.Name)
			sums[k].Add(a)
			bar.Add(int64(a.NBytes()))
			memory.Clear()
			memory.Set(next(set.Fields, k).Name, a)
		}
	}
	stats := make([]fieldStats, len(set.Fields))
	for k, f := range set.Fields {
		r := sums[k].Result()
		stats[k] = fieldStats{f.Name, f.Type, r.Count, r.NaNs, render.Element{Array: r.Min}, render.Element{Array: r.Max},
			render.Real(r.Mean), render.Real(r.Std), note(f.DType)}
	}
	return stats, nil
}

// next returns the field after the k-th, in a circle: its elements are read into
// the same memory.
func next(fields []dataset.Field, k int) dataset.Field { return fields[(k+1)%len(fields)] }

// note says what is special about the statistics of a type.
func note(dtype soa.DType) string {
	switch {
	case !dtype.Valid():
		return "cannot be read"
	case dtype.IsComplex():
		return "of the magnitude"
	}
	return ""
}

func statsTable(w io.Writer, stats []fieldStats) error {
	t := render.NewTable(w, render.Left("FIELD"), render.Left("DTYPE"), render.Right("COUNT"), render.Right("MIN"),
		render.Right("MAX"), render.Right("MEAN"), render.Right("STD"), render.Right("NAN"), render.Left("NOTE"))
	for _, s := range stats {
		t.Row(s.Field, s.DType, humanize.Comma(s.Count), s.Min.String(), s.Max.String(),
			short(s.Mean), short(s.Std), humanize.Comma(s.NaN), s.Note)
	}
	return t.Flush()
}

// short returns a number with as many digits as one looks at.
func short(r render.Real) string { return strconv.FormatFloat(float64(r), 'g', 8, 64) }
