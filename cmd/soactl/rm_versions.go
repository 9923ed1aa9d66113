package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/soastore"
)

// dropVersions removes the versions of a key that has no value. It puts one in their
// place, so that none of them needs to be read, and removes that.
func dropVersions(ctx context.Context, a *arena.Arena, key string) error {
	c, err := a.Stage(ctx, key, "soactl rm", soa.NewDict())
	if err == nil {
		err = c.Commit()
	}
	if err == nil {
		err = c.Finish()
	}
	if err != nil {
		return err
	}
	return removeKey(ctx, []*arena.Arena{a}, key)
}

// ranksArenas are the arenas of ranks that go back to one Set together.
type ranksArenas struct {
	arenas []*arena.Arena
	want   int // how many there should be; 0 for more than there can be
}

// together returns the arenas of the store's ranks, each by itself if it is the rank's
// own.
func (s *arenaStore) together() (out []ranksArenas) {
	shared, mixed := ranksArenas{}, false
	for _, a := range s.arenas {
		rank, ranks, ok := soastore.ArenaOwner(a.Label())
		if ok && ranks == 0 {
			out = append(out, ranksArenas{[]*arena.Arena{a}, 1})
			continue
		}
		mixed = mixed || !ok || s.Parts[rank] != a.Name()
		shared.arenas, shared.want = append(shared.arenas, a), max(shared.want, ranks)
	}
	if mixed { // there is no telling what is whole
		shared.want = 0
	}
	return append(out, shared)
}

// leftovers removes the versions that no store would go back to, and what is damaged.
// Keys that are removed anyway are left out.
func (r ranksArenas) leftovers(cmd *cobra.Command, gone []string) (edits []edit, err error) {
	stays := map[*arena.Arena]bool{}
	for _, key := range r.keys() {
		if slices.Contains(gone, key) {
			continue
		}
		current, drop := r.judge(key)
		for _, a := range r.arenas {
			var lines []string
			for _, v := range a.Versions(key) {
				if !v.Current {
					lines = append(lines, check.VersionName(a.Name(), key, v.Stamp))
				}
			}
			switch {
			case len(lines) == 0:
			case drop:
				edits = append(edits, edit{lines, func() error { return dropVersions(cmd.Context(), a, key) }})
			case current != "":
				edits = append(edits, edit{lines, func() error { return a.Restore(cmd.Context(), key, current) }})
			default:
				stays[a] = true
				for _, line := range lines {
					err = errors.Join(err, kept(cmd, line))
				}
			}
		}
	}
	for _, a := range r.arenas {
		var lines []string
		for _, damage := range check.Damage(a) {
			lines = append(lines, damage.Error())
		}
		if len(lines) > 0 && !stays[a] {
			edits = append(edits, edit{lines, a.Sweep})
		}
	}
	return edits, err
}

func (r ranksArenas) keys() []string {
	var keys []string
	for _, a := range r.arenas {
		keys = slices.Concat(keys, a.Keys(), a.Recoverable())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// judge returns the stamp of the Set that the value is of on all ranks, "" if they
// differ, and whether no rank has a part, nor all ranks a version of one Set.
func (r ranksArenas) judge(key string) (current string, drop bool) {
	now, have := map[string]int{}, map[string]int{} // by stamp: on how many ranks it is current, or there
	for _, a := range r.arenas {
		seen := map[string]bool{}
		for _, v := range a.Versions(key) {
			if v.Current {
				now[v.Stamp]++
			}
			if !seen[v.Stamp] {
				have[v.Stamp]++
			}
			seen[v.Stamp] = true
		}
	}
	for stamp, n := range now {
		if n == r.want {
			return stamp, false
		}
	}
	for _, n := range have {
		if n == r.want {
			return "", false
		}
	}
	return "", len(now) == 0 && len(r.arenas) == r.want && r.want > 0
}
