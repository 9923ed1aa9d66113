package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
)

// Insides is what interrupted replacements of mapped arrays have left in a folder.
// Names of files are with the folder.
type Insides struct {
	Leftovers []string
	// Aside are the arrays without NAME.yaml whose earlier value is there under other
	// names: no leftover, but a value to restore.
	Aside  []string
	Others []string // all else
}

// Inside looks into a folder. It reads names only.
func Inside(dir string) (Insides, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Insides{}, err
	}
	there := map[string]bool{}  // names of files
	hasOld := map[string]bool{} // names of arrays
	for _, e := range entries {
		there[e.Name()] = true
		if name, old, ok := dataset.ArrayLeftover(e.Name()); ok && old {
			hasOld[name] = true
		}
	}
	var in Insides
	for _, e := range entries {
		full := filepath.Join(dir, e.Name())
		name, _, ok := dataset.ArrayLeftover(e.Name())
		switch {
		case !ok || !e.Type().IsRegular():
			in.Others = append(in.Others, full)
		case there[name+dataset.ArraySuffixes[0]] || !hasOld[name]:
			in.Leftovers = append(in.Leftovers, full)
		default:
			if array := filepath.Join(dir, name); !slices.Contains(in.Aside, array) {
				in.Aside = append(in.Aside, array)
			}
		}
	}
	return in, nil
}

// storesFile are the names of the files that a store writes to a rank's folder.
var storesFile = regexp.MustCompile(`^(?:contents\.json|(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+\.(?:yaml|array|data|indices|indptr)(?:\.[0-9a-f]{16}\.(?:partial|old))?)$`)

// Foreign returns what is in a folder of mapped arrays that no store writes there.
func Foreign(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !e.Type().IsRegular() || !storesFile.MatchString(e.Name()) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}
