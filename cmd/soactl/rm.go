package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/soastore"
)

// rmOptions say what to remove besides the named keys, and how.
type rmOptions struct{ all, leftovers, force, dryRun, verbose bool }

func newRm() *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use:   "rm PREFIX KEY...",
		Short: "Remove values, and leftovers of killed processes",
		Long: `Remove values, and leftovers of killed processes.

PREFIX is the store's Options.Path, or a folder; KEY is as soactl ls prints it for
that. A value goes with its leftovers, in all formats that it is in. If a key is
not there, or a file is not what its name says, nothing is removed.

Leftovers are what a process that was killed was writing, or had replaced:
NAME.*.partial, NAME.*.old, PREFIX_*.probe0, and partition files that the rank map
does not name. A running process has such files too: remove leftovers when none
runs at PREFIX.`,
		Example: `  soactl rm /scratch/run7/tmp step_40 step_41
  soactl rm /scratch/run7/tmp --leftovers
  soactl rm /scratch/run7/tmp --all --dry-run`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeKeys,
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "remove all values and leftovers")
	cmd.Flags().BoolVar(&o.leftovers, "leftovers", false, "remove the leftovers of all values")
	cmd.Flags().BoolVar(&o.force, "force", false, "remove files that are not what their names say, too")
	cmd.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "print what would be removed, and remove nothing")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "print what is removed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		prefix, keys := args[0], args[1:]
		if len(keys) == 0 && !o.all && !o.leftovers {
			return usagef("rm what? Give keys, --leftovers or --all")
		}
		found, err := check.Find(prefix)
		if err != nil {
			return err
		}
		files, err := doomed(cmd, found, prefix, keys, o)
		if err != nil {
			return err
		}
		return remove(cmd.OutOrStdout(), files, o)
	}
	return cmd
}

// doomed returns the files to remove, of each value in the order in which a reader
// that comes in between sees no half value.
func doomed(cmd *cobra.Command, found check.Found, prefix string, keys []string, o rmOptions) ([]string, error) {
	for _, key := range keys {
		if !slices.ContainsFunc(found.Values, func(v soastore.Spilled) bool { return v.Key == key }) {
			return nil, fmt.Errorf("no key %q at %s", key, prefix)
		}
	}
	var files []string
	for _, v := range found.Values {
		switch {
		case o.all || slices.Contains(keys, v.Key):
			if err := ours(v, o.force); err != nil {
				return nil, err
			}
			files = append(files, v.Files()...)
		case o.leftovers:
			files = append(files, new(check.Checker).Value(cmd.Context(), v).Leftovers...)
		}
	}
	if o.all || o.leftovers {
		files = append(files, found.Probes...)
	}
	return files, nil
}

// ours reports a file of v that has another content than its name says. Leftovers
// have any content.
func ours(v soastore.Spilled, force bool) error {
	for _, name := range v.Files() {
		if force || slices.Contains(v.Leftovers, name) {
			continue
		}
		head, err := firstBytes(name)
		if err != nil {
			return err
		}
		if kind, _ := dataset.KindOfBytes(head); len(head) > 0 && kind != dataset.Kind(v.Format) {
			return fmt.Errorf("%s is not a %s file, in spite of its name: nothing was removed; use --force if it is a store's", name, v.Format)
		}
	}
	return nil
}

func firstBytes(name string) ([]byte, error) {
	f, err := dataset.OpenFile(name, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 8)
	n, err := f.ReadAt(head, 0)
	if err == io.EOF {
		err = nil
	}
	return head[:n], err
}

// remove removes the files, going on after an error, or prints their names.
func remove(w io.Writer, files []string, o rmOptions) error {
	var failed []string
	for _, name := range files {
		if o.dryRun || o.verbose {
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
		}
		if o.dryRun {
			continue
		}
		if err := os.Remove(name); err != nil {
			failed = append(failed, err.Error())
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s", strings.Join(failed, "; "))
	}
	return nil
}
