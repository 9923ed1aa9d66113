package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/soastore"
)

// arenaStore is a store from whose arenas something is to be removed.
type arenaStore struct {
	soastore.Spilled
	names, keys []string // of the values, as ls prints them and as they are in the arenas

	arenas []*arena.Arena // open, by rank
	broken []brokenArena
}

// brokenArena is a file that can only be removed.
type brokenArena struct {
	name string
	err  error
}

// edit is one thing to do to arenas.
type edit struct {
	lines []string // what is removed
	do    func() error
}

// arenasOf returns the stores from whose arenas something is to be removed.
func arenasOf(ctx context.Context, found check.Found, keys []string, o rmOptions) (out []arenaStore, err error) {
	for _, v := range found.Values {
		if v.Format != soastore.Arena || len(v.Parts) == 0 {
			continue
		}
		s := arenaStore{Spilled: v}
		if len(keys) > 0 {
			for _, r := range new(check.Checker).Values(ctx, v) {
				if r.Key != "" && slices.Contains(keys, r.Name) {
					s.names, s.keys = append(s.names, r.Name), append(s.keys, r.Key)
				}
			}
		}
		if o.all {
			err = errors.Join(err, ours(v, o.force))
		}
		if o.all || o.leftovers || len(s.keys) > 0 {
			out = append(out, s)
		}
	}
	return out, errors.Join(err, ctx.Err())
}

// openArenas opens all arenas, which keeps others from opening them until
// closeArenas.
func openArenas(stores []arenaStore, o rmOptions) error {
	for i := range stores {
		if err := stores[i].open(o); err != nil {
			return fmt.Errorf("%w: nothing was removed", err)
		}
	}
	return nil
}

func closeArenas(stores []arenaStore) (err error) {
	for _, s := range stores {
		for _, a := range s.arenas {
			if closing := a.Close(); !errors.Is(closing, arena.ErrClosed) { // else it was removed
				err = errors.Join(err, closing)
			}
		}
	}
	return err
}

// cleanArenas removes what is to be removed from open arenas, going on after an
// error, or prints it.
func cleanArenas(cmd *cobra.Command, stores []arenaStore, o rmOptions) error {
	var errs []error
	for _, s := range stores {
		edits, err := s.edits(cmd, o)
		errs = append(errs, err)
		for _, e := range edits {
			errs = append(errs, e.make(cmd.OutOrStdout(), o))
		}
	}
	return errors.Join(errs...)
}

func (e edit) make(w io.Writer, o rmOptions) error {
	for _, line := range e.lines {
		if !o.dryRun && !o.verbose {
			break
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if o.dryRun {
		return nil
	}
	return e.do()
}

// open opens the arenas, for looking only if nothing is to be removed.
func (s *arenaStore) open(o rmOptions) error {
	for _, rank := range slices.Sorted(maps.Keys(s.Parts)) {
		name := s.Parts[rank]
		a, err := arena.Open(name, arena.Options{ReadOnly: o.dryRun})
		unusable := errors.Is(err, arena.ErrFormat) || errors.Is(err, arena.ErrChecksum) || errors.Is(err, arena.ErrVersion)
		switch {
		case errors.Is(err, arena.ErrInUse):
			return fmt.Errorf("%s: a running process has it open", name)
		case unusable && (o.all || len(s.keys) == 0): // there is no telling which keys it has
			s.broken = append(s.broken, brokenArena{name, err})
		case err != nil:
			return err
		default:
			s.arenas = append(s.arenas, a)
		}
	}
	return nil
}

func (s *arenaStore) edits(cmd *cobra.Command, o rmOptions) (edits []edit, err error) {
	if o.all {
		for _, a := range s.arenas {
			edits = append(edits, edit{[]string{a.Name()}, a.Remove})
		}
		for _, b := range s.broken {
			edits = append(edits, edit{[]string{b.name}, func() error { return os.Remove(b.name) }})
		}
		return edits, nil
	}
	for _, b := range s.broken {
		if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "soactl: kept %s: %v\n", b.name, b.err); err != nil {
			return nil, err
		}
	}
	for _, key := range s.keys {
		e := edit{do: func() error { return removeKey(cmd.Context(), s.arenas, key) }}
		for _, a := range s.arenas {
			if len(a.Versions(key)) > 0 {
				e.lines = append(e.lines, fmt.Sprintf("%s: key %q", a.Name(), key))
			}
		}
		edits = append(edits, e)
	}
	if !o.leftovers {
		return edits, nil
	}
	for _, ranks := range s.together() {
		more, err := ranks.leftovers(cmd, s.keys)
		if err != nil {
			return edits, err
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// removeKey removes key from all arenas or, after an error, from none.
func removeKey(ctx context.Context, arenas []*arena.Arena, key string) (err error) {
	var changes []*arena.Change
	for _, a := range arenas {
		c, err := a.StageRemove(key)
		if errors.Is(err, arena.ErrNotFound) {
			continue
		}
		if err != nil {
			return errors.Join(err, undo(changes))
		}
		changes = append(changes, c)
	}
	for _, c := range changes {
		if err := c.Commit(); err != nil {
			return errors.Join(err, undo(changes))
		}
	}
	for _, c := range changes {
		err = errors.Join(err, c.Finish())
	}
	for _, a := range arenas {
		if err == nil && len(a.Versions(key)) > 0 {
			err = dropVersions(ctx, a, key)
		}
	}
	return err
}

func undo(changes []*arena.Change) (err error) {
	for _, c := range changes {
		err = errors.Join(err, c.Undo())
	}
	return err
}
