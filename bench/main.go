// Bench holds contests: this project's stores and their peers do the same work in
// turns, on the same data, and a table says how fast each was. Without -quick and
// -filter it writes BENCHMARKS.md, with charts, which says more.
//
//	go run .                     # in this folder; some minutes
//	go run . -quick              # all contests on little data, in less than a minute
//	go run . -filter 'NPZ|tiny'  # those whose heading or title matches
//
// Without Open MPI's headers build it with -tags nompi. What is not installed is named
// in the tables; make bench installs it.
//
// # Reading the source
//
// contests.go is the list of contests; begin there, also to add one. contest.go holds
// one: rounds, turns and what is dropped. contestants are subjects (subject.go, stores.go, raw.go,
// memcpy.go and worker.py) on which workers do operations: ranks.go in Go, worker.py in
// Python, as hall.go has started them. program.go and mergertree.go are for programs
// that are run. result.go makes tables of the figures, report.go and chart.go show them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/soastore/soa/comm"
)

func main() {
	if os.Getenv(rankVariable) != "" {
		runMPI(func(c comm.Comm) error { return serve(c, os.Stdin, os.Stdout) })
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// report is where the figures go by default, from this folder.
const report = "../BENCHMARKS.md"

// config is what the command line says.
type config struct {
	sizes  sizes
	filter *regexp.Regexp
	out    string
}

func parse(args []string) (cfg config, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "little data and few rounds: whether it runs, not how fast")
	filter := flags.String("filter", "", "hold only contests whose heading or title matches `REGEXP`, whatever the case")
	flags.StringVar(&cfg.out, "out", "", "write the report to `FILE`, and charts to bench/charts beside it (default "+report+", but none with -quick or -filter)")
	rounds := flags.Int("rounds", 0, "rounds that count (default 7, more for small values)")
	if err := flags.Parse(args); err != nil {
		return cfg, flag.ErrHelp // has been told
	}
	if flags.NArg() > 0 || *rounds < 0 {
		flags.Usage()
		return cfg, flag.ErrHelp
	}
	cfg.sizes = fullSizes
	if *quick {
		cfg.sizes = quickSizes
	}
	if *rounds > 0 {
		cfg.sizes.rounds, cfg.sizes.more, cfg.sizes.treeRounds = *rounds, *rounds, *rounds
	}
	if cfg.out == "" && !*quick && *filter == "" {
		cfg.out = report
	}
	cfg.filter, err = regexp.Compile("(?i)" + *filter)
	return cfg, err
}

// run holds the contests, prints a table of each as soon as it has been held, and
// writes the report.
func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	cfg, err := parse(args)
	if err != nil {
		return err
	}
	h, err := openHall()
	defer func() { err = errors.Join(err, h.close()) }()
	if err != nil {
		return err
	}
	if err := h.room(8 * cfg.sizes.large.bytes()); err != nil {
		return err
	}
	facts := append(h.machine(), cfg.sizes.describe()...)
	for _, fact := range facts {
		fmt.Fprintln(stdout, fact)
	}
	var tables []table
	heading := ""
	for _, c := range h.contests(cfg.sizes) {
		if !cfg.filter.MatchString(c.section + ": " + c.title) {
			continue
		}
		if c.section != heading {
			heading = c.section
			fmt.Fprintf(stdout, "\n## %s\n\n", heading)
		}
		all, err := h.hold(ctx, &c)
		if err != nil {
			return err
		}
		for _, t := range c.tables(all) {
			printTable(stdout, t)
			tables = append(tables, t)
		}
	}
	if len(tables) == 0 {
		return errors.New("no contest has such a heading or title")
	}
	fmt.Fprint(stdout, "\n## Goals\n\n")
	printGoals(stdout, tables)
	if cfg.out == "" {
		return nil
	}
	return writeReport(cfg.out, facts, tables)
}
