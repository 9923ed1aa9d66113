package soastore

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Format is the kind of file that a value on disk is in.
type Format string

// The formats.
const (
	GenericIO Format = "gio"
	NPZ       Format = "npz"
	Memmap    Format = "memmap"
)

// Spilled is one value on disk, as far as the names of its files tell. Names of
// files are with their folder.
type Spilled struct {
	Key    string // in a folder scanned without a prefix: prefix and key, as they are in the file's name
	Format Format
	Index  string         // of GenericIO: the file itself, or the rank map; "" if it is missing
	Parts  map[int]string // of GenericIO: the partition files; of the others: the files or folders of the ranks
	// Leftovers are files that a store was writing, or had replaced, when its
	// process was killed.
	Leftovers []string
}

// Files returns all files of the value in the order in which to remove them: first
// the one without which the others mean nothing.
func (s Spilled) Files() []string {
	var out []string
	if s.Index != "" {
		out = append(out, s.Index)
	}
	for _, n := range slices.Sorted(maps.Keys(s.Parts)) {
		out = append(out, s.Parts[n])
	}
	return append(out, s.Leftovers...)
}

// Scan returns the values on disk at path, sorted by key: those of the store whose
// Options.Path it is or, if path is a folder, of all stores in it. It looks at
// names only. Local.
func Scan(path string) ([]Spilled, error) {
	dir, parse := filepath.Dir(path), func(name string) (fileName, bool) { return parseName(filepath.Base(path), name) }
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		dir, parse = path, func(name string) (fileName, bool) {
			f, stem, ok := splitName(name)
			f.key = stem
			return f, ok
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("soastore: scan: %w", err)
	}
	found := map[[2]string]*Spilled{}
	for _, e := range entries {
		if f, ok := parse(e.Name()); ok && f.isOf(e.Type()) {
			f.name = filepath.Join(dir, f.name)
			f.addTo(found)
		}
	}
	out := make([]Spilled, 0, len(found))
	for _, s := range found {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Spilled) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Format, b.Format))
	})
	return out, nil
}

// addTo adds a file to the value that it belongs to.
func (f fileName) addTo(found map[[2]string]*Spilled) {
	format := [...]Format{gioFile: GenericIO, gioPartition: GenericIO, npzFile: NPZ, memmapFolder: Memmap}[f.kind]
	id := [2]string{f.key, string(format)}
	s := found[id]
	if s == nil {
		s = &Spilled{Key: f.key, Format: format, Parts: map[int]string{}}
		found[id] = s
	}
	switch {
	case f.state != "":
		s.Leftovers = append(s.Leftovers, f.name)
	case f.kind == gioFile:
		s.Index = f.name
	default:
		s.Parts[f.number] = f.name
	}
}
