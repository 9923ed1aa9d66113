package tests

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	modulePath = "github.com/soastore/soa"
	moduleRoot = ".."
)

// rule says what the non-test files of a package may import beyond the standard
// library.
type rule struct {
	module  string // packages of this module, relative to its root, which is "."
	foreign string // modules of others
}

// publicPackages are those that a user's program without MPI may import.
const publicPackages = ". arena codec/... comm genericio memmap npz partition soastore"

// importRules are the layers of the module, lowest first. Each package has the
// longest key that fits it, where "x/..." fits x and all below.
var importRules = map[string]rule{
	"internal/fsys":     {"", "golang.org/x/sys"},
	"internal/together": {"", ""},
	"internal/residue":  {"", ""},
	"internal/fold":     {"internal/residue", "golang.org/x/sys"},
	"internal/crc64":    {"internal/residue internal/fold", ""},
	"internal/crc32":    {"internal/residue internal/fold", ""},
	"internal/wire":     {"", ""},
	"internal/memlimit": {"", "golang.org/x/sys"},
	"comm":              {"", ""},

	".":                {"internal/together", ""},
	"internal/faultfs": {"internal/fsys", ""},
	"comm/mpi":         {"comm", "C github.com/sbromberger/gompi"},

	"codec/...": {"codec/...", "github.com/klauspost/compress github.com/pierrec/lz4/v4 golang.org/x/sys"},
	"memmap":    {". internal/fsys internal/together", "go.yaml.in/yaml/v3 golang.org/x/sys"},
	"partition": {". comm", ""},
	"npz":       {". internal/crc32 internal/wire internal/fsys internal/together", "github.com/klauspost/compress"},

	"arena": {". codec internal/wire internal/crc64 internal/fsys", "golang.org/x/sync golang.org/x/sys"},

	"genericio": {". codec codec/blosc comm internal/wire internal/crc64 internal/fsys internal/together", "golang.org/x/sync"},

	"soastore/internal/tier": {". codec", "golang.org/x/sync"},

	"soastore": {". codec codec/blosc comm partition genericio npz memmap arena internal/fsys internal/memlimit soastore/internal/tier", "golang.org/x/sync"},

	"cmd/soactl/...": {publicPackages + " cmd/soactl/internal/...",
		"github.com/spf13/cobra github.com/jedib0t/go-pretty/v6 github.com/dustin/go-humanize github.com/guptarohit/asciigraph gonum.org/v1/plot golang.org/x/sync golang.org/x/sys"},
	"examples/...":            {publicPackages + " examples/internal/ranks", ""},
	"examples/internal/ranks": {"comm comm/mpi", ""},

	// What only tests import.
	"internal/testkit":              {". comm internal/fsys internal/faultfs", testModules + " golang.org/x/sys"},
	"internal/fold/foldtest":        {"internal/fold", testModules},
	"codec/internal/cblosc":         {"", testModules},
	"codec/internal/columns":        {"", testModules},
	"comm/commtest":                 {"comm", testModules},
	"soastore/storetest":            {". comm partition soastore internal/faultfs", testModules},
	"examples/internal/exampletest": {"internal/testkit", testModules},
}

// testModules are for tests and for the packages that only tests import.
const testModules = "github.com/stretchr/testify pgregory.net/rapid go.uber.org/goleak"

// TestImports holds every package to its rule, on all platforms and with all build
// tags: it reads the files rather than building them.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		key, ok := ruleOf(f.dir)
		if !ok && !f.test {
			t.Errorf("package %s has no import rule: add a line to importRules in tests/imports_test.go, at the layer where it belongs", f.dir)
			continue
		}
		used[key] = true
		for _, imported := range f.imports {
			if problem := importRules[key].forbids(imported); problem != "" && !f.test {
				t.Errorf("%s imports %s, which %s: move the code to a package of a higher layer, hand it in as an interface or function, or change the rule in tests/imports_test.go if the layers themselves are to change", f.name, imported, problem)
			}
			if f.dir != "comm/mpi" && (imported == "C" || within(imported, "github.com/sbromberger/gompi")) {
				t.Errorf("%s imports %s: only comm/mpi may, so that all else builds without cgo and MPI; add what is missing to comm/mpi", f.name, imported)
			}
		}
	}
	for key := range importRules {
		if !used[key] {
			t.Errorf("importRules in tests/imports_test.go names %s, but no package fits that: delete the line", key)
		}
	}
}

// forbids says why the rule does not let a package be imported, or "".
func (r rule) forbids(imported string) string {
	if rel, ok := relative(imported); ok {
		if !slices.ContainsFunc(strings.Fields(r.module), func(p string) bool { return fits(rel, p) }) {
			return fmt.Sprintf("is not among the packages of this module that it may import (%s)", r.module)
		}
		return ""
	}
	if isStandard(imported) || slices.ContainsFunc(strings.Fields(r.foreign), func(m string) bool { return within(imported, m) }) {
		return ""
	}
	return fmt.Sprintf("is not of a module that it may import (%s)", r.foreign)
}

// relative returns a package of this module relative to its root.
func relative(imported string) (string, bool) {
	if imported == modulePath {
		return ".", true
	}
	return strings.CutPrefix(imported, modulePath+"/")
}

// isStandard reports a package of the standard library: its first element has no dot.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return imported != "C" && !strings.Contains(first, ".")
}

func within(imported, module string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}

// fits reports whether a package is the pattern's, which may end in "/...".
func fits(pkg, pattern string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	return pkg == pattern || ok && within(pkg, tree)
}

// ruleOf returns the key of the package's rule.
func ruleOf(pkg string) (key string, ok bool) {
	for _, k := range slices.Sorted(maps.Keys(importRules)) {
		if fits(pkg, k) && len(k) >= len(key) {
			key, ok = k, true
		}
	}
	return key, ok
}

// goFile is what a file of the module imports.
type goFile struct {
	name    string // relative to the root, as is dir
	dir     string
	test    bool
	imports []string
}

// goFiles returns all Go files of the module.
func goFiles(t *testing.T) []goFile {
	var out []goFile
	require.NoError(t, filepath.WalkDir(moduleRoot, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skip(file, entry)
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		f, err := parseImports(file)
		out = append(out, f)
		return err
	}))
	return out
}

// skip leaves out folders that the go command leaves out too.
func skip(dir string, entry fs.DirEntry) error {
	if dir == moduleRoot {
		return nil
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod")) // another module
	if name := entry.Name(); err == nil || name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	return nil
}

func parseImports(file string) (goFile, error) {
	rel, err := filepath.Rel(moduleRoot, file)
	if err != nil {
		return goFile{}, err
	}
	name := filepath.ToSlash(rel)
	f := goFile{name: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go")}
	syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return f, err
	}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return f, err
		}
		f.imports = append(f.imports, imported)
	}
	return f, nil
}

// TestImportRules checks the rules' own reading.
func TestImportRules(t *testing.T) {
	for pkg, want := range map[string]string{
		".": ".", "comm": "comm", "comm/mpi": "comm/mpi", "codec/blosc": "codec/...", "codec": "codec/...",
		"codec/internal/cblosc": "codec/internal/cblosc", "examples/internal/ranks": "examples/internal/ranks",
	} {
		key, ok := ruleOf(pkg)
		require.True(t, ok, pkg)
		require.Equal(t, want, key, pkg)
	}
	_, ok := ruleOf("codecs")
	require.False(t, ok)
	r := importRules["npz"]
	require.Empty(t, r.forbids("os"))
	require.Empty(t, r.forbids("github.com/klauspost/compress/flate"))
	require.Empty(t, r.forbids(modulePath))
	require.NotEmpty(t, r.forbids("github.com/klauspost/compressor"))
	require.NotEmpty(t, r.forbids("C"))
	require.NotEmpty(t, r.forbids(modulePath+"/comm"))
}

// TestSoactlNeedsNoMPI looks at all that cmd/soactl is built from.
func TestSoactlNeedsNoMPI(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,CgoFiles", "./cmd/soactl")
	cmd.Dir = moduleRoot
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // with which cgo files would show
	out, err := cmd.Output()
	require.NoError(t, err)
	n := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); n++ {
		var pkg struct {
			ImportPath string
			Standard   bool
			CgoFiles   []string
		}
		require.NoError(t, dec.Decode(&pkg))
		require.NotEqual(t, modulePath+"/comm/mpi", pkg.ImportPath, "soactl runs where there is no MPI: find who imports it with: go mod why")
		if !pkg.Standard {
			require.Empty(t, pkg.CgoFiles, "%s needs cgo, and soactl is one static binary", pkg.ImportPath)
		}
	}
	require.Greater(t, n, 20)
}
