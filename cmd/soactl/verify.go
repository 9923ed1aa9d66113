package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/progress"
	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/soastore"
)

func newVerify() *cobra.Command {
	var independent, quiet bool
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Check checksums, sizes, structure, and ranks against one another",
		Long: `Check checksums, sizes, structure, and ranks against one another.

PATH is a file, a store's Options.Path, or a folder, of which all values and all
other .gio, .npz, .npy and .arena files and mapped arrays are checked, but no folders
in it besides those of mapped arrays. All that is wrong is reported. Leftovers of killed
processes are no fault: soactl ls shows them, and soactl rm --leftovers removes
them.

Compressed blocks of GenericIO files have two checksums, of what is stored and of
the rows: both are checked, the rows' by decompressing. Blocks that cannot be, by
other filters or of zstd older than 1.0, are checked as they are stored.

Of arenas all versions of all values are read. What a running job changes meanwhile
may read as damaged.

Mapped arrays have no checksums: their sizes, the structure of sparse matrices and
the values of bools are checked, and that all can be read.

The exit status is 0 if all is good, 1 if something is bad, and 2 if something
cannot be opened at all, or there is nothing to check.`,
		Example: "  soactl verify /scratch/run7/tmp\n  soactl verify --quiet /scratch/run7 /archive/m000.gio",
		Args:    cobra.MinimumNArgs(1),
	}
	format := formatFlag(cmd, "table", "json")
	cmd.Flags().BoolVar(&independent, "independent", false, "the stores were opened with Options.Independent, and have no rank maps")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only what is bad")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var targets []target
		for _, path := range args {
			targets = append(targets, targetsOf(path)...)
		}
		verdicts, err := judge(cmd.Context(), targets, independent)
		if err != nil {
			return err
		}
		if quiet {
			verdicts = slices.DeleteFunc(verdicts, func(v verdict) bool { return v.Good() })
		}
		if format.value == "json" {
			err = render.Document(cmd.OutOrStdout(), verdicts)
		} else {
			err = verdictLines(cmd.OutOrStdout(), verdicts)
		}
		return cmp.Or(err, statusOf(verdicts))
	}
	return cmd
}

// target is a thing to check: a value, a file, or an error in looking for them.
type target struct {
	path  string // as the user gave it
	value *soastore.Spilled
	file  string
	err   error
}

// verdict is what is said of a target.
type verdict struct {
	Path string `json:"path"`
	check.Report
}

// targetsOf returns what there is to check at path.
func targetsOf(path string) []target {
	if check.IsDir(path) == dataset.IsFolder(path) { // not a folder of other things
		if _, err := dataset.KindOf(path); err == nil || exist(path) {
			return []target{{path: path, file: path}}
		}
	}
	found, err := check.Find(path)
	if err != nil {
		return []target{{path: path, err: err}}
	}
	var out []target
	for _, v := range found.Values {
		out = append(out, target{path: path, value: &v})
	}
	if check.IsDir(path) {
		files, err := others(path, found)
		if err != nil {
			return []target{{path: path, err: err}}
		}
		for _, file := range files {
			out = append(out, target{path: path, file: file})
		}
	}
	if len(out) == 0 {
		return []target{{path: path, err: fmt.Errorf("%s: no such file, and no store's files", path)}}
	}
	return out
}

func exist(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// others returns what there is to check in a folder that belongs to no store.
func others(dir string, found check.Found) ([]string, error) {
	taken := map[string]bool{}
	for _, v := range found.Values {
		for _, name := range v.Files() {
			taken[name] = true
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(found.Aside)
	for _, e := range entries {
		if name := filepath.Join(dir, e.Name()); !taken[name] && leads(name, e.IsDir()) {
			out = append(out, name)
		}
	}
	return out, nil
}

// leads reports whether a file or folder of that name is to be checked: not if
// another one leads to it. The rank map does to partition files, NAME.yaml to the
// other files of a mapped array.
func leads(name string, isDir bool) bool {
	kind, ok := dataset.KindOfName(name)
	switch index, _, part := strings.Cut(name, "#"); {
	case !ok:
		return false
	case isDir:
		return dataset.IsFolder(name)
	case kind == dataset.Memmap && filepath.Ext(name) == ".yaml": // which others use too
		return slices.ContainsFunc([]string{".array", ".indices", ".indptr"}, func(suffix string) bool { return exist(dataset.ArrayPath(name) + suffix) })
	case kind == dataset.Memmap:
		path := dataset.ArrayPath(name)
		return name == path+".array" && !exist(path+".yaml") && dataset.AsideOf(path) == nil // which Find found
	default:
		return !part || !exist(index)
	}
}

// judge checks all targets.
func judge(ctx context.Context, targets []target, independent bool) ([]verdict, error) {
	bar := progress.Start("verify", bytesOf(targets), progress.Bytes)
	defer bar.Stop()
	checker := check.Checker{Deep: true, Independent: independent, Count: bar.Add}
	verdicts := make([]verdict, 0, len(targets))
	for _, t := range targets {
		var reports []check.Report
		switch {
		case t.err != nil:
			reports = []check.Report{check.Unusable(t.path, t.err)}
		case t.value != nil:
			reports = checker.Values(ctx, *t.value)
		default:
			reports = []check.Report{checker.File(ctx, t.file)}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, r := range reports {
			verdicts = append(verdicts, verdict{t.path, r})
		}
	}
	return verdicts, nil
}

// bytesOf returns the size of all files that will be read, but for those that a
// rank map of no store leads to.
func bytesOf(targets []target) int64 {
	n := int64(0)
	for _, t := range targets {
		files := []string{t.file}
		if t.value != nil {
			files = t.value.Files()
		}
		for _, name := range files {
			n += check.SizeOf(name)
		}
	}
	return n
}

func verdictLines(w io.Writer, verdicts []verdict) error {
	var b strings.Builder
	for _, v := range verdicts {
		name := v.Name
		if !strings.HasPrefix(name, v.Path) { // a key
			name = v.Path + " " + name
		}
		if v.Good() {
			fmt.Fprintf(&b, "ok   %s: %s, %s, %s\n", render.Printable(name), count(v.Ranks, "rank"), count(len(v.Files), "file"), size(v.Bytes))
		}
		for _, p := range v.Problems {
			fmt.Fprintf(&b, "bad  %s: %s: %s\n", render.Printable(name), p.Trouble, render.Printable(p.String()))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// statusOf returns the exit status as an error.
func statusOf(verdicts []verdict) error {
	var status error
	for _, v := range verdicts {
		if v.Has(check.Unreadable) {
			return exitStatus(2)
		}
		if !v.Good() {
			status = exitStatus(1)
		}
	}
	return status
}
