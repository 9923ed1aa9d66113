package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const intro = `# Benchmarks

The stores of this project and their peers, measured by the program in bench.

In a round the contestants of a table do the same work in turns, on the same data, in
another order each round. The first round does not count; the tables give the median of
the others, the least and the most. Ratios are of medians, and say how many times as
fast as a peer it is; in brackets is what is aimed at. Each value is read back and
compared before it is measured.

Before each turn, what earlier contestants wrote is synced, and free memory that a
virtual machine may have returned to its host is asked for again. Files stay in the page
cache: what is measured is processors, memory and the kernel, not a disk. Peers in Python
run in a process of their own and time themselves. So do ranks; the slowest one counts.
GOMAXPROCS is 2, and 1 for each process under mpirun, where the name does not say
otherwise.

    make bench                               # writes this file and bench/charts
    cd bench && go run . -quick              # little data: whether it runs, in a minute
    cd bench && go run . -filter 'NPZ|tiny'  # some tables

In charts stores are blue, peers grey, and plain files and copies, which show what the
machine gives, yellow. A bar is a median; its line goes from the least to the most.

The environment variable ` + programVariable + ` names a program to compare GenericIO with;
bench/program.go says what is asked of it.

## Measured on, and with

`

const goalsIntro = `The limit is the ratio that plain files, or copies of memory, reach in place of the
store, in the same table: without a format, checksums, a catalog, or care for what was
there before.

`

// printTable writes t as Markdown whose columns are aligned.
func printTable(w io.Writer, t table) {
	lines := [][]string{{t.unit.String(), "median", "min", "max", "times as fast as"}, {"---", "---:", "---:", "---:", "---"}}
	for _, r := range t.rows {
		cells := []string{r.name, "", "", "", r.remarks()}
		if s := r.spread; s.median > 0 {
			cells[1], cells[2], cells[3] = number3(s.median), number3(s.min), number3(s.max)
		}
		lines = append(lines, cells)
	}
	fmt.Fprintf(w, "%s\n\n", t.title)
	printCells(w, lines)
}

func printCells(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, cells := range lines {
		for i, cell := range cells {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintln(w)
}

// remarks are a row's ratios, and its note.
func (r row) remarks() string {
	var all []string
	for _, ratio := range r.ratios {
		all = append(all, fmt.Sprintf("%s: %s", ratio.peer, ratio))
	}
	if r.note != "" {
		all = append(all, r.note)
	}
	return strings.Join(all, "; ")
}

// String is the ratio and, in brackets, what is aimed at.
func (r ratio) String() string {
	s := number3(r.times)
	switch {
	case r.least == 0:
		return s
	case r.met():
		return fmt.Sprintf("%s (%v)", s, r.least)
	}
	return fmt.Sprintf("**%s (%v, missed)**", s, r.least)
}

// number3 writes a number with three significant digits.
func number3(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	case x >= 0.9995:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// verdict says whether a goal was met, and else how near it is to what the machine
// gives, which may be less than the goal.
func (r ratio) verdict() string {
	switch {
	case r.met():
		return "met"
	case r.limit == 0:
		return "**missed**"
	case r.limit < r.least:
		return fmt.Sprintf("beyond the limit; %s of that", number3(r.times/r.limit))
	}
	return fmt.Sprintf("**missed**; %s of the limit", number3(r.times/r.limit))
}

// printGoals writes one line for each ratio that is aimed at.
func printGoals(w io.Writer, tables []table) {
	lines := [][]string{{"", "goal", "measured", "limit", ""}, {"---", "---:", "---:", "---:", "---"}}
	for _, t := range tables {
		for _, r := range t.rows {
			for _, ratio := range r.ratios {
				if ratio.least == 0 {
					continue
				}
				limit := ""
				if ratio.limit > 0 {
					limit = number3(ratio.limit)
				}
				lines = append(lines, []string{fmt.Sprintf("%s. %s: %s / %s", t.section, t.title, r.name, ratio.peer),
					fmt.Sprint(ratio.least), number3(ratio.times), limit, ratio.verdict()})
			}
		}
	}
	if len(lines) > 2 {
		printCells(w, lines)
	}
}

// writeReport writes a Markdown file, and charts in the folder bench/charts beside it.
func writeReport(name string, facts []string, tables []table) error {
	var b strings.Builder
	fmt.Fprint(&b, intro)
	for _, fact := range facts {
		fmt.Fprintf(&b, "* %s\n", fact)
	}
	fmt.Fprint(&b, "\n## Goals\n\n"+goalsIntro)
	printGoals(&b, tables)
	charts, err := chartFolder(name)
	if err != nil {
		return err
	}
	for _, s := range sections(tables) {
		fmt.Fprintf(&b, "## %s\n\n", s.name)
		for _, t := range s.tables {
			printTable(&b, t)
		}
		for _, c := range s.charts() {
			if err := c.write(filepath.Join(charts, c.file)); err != nil {
				return err
			}
			fmt.Fprintf(&b, "![%s](bench/charts/%s)\n\n", c.title, c.file)
		}
	}
	return os.WriteFile(name, []byte(b.String()), 0o666)
}

// chartFolder makes the folder for the report's charts, without those of an earlier
// report.
func chartFolder(report string) (string, error) {
	folder := filepath.Join(filepath.Dir(report), "bench", "charts")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.svg"))
	for _, name := range old {
		err = errors.Join(err, os.Remove(name))
	}
	return folder, err
}

// section is the tables under one heading.
type section struct {
	name   string
	tables []table
}

// sections groups tables, which come in the order of their sections.
func sections(tables []table) (out []section) {
	for _, t := range tables {
		if len(out) == 0 || out[len(out)-1].name != t.section {
			out = append(out, section{name: t.section})
		}
		last := &out[len(out)-1]
		last.tables = append(last.tables, t)
	}
	return out
}
