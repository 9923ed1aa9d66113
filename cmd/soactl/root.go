package main

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot returns the command soactl. understood becomes true when a subcommand
// and its arguments are what they should be.
func newRoot() (root *cobra.Command, understood *bool) {
	understood = new(bool)
	root = &cobra.Command{
		Use:   "soactl",
		Short: "Inspect, check, convert and clean up spilled stores, GenericIO and NumPy files",
		Long: `Inspect, check, convert and clean up spilled stores, GenericIO and NumPy files.

A FILE is a .gio, .npz or .npy file, a folder of mapped arrays, as a store of
soastore.NewMemmap has one for each rank, or a mapped array: NAME, NAME.yaml or
NAME.array. Or it is an arena, in which a store of soastore.NewArena, and a tiered
one, keeps all values of a rank: --key chooses one. A value of a store on all its
ranks is PREFIX, the store's Options.Path, with --key.

Keys in the files of a tiered store end in .SEQ-RANKS: of those that differ in SEQ
the highest is the latest.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			*understood = true
		},
	}
	root.AddCommand(newLs(), newInfo(), newCat(), newStats(), newVerify(), newConvert(), newRm())
	return root, understood
}

// version returns the module's version, and the commit if it was built in a
// checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && !strings.Contains(v, s.Value[:min(12, len(s.Value))]) {
			v += " " + s.Value
		}
	}
	return v + " " + info.GoVersion
}

// choice is a flag that takes one of a few words.
type choice struct {
	value string
	words []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.words, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("it is none of %s", strings.Join(c.words, ", "))
	}
	c.value = s
	return nil
}

// formatFlag adds --format to a command; the first word is the default.
func formatFlag(cmd *cobra.Command, words ...string) *choice {
	c := &choice{words[0], words}
	cmd.Flags().Var(c, "format", "how to print")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

// must panics on an error that only a mistake in this program can cause.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
