package soastore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/soastore/soa/arena"
)

// Format is the kind of file that a value on disk is in.
type Format string

// The formats.
const (
	GenericIO Format = "gio"
	NPZ       Format = "npz"
	Memmap    Format = "memmap"
	Arena     Format = "arena"
)

// Spilled is one value on disk, as far as the names of its files tell. Names of
// files are with their folder. One of the Format Arena is not a value, but the
// arenas of a store with all their values: see [Spilled.Keys].
type Spilled struct {
	// Key is, in a folder scanned without a prefix, prefix and key, as they are in the
	// file's name. Of arenas it is the prefix there, else "".
	Key    string
	Format Format
	Index  string         // of GenericIO: the file itself, or the rank map; "" if it is missing
	Parts  map[int]string // of GenericIO: the partition files; of the others: the files or folders of the ranks
	// Leftovers are files that a store was writing, or had replaced, when its
	// process was killed, and those it kept to write over.
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

// Name returns what a key in the arenas is called where they were found: what Key
// would be if the value had files of its own. Of another Format it is Key.
func (s Spilled) Name(key string) string {
	switch {
	case s.Format != Arena:
		return s.Key
	case s.Key == "":
		return key
	}
	return s.Key + "_" + FileKey(key)
}

// Keys returns the keys, as in the arenas, of the values that any of the arenas has,
// sorted. It opens them for reading, whoever else has them open. After an error it
// returns those of the arenas that can be read. Of another Format it is Key alone.
// Local.
func (s Spilled) Keys() ([]string, error) {
	if s.Format != Arena {
		return []string{s.Key}, nil
	}
	keys := map[string]bool{}
	var errs []error
	for _, rank := range slices.Sorted(maps.Keys(s.Parts)) {
		a, err := arena.Open(s.Parts[rank], arena.Options{ReadOnly: true})
		if err != nil {
			errs = append(errs, fmt.Errorf("soastore: keys: %w", err))
			continue
		}
		for _, key := range a.Keys() {
			keys[key] = true
		}
		errs = append(errs, a.Close())
	}
	return slices.Sorted(maps.Keys(keys)), errors.Join(errs...)
}

// FileKey returns a key as it is in the names of files: bytes outside A-Z a-z 0-9 .
// _ - and a dot at the beginning are written as %XX.
func FileKey(key string) string { return encodeKey(key) }

// ArenaOwner returns whose an arena is, which its label says: the rank, and how many
// ranks the store has, 0 if it has Options.Independent. ok is false for an arena that
// no store has made.
func ArenaOwner(label string) (rank, ranks int, ok bool) {
	switch n, _ := fmt.Sscanf(label, "rank %d of %d", &rank, &ranks); n {
	case 1:
		return rank, 0, rank >= 0 && label == fmt.Sprintf("rank %d", rank)
	case 2:
		return rank, ranks, 0 <= rank && rank < ranks && label == fmt.Sprintf("rank %d of %d", rank, ranks)
	}
	return 0, 0, false
}

// TieredKey takes apart KEY.SEQ-RANKS, the key that a value of a tiered store has in
// files: of those of a KEY the highest SEQ is the latest, and it is whole if as many
// RANKS have a part. ok is false for other keys.
func TieredKey(key string) (of string, seq uint64, ranks int, ok bool) { return parseID(key) }

// Scan returns the values on disk at path, sorted by key: those of the store whose
// Options.Path it is or, if path is a folder, of all stores in it. It looks at
// names only. Local.
func Scan(path string) ([]Spilled, error) {
	dir, parse := filepath.Dir(path), inStore(filepath.Base(path))
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		dir, parse = path, inFolder
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

// inStore returns a function that takes apart the names of the files of the store
// whose Options.Path ends in base.
func inStore(base string) func(name string) (fileName, bool) {
	return func(name string) (fileName, bool) {
		if f, stem, ok := splitName(name); ok && f.kind == arenaValue { // which has no key in its name
			return f, stem == base
		}
		return parseName(base, name)
	}
}

// inFolder takes apart the name of a file of any store.
func inFolder(name string) (fileName, bool) {
	f, stem, ok := splitName(name)
	f.key = stem
	return f, ok && stem != ""
}

// addTo adds a file to the value that it belongs to.
func (f fileName) addTo(found map[[2]string]*Spilled) {
	format := [...]Format{gioFile: GenericIO, gioPartition: GenericIO, npzFile: NPZ, memmapFolder: Memmap, arenaValue: Arena}[f.kind]
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
