package check

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/soastore/soa/soastore"
)

// Found is what stores have left at a path.
type Found struct {
	Values []soastore.Spilled // sorted by key, as people count
	// Loose are leftovers that belong to no value: files by which ranks find out which
	// folders they share and, in a folder, what replacements of mapped arrays left.
	Loose []string
	// Aside are the mapped arrays in a folder whose replacement was interrupted, and
	// whose earlier value is to be restored.
	Aside []string
}

var (
	// A store's token is 16 hexadecimal digits.
	leftoverName = regexp.MustCompile(`\.[0-9a-f]{16}\.(partial|old|spare)$`)
	probeName    = regexp.MustCompile(`^(.*)_[0-9a-f]{16}\.probe[0-9]+$`)
)

// Find returns what the store whose Options.Path is path has left, or, for a
// folder, what all stores in it have. It reads names only.
func Find(path string) (Found, error) {
	values, err := soastore.Scan(path)
	if err != nil {
		return Found{}, err
	}
	var out Found
	for _, v := range values {
		v.Leftovers = slices.DeleteFunc(v.Leftovers, func(name string) bool { return !leftoverName.MatchString(name) })
		if len(v.Files()) > 0 {
			out.Values = append(out.Values, v)
		}
	}
	slices.SortStableFunc(out.Values, func(a, b soastore.Spilled) int { return byName(a.Key, b.Key) })
	if out.Loose, err = probes(path); err != nil || !IsDir(path) {
		return out, err
	}
	in, err := Inside(path)
	out.Loose, out.Aside = append(out.Loose, in.Leftovers...), in.Aside
	return out, err
}

func probes(path string) ([]string, error) {
	dir, base := filepath.Split(path)
	if IsDir(path) {
		dir, base = path, ""
	} else if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("find probe files: %w", err)
	}
	var out []string
	for _, e := range entries {
		m := probeName.FindStringSubmatch(e.Name())
		if m != nil && (base == "" || m[1] == base) && e.Type().IsRegular() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// IsDir reports whether path is a folder.
func IsDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
