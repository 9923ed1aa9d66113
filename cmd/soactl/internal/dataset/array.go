package dataset

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ArraySuffixes are those of the files that a mapped array, of the one kind or the
// other, is in. Without the first one the others are no array.
var ArraySuffixes = []string{".yaml", ".array", ".data", ".indices", ".indptr"}

// ArrayPath returns the name that the files of a mapped array have in common, of
// the name of one of them or of that name itself.
func ArrayPath(name string) string {
	if ext := filepath.Ext(name); slices.Contains(ArraySuffixes, ext) {
		return strings.TrimSuffix(name, ext)
	}
	return name
}

// isArray reports whether there are files of a mapped array, even if they are not
// all that it takes.
func isArray(name string) bool {
	path := ArrayPath(name)
	for _, suffix := range ArraySuffixes[:2] {
		if _, err := os.Lstat(path + suffix); err == nil {
			return true
		}
	}
	return len(AsideOf(path)) > 0
}

// ArrayLeftover takes apart the name of a file that an interrupted replacement of
// a mapped array has left (NAME.SUFFIX.TOKEN.partial or .old, where TOKEN is 16
// hexadecimal digits): NAME, and whether it is an old file.
func ArrayLeftover(file string) (name string, old, ok bool) {
	m := arrayLeftover.FindStringSubmatch(file)
	if m == nil {
		return "", false, false
	}
	return m[1], m[2] == "old", true
}

var arrayLeftover = regexp.MustCompile(`^(.+)\.(?:yaml|array|data|indices|indptr)\.[0-9a-f]{16}\.(partial|old)$`)

// AsideOf returns the files in which the earlier value of a mapped array without
// NAME.yaml still is: those that an interrupted replacement has put aside.
func AsideOf(path string) []string {
	if _, err := os.Lstat(path + ArraySuffixes[0]); err == nil {
		return nil
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil // nothing can be seen
	}
	var out []string
	for _, e := range entries {
		if name, old, ok := ArrayLeftover(e.Name()); ok && old && name == filepath.Base(path) {
			out = append(out, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return out
}
