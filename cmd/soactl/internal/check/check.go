package check

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/soastore"
)

// Checker looks at files. The zero Checker reads headers only.
type Checker struct {
	Deep bool // read all data, for their checksums
	// Independent says that the stores were opened with Options.Independent, and
	// have no rank maps.
	Independent bool
	Count       func(n int64) // called with the bytes of each read; may be nil
}

// Values reports on a value of a store or, if v are arenas, on all values in them.
func (c *Checker) Values(ctx context.Context, v soastore.Spilled) []Report {
	if v.Format == soastore.Arena {
		return c.arenas(ctx, v)
	}
	return []Report{c.Value(ctx, v)}
}

// Value reports on a value of a store that has files of its own.
func (c *Checker) Value(ctx context.Context, v soastore.Spilled) Report {
	r := Report{Name: v.Key, Kind: dataset.Kind(v.Format), Leftovers: v.Leftovers}
	switch {
	case v.Index == "" && len(v.Parts) == 0: // leftovers only
	case v.Format == soastore.GenericIO:
		c.gioValue(ctx, &r, v)
	case v.Format == soastore.Memmap:
		c.rankValue(ctx, &r, v, c.folder)
	default:
		c.rankValue(ctx, &r, v, c.npzFile)
	}
	r.finish()
	return r
}

// File reports on a single file, or a folder of mapped arrays; of a rank map, on its
// partition files too.
func (c *Checker) File(ctx context.Context, name string) Report {
	r := Report{Name: name}
	var err error
	if r.Kind, err = dataset.KindOf(name); err != nil {
		r.problem(Unreadable, name, "%v", err)
	} else {
		c.kind(ctx, &r, name)
	}
	r.finish()
	return r
}

func (c *Checker) kind(ctx context.Context, r *Report, name string) {
	switch r.Kind {
	case dataset.GIO:
		parts, err := partsOf(name)
		r.failed(name, err)
		c.gioFiles(ctx, r, name, parts)
	case dataset.NPZ:
		r.Files, r.Ranks = []string{name}, 1
		c.rankFiles(ctx, r, map[int]string{0: name}, c.npzFile)
	case dataset.NPY:
		r.Files, r.Ranks = []string{name}, 1
		c.npyFile(ctx, r, name)
	case dataset.Arena:
		r.Files, r.Ranks = []string{name}, 1
		c.arenaFile(ctx, r, name)
	case dataset.Memmap:
		r.Ranks = 1
		if dataset.IsFolder(name) {
			r.Files = []string{name}
			c.rankFiles(ctx, r, map[int]string{0: name}, c.folder)
		} else {
			c.array(ctx, r, dataset.ArrayPath(name))
		}
	}
}

func (c *Checker) npyFile(ctx context.Context, r *Report, name string) {
	s, err := dataset.Open(ctx, name) // which reads all of it
	if err != nil {
		r.failed(name, err)
		return
	}
	defer s.Close()
	for _, f := range s.Fields {
		rows := int64(f.Total())
		r.Rows, r.Fields = &rows, []Field{{f.Name, f.Type}}
	}
}

// numbers returns the numbers of files in order.
func numbers(files map[int]string) []int { return slices.Sorted(maps.Keys(files)) }

// differ says in what two lists of fields differ, "" for nothing. The order does
// not matter.
func differ(have, want []Field) string {
	for _, f := range want {
		i := slices.IndexFunc(have, func(g Field) bool { return g.Name == f.Name })
		if i < 0 {
			return fmt.Sprintf("it lacks the field %q", f.Name)
		}
		if have[i] != f {
			return fmt.Sprintf("its field %q is %s instead of %s", f.Name, have[i].Type, f.Type)
		}
	}
	for _, f := range have {
		if !slices.ContainsFunc(want, func(g Field) bool { return g.Name == f.Name }) {
			return fmt.Sprintf("it has a field %q that others lack", f.Name)
		}
	}
	return ""
}
