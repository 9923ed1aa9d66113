package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/soastore/soa/comm"
)

// line is one phase over all ranks.
type line struct {
	Phase string  `json:"phase"`
	Min   float64 `json:"min_seconds"`
	Mean  float64 `json:"mean_seconds"`
	Max   float64 `json:"max_seconds"`
	Bytes int64   `json:"bytes"`
	Rate  float64 `json:"gb_per_second"` // of all ranks together, by the slowest
}

// report prints the phases of all ranks, on rank 0. Collective.
func report(ctx context.Context, c comm.Comm, cfg config, own []measure) error {
	var seconds []float64
	var bytes []int64
	for _, m := range own {
		seconds = append(seconds, m.seconds)
		bytes = append(bytes, m.bytes)
	}
	allSeconds, err := comm.Allgather(ctx, c, seconds)
	if err != nil {
		return err
	}
	allBytes, err := comm.Allgather(ctx, c, bytes)
	if err != nil || c.Rank() != 0 {
		return err
	}
	lines := make([]line, len(own))
	for i, m := range own {
		lines[i] = summarize(m.phase, i, allSeconds, allBytes)
	}
	if cfg.asJSON {
		return json.NewEncoder(os.Stdout).Encode(struct {
			config
			Phases []line `json:"phases"`
		}{cfg, lines})
	}
	return printTable(cfg, lines)
}

// summarize brings the ranks' measures of phase i together.
func summarize(phase string, i int, seconds [][]float64, bytes [][]int64) line {
	l := line{Phase: phase, Min: seconds[0][i]}
	for rank := range seconds {
		s := seconds[rank][i]
		l.Min, l.Max = min(l.Min, s), max(l.Max, s)
		l.Mean += s / float64(len(seconds))
		l.Bytes += bytes[rank][i]
	}
	if l.Max > 0 {
		l.Rate = float64(l.Bytes) / l.Max / 1e9
	}
	return l
}

func printTable(cfg config, lines []line) error {
	fmt.Printf("%d ranks, %d steps, up to %d rows a rank, store %s\n", cfg.Ranks, cfg.Steps, cfg.Rows, cfg.Store)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "phase\tmin s\tmean s\tmax s\tMB\tGB/s\t")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%.4f\t%.4f\t%.4f\t%.1f\t%.2f\t\n", l.Phase, l.Min, l.Mean, l.Max, float64(l.Bytes)/1e6, l.Rate)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Println("every value read is the one that was written")
	return nil
}
