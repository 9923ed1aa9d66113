package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
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
does not name; NAME.*.spare, which it kept to write over; and versions of values in
arenas. What was replaced stays if the value is not whole: a store that is opened
again may go back to it. A running process has such files too: remove leftovers when
none runs at PREFIX.

A value in arenas goes from those of all ranks, or from none; only --all removes the
arenas themselves. Those that a running process has open are refused, on all common
file systems.`,
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
		return o.rm(cmd, prefix, keys)
	}
	return cmd
}

func (o rmOptions) rm(cmd *cobra.Command, prefix string, keys []string) (err error) {
	found, err := check.Find(prefix)
	if err != nil {
		return err
	}
	stores, err := arenasOf(cmd.Context(), found, keys, o)
	if err != nil {
		return err
	}
	for _, key := range keys {
		inFiles := func(v soastore.Spilled) bool { return v.Format != soastore.Arena && v.Key == key }
		inArenas := func(s arenaStore) bool { return slices.Contains(s.names, key) }
		if !slices.ContainsFunc(found.Values, inFiles) && !slices.ContainsFunc(stores, inArenas) {
			return fmt.Errorf("no key %q at %s", key, prefix)
		}
	}
	files, err := doomed(cmd, found, keys, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeArenas(stores)) }()
	if err := openArenas(stores, o); err != nil {
		return err
	}
	return errors.Join(cleanArenas(cmd, stores, o), remove(cmd.OutOrStdout(), files, o))
}

// doomed returns the files and folders to remove, of each value in the order in
// which a reader that comes in between sees no half value. What is in arenas is not
// among them.
func doomed(cmd *cobra.Command, found check.Found, keys []string, o rmOptions) ([]string, error) {
	var files []string
	for _, v := range found.Values {
		switch {
		case v.Format == soastore.Arena:
			if o.all || o.leftovers {
				files = append(files, v.Leftovers...)
			}
		case o.all || slices.Contains(keys, v.Key):
			if err := ours(v, o.force); err != nil {
				return nil, err
			}
			files = append(files, v.Files()...)
		case o.leftovers:
			useless, err := uselessOf(cmd, v)
			if err != nil {
				return nil, err
			}
			files = append(files, useless...)
		}
	}
	if o.all || o.leftovers {
		files = append(files, found.Loose...)
	}
	return files, foreign(files, o.force)
}

// uselessOf returns the leftovers of a value without those that may be its only
// whole content: a store that is opened again goes back to them if the value is not
// whole. Those are old files and, where the ranks were exchanging names, partial
// ones too.
func uselessOf(cmd *cobra.Command, v soastore.Spilled) ([]string, error) {
	r := new(check.Checker).Value(cmd.Context(), v)
	if err := cmd.Context().Err(); err != nil {
		return nil, err
	}
	partial := func(name string) bool { return strings.HasSuffix(name, ".partial") }
	replaced := len(r.Files) == 0 && slices.ContainsFunc(r.Leftovers, partial)
	if r.Good() && !replaced {
		return r.Leftovers, nil
	}
	var useless []string
	for _, name := range r.Leftovers {
		never := len(r.Files) == 0 || strings.HasSuffix(filepath.Dir(name), ".memmap")
		spare := strings.HasSuffix(name, ".spare")
		if spare || never && partial(name) { // of a value, or an array in a folder, that never was
			useless = append(useless, name)
			continue
		}
		if err := kept(cmd, name); err != nil {
			return nil, err
		}
	}
	return useless, nil
}

// kept says what stays.
func kept(cmd *cobra.Command, name string) error {
	_, err := fmt.Fprintf(cmd.ErrOrStderr(), "soactl: kept %s: the value is not whole, and a store opened with Options.Reopen may go back to this\n", name)
	return err
}

// ours reports a file of v that has another content than its name says. Leftovers
// have any content.
func ours(v soastore.Spilled, force bool) error {
	for _, name := range v.Files() {
		if force || v.Format == soastore.Memmap || slices.Contains(v.Leftovers, name) {
			continue
		}
		head, err := firstBytes(name)
		if err != nil {
			return err
		}
		unmade := v.Format == soastore.Arena && len(bytes.Trim(head, "\x00")) == 0 // by a process that was killed
		if kind, _ := dataset.KindOfBytes(head); len(head) > 0 && !unmade && kind != dataset.Kind(v.Format) {
			return fmt.Errorf("%s is no %s file, in spite of its name: nothing was removed; use --force if it is a store's", name, v.Format)
		}
	}
	return nil
}

// foreign reports a folder with something in it that no store writes.
func foreign(names []string, force bool) error {
	for _, name := range names {
		if force || !check.IsDir(name) {
			continue
		}
		others, err := check.Foreign(name)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			return fmt.Errorf("%s is not a store's: nothing was removed; use --force if it may go", others[0])
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
