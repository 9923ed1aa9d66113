package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

const token = "0123456789abcdef"

// spill has a store of n ranks keep values under keys in a new folder, and
// returns its Options.Path, whose last part is "run".
func spill(t *testing.T, n int, format soastore.Format, opts soastore.Options, keys ...string) string {
	t.Helper()
	opts.Path, opts.Keep = filepath.Join(t.TempDir(), "run"), true
	require.NoError(t, comm.Run(n, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{Dimensions: 3})
		if err != nil {
			return err
		}
		var s *soastore.Spill
		switch format {
		case soastore.NPZ:
			s, err = soastore.NewNPZ(p, opts)
		case soastore.Memmap:
			s, err = soastore.NewMemmap(p, opts)
		case soastore.Arena:
			s, err = soastore.NewArena(p, opts)
		default:
			s, err = soastore.NewGenericIO(p, 256, opts)
		}
		if err != nil {
			return err
		}
		for i, key := range keys {
			if err := s.Set(key, testkit.RandomDict(uint64(i*n+c.Rank()), 10+c.Rank())); err != nil {
				return err
			}
		}
		return s.Close()
	}))
	return opts.Path
}

// touch makes a file with a text in it.
func touch(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte("text"), 0o600))
}

// names returns what is in a prefix's folder.
func names(t *testing.T, prefix string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(prefix))
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// columns cuts the lines of a table at spaces.
func columns(table string) [][]string {
	var out [][]string
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		out = append(out, strings.Fields(line))
	}
	return out
}

// withoutBytes drops the two words of a humanized size from ls's rows.
func withoutBytes(table string) [][]string {
	rows := columns(table)[1:]
	for i := range rows {
		if len(rows[i]) > 6 {
			rows[i] = slices.Delete(rows[i], 5, 7)
		}
	}
	return rows
}

func TestLs(t *testing.T) {
	prefix := spill(t, 4, soastore.GenericIO, soastore.Options{}, "a", "b:c", "d", "e")
	for _, name := range []string{"_a.tmp.gio." + token + ".old", "_x.tmp.gio#1." + token + ".partial", "_" + token + ".probe3", "_a.tmp.gio#7"} {
		touch(t, prefix+name)
	}
	require.NoError(t, os.Remove(prefix+"_d.tmp.gio#2"))
	require.NoError(t, os.Remove(prefix+"_e.tmp.gio"))
	want := [][]string{
		{"a", "gio", "4", "46", "9", "ok,", "2", "leftovers"},
		{"b:c", "gio", "4", "46", "9", "ok"},
		{"d", "gio", "4", "-", "9", "incomplete"},
		{"e", "gio", "4", "46", "9", "no", "map"},
		{"x", "gio", "0", "-", "0", "leftover"},
		{prefix + "_" + token + ".probe3", "leftover"},
	}
	require.Equal(t, want, withoutBytes(must(t, "ls", prefix)))

	var doc struct {
		Values []struct {
			Name, Format, State string
			Ranks               int
			Rows                *int64
			Fields              []struct{ Name, DType string }
			Files, Leftovers    []string
			Bytes               int64
			Problems            []struct{ Trouble, File, What string }
		}
		Leftovers []string
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, "ls", prefix, "--format", "json")), &doc))
	require.Equal(t, "b:c", doc.Values[1].Name)
	require.Len(t, doc.Values[1].Files, 5)
	require.Equal(t, "float32", doc.Values[1].Fields[0].DType)
	require.Equal(t, prefix+"_d.tmp.gio#2", doc.Values[2].Problems[0].File)
	require.Equal(t, []string{prefix + "_" + token + ".probe3"}, doc.Leftovers)

	// of the folder, the keys begin with the prefix
	require.Contains(t, must(t, "ls", filepath.Dir(prefix)), "\nrun_b%3Ac ")
	require.JSONEq(t, `{"values": [], "leftovers": [], "interrupted": []}`, must(t, "ls", t.TempDir(), "--format", "json"))
}

// ls reads no data: it sees nothing of a value whose data are damaged, and takes
// a value that is far larger than its disk.
func TestLsReadsHeadersOnly(t *testing.T) {
	prefix := spill(t, 1, soastore.GenericIO, soastore.Options{}, "a")
	flip(t, prefix+"_a.tmp.gio", -20)
	require.Equal(t, [][]string{{"a", "gio", "1", "10", "9", "ok"}}, withoutBytes(must(t, "ls", prefix)))
	_, _, code := soactl(t, "verify", prefix)
	require.Equal(t, 1, code)
}

func TestLsNPZ(t *testing.T) {
	prefix := spill(t, 3, soastore.NPZ, soastore.Options{}, "a", "b")
	require.NoError(t, os.Remove(prefix+"_b.tmp.rank-1.npz"))
	require.Equal(t, [][]string{
		{"a", "npz", "3", "33", "9", "ok"},
		{"b", "npz", "3", "-", "9", "incomplete"},
	}, withoutBytes(must(t, "ls", prefix)))
}

func TestRm(t *testing.T) {
	prefix := spill(t, 2, soastore.GenericIO, soastore.Options{}, "a", "b", "c")
	old := prefix + "_a.tmp.gio." + token + ".old"
	touch(t, old)
	foreign := prefix + "_a.tmp.gio.not-hexadecimal!.old" // 16 characters, but no token
	touch(t, foreign)

	before := names(t, prefix)
	fails(t, 1, []string{`no key "z"`}, "rm", prefix, "a", "z")
	require.Equal(t, before, names(t, prefix), "nothing was removed")
	index := prefix + "_a.tmp.gio"
	require.Equal(t, strings.Join([]string{index, index + "#0", index + "#1", old}, "\n")+"\n",
		must(t, "rm", prefix, "a", "--dry-run"), "the rank map comes first")
	require.Equal(t, before, names(t, prefix))

	require.Empty(t, must(t, "rm", prefix, "a"))
	require.Equal(t, []string{filepath.Base(foreign), "run_b.tmp.gio", "run_b.tmp.gio#0", "run_b.tmp.gio#1",
		"run_c.tmp.gio", "run_c.tmp.gio#0", "run_c.tmp.gio#1"}, names(t, prefix))
	require.Empty(t, must(t, "rm", filepath.Dir(prefix), "run_b"), "a key as ls prints it for the folder")
	require.Empty(t, must(t, "rm", prefix, "--all"))
	require.Equal(t, []string{filepath.Base(foreign)}, names(t, prefix))
}

func TestRmLeftovers(t *testing.T) {
	prefix := spill(t, 2, soastore.GenericIO, soastore.Options{}, "a", "independent")
	require.NoError(t, os.Remove(prefix+"_independent.tmp.gio"))
	before := names(t, prefix)
	other := filepath.Join(filepath.Dir(prefix), "other_"+token+".probe0")
	touch(t, other)
	for _, name := range []string{"_a.tmp.gio." + token + ".old", "_x.tmp.rank-0.npz." + token + ".partial", "_" + token + ".probe0", "_a.tmp.gio#5"} {
		touch(t, prefix+name)
	}
	must(t, "rm", prefix, "--leftovers")
	require.NoError(t, os.Remove(other), "another store's stays")
	require.Equal(t, before, names(t, prefix), "values stay, also those without a rank map")
}

func TestRmRefusesOtherFiles(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "run")
	touch(t, prefix+"_notes.tmp.gio")
	require.NoError(t, os.Symlink("/etc/passwd", prefix+"_link.tmp.gio"))
	require.NoError(t, os.Mkdir(prefix+"_folder.tmp.gio", 0o700))
	fails(t, 1, []string{"run_notes.tmp.gio", "--force"}, "rm", prefix, "notes")
	fails(t, 1, []string{`no key "link"`}, "rm", prefix, "link")
	fails(t, 1, []string{`no key "folder"`}, "rm", prefix, "folder")
	fails(t, 1, []string{`no key "../x"`}, "rm", prefix, "../x")
	require.Len(t, names(t, prefix), 3)
	must(t, "rm", prefix, "notes", "--force")
	require.Len(t, names(t, prefix), 2)
}

func TestRmCompletesKeys(t *testing.T) {
	prefix := spill(t, 1, soastore.NPZ, soastore.Options{}, "one", "two")
	require.Equal(t, "two\n:4\n", must2(t, "__complete", "rm", prefix, "one", ""))
}

// must2 is must for what writes to stderr too.
func must2(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := soactl(t, args...)
	require.Zero(t, code, stderr)
	return stdout
}
