package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// rankArena is the arena of a rank.
func rankArena(prefix string, rank int) string {
	return fmt.Sprintf("%s.tmp.rank-%d.arena", prefix, rank)
}

// openArena opens an arena for changing it behind its store's back.
func openArena(t testing.TB, name string) *arena.Arena {
	t.Helper()
	a, err := arena.Open(name, arena.Options{})
	require.NoError(t, err)
	return a
}

// stage leaves d as a version in an arena, as far as a Set has come.
func stage(t testing.TB, name, key, stamp string, d *soa.Dict, commit, finish bool) {
	t.Helper()
	a := openArena(t, name)
	c, err := a.Stage(t.Context(), key, stamp, d)
	require.NoError(t, err)
	if commit {
		require.NoError(t, c.Commit())
	}
	if finish {
		require.NoError(t, c.Finish())
	}
	require.NoError(t, a.Close())
}

// unset removes a key from an arena, as far as a removal has come.
func unset(t testing.TB, name, key string, finish bool) {
	t.Helper()
	a := openArena(t, name)
	c, err := a.StageRemove(key)
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	if finish {
		require.NoError(t, c.Finish())
	}
	require.NoError(t, a.Close())
}

// keysIn returns the keys of the values in an arena.
func keysIn(t testing.TB, name string) []string {
	t.Helper()
	a, err := arena.Open(name, arena.Options{ReadOnly: true})
	require.NoError(t, err)
	defer a.Close()
	return a.Keys()
}

// versionsIn counts all versions in an arena.
func versionsIn(t testing.TB, name string) int {
	t.Helper()
	a, err := arena.Open(name, arena.Options{ReadOnly: true})
	require.NoError(t, err)
	defer a.Close()
	return a.Usage().Versions
}

// smallDict has a field of each kind that needs care.
func smallDict(t testing.TB) *soa.Dict {
	scalar, err := soa.Of([]float64{2.5}).Reshape()
	require.NoError(t, err)
	d := soa.NewDict()
	d.Set("id", soa.Of([]int64{7, 8, 9}))
	d.Set("pos", soa.Shaped([]float32{0, 1, 2, 3, 4, 5}, 3, 2))
	d.Set("t", scalar)
	return d
}

// arenaFile makes an arena of rank 0 of 2, with two values and a leftover.
func arenaFile(t testing.TB, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "run.tmp.rank-0.arena")
	a, err := arena.Create(name, arena.Options{Label: "rank 0 of 2"})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	stage(t, name, "a", "set 1", smallDict(t), true, true)
	stage(t, name, "b: c/d", "set 2", oddDict(t), true, true)
	stage(t, name, "b: c/d", "set 3", oddDict(t), false, false)
	return name
}

// Names are relative, so that what is printed of them is always the same.
func TestGoldenArena(t *testing.T) {
	dir := t.TempDir()
	arenaFile(t, dir)
	second := strings.ReplaceAll(rankArena(filepath.Join(dir, "run"), 1), "//", "/")
	a, err := arena.Create(second, arena.Options{Label: "rank 1 of 2"})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	stage(t, second, "a", "set 1", smallDict(t), true, true)
	// How much is free depends on the file system.
	space := regexp.MustCompile(`(?m)^((?:size|used|free|holes) +)\S.*$`)
	spaces := regexp.MustCompile(`(?m)^(rank \d of \d)( +\S+ [KM]?i?B){4}`)
	for name, args := range map[string][]string{
		"arena-info":       {"info", "run.tmp.rank-0.arena"},
		"arena-info-key":   {"info", "run.tmp.rank-0.arena", "--key", "b: c/d"},
		"arena-info-store": {"info", "run"},
		"arena-ls":         {"ls", "run"},
		"arena-cat":        {"cat", "run", "--key", "a"},
		"arena-cat-json":   {"cat", "run", "--key", "a", "--format", "json"},
		"arena-stats":      {"stats", "run.tmp.rank-1.arena"},
		"arena-rm":         {"rm", "run", "a", "--leftovers", "--dry-run"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(program, args...)
			cmd.Dir = dir
			stdout, _, code := output(t, cmd)
			require.Zero(t, code)
			stdout = space.ReplaceAllString(stdout, "${1}...")
			golden(t, name, spaces.ReplaceAllString(stdout, "$1 ..."))
		})
	}
}

func TestInfoArenaUsage(t *testing.T) {
	name := arenaFile(t, t.TempDir())
	var doc struct {
		Arenas []struct {
			Bytes          int64
			Used           int64 `json:"used_bytes"`
			Free           int64 `json:"free_bytes"`
			Holes          int64 `json:"hole_bytes"`
			Keys, Versions int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, "info", name, "--format", "json")), &doc))
	a := doc.Arenas[0]
	require.Equal(t, a.Bytes, a.Used+a.Free+a.Holes)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, info.Size(), a.Bytes)
	require.Equal(t, [2]int{2, 3}, [2]int{a.Keys, a.Versions})
	fails(t, 1, []string{`no key "z"`}, "info", name, "--key", "z")
	fails(t, 2, []string{"--key"}, "info", gioData+"one.gio", "--key", "z")
}

func TestLsArena(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "s10", "s9", "ü: /%", "gone", "mixed", "versions", "never")
	other := strings.TrimSuffix(prefix, "run") + "run_x" // whose prefix looks like a key of the first
	require.NoError(t, os.Rename(spillArena(t, "k"), rankArena(other, 0)))
	unset(t, rankArena(prefix, 1), "gone", true)
	stage(t, rankArena(prefix, 1), "mixed", "another Set", testkit.RandomDict(1, 11), true, true)
	stage(t, rankArena(prefix, 0), "versions", "another Set", testkit.RandomDict(1, 11), false, false)
	unset(t, rankArena(prefix, 0), "never", true)
	unset(t, rankArena(prefix, 1), "never", false)
	touch(t, rankArena(prefix, 0)+"."+token+".spare")
	touch(t, prefix+"_s9.tmp.gio."+token+".spare")
	require.Equal(t, [][]string{
		{prefix + ".tmp.rank-*.arena", "arena", "2", "0", "0", "ok,", "1", "leftover"},
		{"gone", "arena", "2", "-", "9", "incomplete"},
		{"mixed", "arena", "2", "21", "9", "mixed"},
		{"never", "arena", "0", "-", "0", "leftover"},
		{"s9", "arena", "2", "21", "9", "ok"},
		{"s9", "gio", "0", "-", "0", "leftover"},
		{"s10", "arena", "2", "21", "9", "ok"},
		{"versions", "arena", "2", "21", "9", "ok,", "1", "leftover"},
	}, withoutBytes(must(t, "ls", prefix))[:8])
	require.Regexp(t, `\nü: /% +arena +2 +21 +9 .* ok\n$`, must(t, "ls", prefix))
	folder := must(t, "ls", filepath.Dir(prefix))
	require.Contains(t, folder, "\nrun_s10 ")
	require.Contains(t, folder, "\nrun_%C3%BC%3A%20%2F%25 ")
	require.Contains(t, folder, "\nrun_x_k ")
	require.NotContains(t, must(t, "ls", prefix), "run_x")

	require.NoError(t, os.Remove(rankArena(prefix, 1)))
	require.Contains(t, must(t, "ls", prefix), "incomplete")
	bad(t, prefix, `gone: incomplete`, `mixed: incomplete`, `s9: incomplete: .*rank-1.arena: 1 of 2 ranks have no part, the first is 1`, `s10: incomplete`,
		`versions: incomplete`, `ü: /%: incomplete`, `rank-\*.arena: incomplete: .*rank-1.arena: 1 of 2 ranks have no arena`)
}

// spillArena has a store of one rank keep values in an arena, whose name it returns.
func spillArena(t *testing.T, keys ...string) string {
	return rankArena(spill(t, 1, soastore.Arena, soastore.Options{}, keys...), 0)
}

// An arena in which there is nothing is there all the same.
func TestLsEmptyArena(t *testing.T) {
	prefix := spill(t, 1, soastore.Arena, soastore.Options{}, "a")
	must(t, "rm", prefix, "a")
	require.Equal(t, [][]string{{prefix + ".tmp.rank-*.arena", "arena", "1", "0", "0", "ok"}}, withoutBytes(must(t, "ls", prefix)))
	must(t, "verify", prefix)
	fails(t, 1, []string{"there is no value in it"}, "cat", prefix)
	fails(t, 1, []string{"there is no value in it"}, "cat", rankArena(prefix, 0))
	must(t, "rm", prefix, "--all")
	require.Empty(t, names(t, prefix))
}

func TestLsIndependentArenas(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{Independent: true}, "a", "b")
	unset(t, rankArena(prefix, 1), "b", true)
	require.Equal(t, [][]string{{"a", "arena", "2", "21", "9", "ok"}, {"b", "arena", "1", "10", "9", "ok"}}, withoutBytes(must(t, "ls", prefix)))
	must(t, "verify", prefix)
	require.Equal(t, must(t, "cat", rankArena(prefix, 0), "--key", "b"), must(t, "cat", prefix, "--key", "b"))
}

func TestLsTieredStore(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "run")
	require.NoError(t, comm.Run(2, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		s, err := soastore.NewTiered(p, soastore.TierOptions{Path: prefix, Keep: true})
		if err != nil {
			return err
		}
		for i, key := range []string{"a", "b", "a"} {
			if err := s.Set(key, testkit.RandomDict(uint64(i), 10+c.Rank())); err != nil {
				return err
			}
		}
		return s.Close()
	}))
	keys := keysIn(t, rankArena(prefix, 0))
	require.Len(t, keys, 2)
	require.Equal(t, [][]string{{keys[0], "arena", "2", "21", "9", "ok"}, {keys[1], "arena", "2", "21", "9", "ok"}}, withoutBytes(must(t, "ls", prefix)))
	must(t, "cat", prefix, "--key", keys[0], "--rows", ":3")
	unset(t, rankArena(prefix, 0), keys[1], true)
	require.Contains(t, must(t, "ls", prefix), "incomplete")
	bad(t, prefix, regexp.QuoteMeta(keys[1])+`: incomplete: .*rank-0.arena: 1 of 2 ranks have no part there`)
}

func TestArenaReadsAsWritten(t *testing.T) {
	dir := t.TempDir()
	name := arenaFile(t, dir)
	want := oddDict(t)
	requireBits(t, want, fromJSON(t, want, must(t, "cat", name, "--key", "b: c/d", "--format", "json")))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(name, link))
	require.Equal(t, must(t, "cat", name, "--key", "a"), must(t, "cat", link, "--key", "a"))
	fails(t, 1, []string{"choose one of 2 keys with --key", `"b: c/d"`}, "cat", name)
	fails(t, 1, []string{`no key "z"`, `"a"`}, "cat", name, "--key", "z")
	fails(t, 1, []string{"no such rank: 1"}, "cat", name, "--key", "a", "--rank", "1")
	fails(t, 2, []string{"are for arenas and stores"}, "cat", gioData+"one.gio", "--key", "a")
	fails(t, 1, []string{"run", `"a"`, "incomplete", "verify"}, "cat", filepath.Join(dir, "run"), "--key", "a")
	require.Equal(t, "a\nb: c/d\n:4\n", must2(t, "__complete", "cat", name, "--key", ""))
	require.Equal(t, "id,pos\nid,t\n:6\n", must2(t, "__complete", "cat", name, "--key", "a", "--fields", "id,"))
}

// A value of a store of any format is read on all its ranks.
func TestStoreReadsAsItsFiles(t *testing.T) {
	for _, format := range []soastore.Format{soastore.Arena, soastore.NPZ, soastore.Memmap, soastore.GenericIO} {
		t.Run(string(format), func(t *testing.T) {
			prefix := spill(t, 3, format, soastore.Options{}, "a", "b")
			want := soa.NewDict()
			first := testkit.RandomDict(3, 10)
			for field := range first.All() {
				var parts []soa.Array
				for rank := range 3 {
					a, _ := testkit.RandomDict(uint64(3+rank), 10+rank).Get(field)
					parts = append(parts, a)
				}
				want.Set(field, concat(t, parts))
			}
			requireBits(t, want, fromJSON(t, want, must(t, "cat", prefix, "--key", "b", "--format", "json")))
			require.Equal(t, must(t, "cat", prefix, "--key", "b", "--rows", "10:21"), must(t, "cat", prefix, "--key", "b", "--rank", "1"))
			must(t, "stats", prefix, "--key", "b")
			fails(t, 1, []string{"choose one of 2 keys", `"a" "b"`}, "stats", prefix)
			fails(t, 1, []string{`no key "c"`}, "stats", prefix, "--key", "c")
			must(t, "cat", filepath.Dir(prefix), "--key", "run_b", "--rank", "2")
		})
	}
}

func concat(t testing.TB, parts []soa.Array) soa.Array {
	shape := slices.Clone(parts[0].Shape())
	shape[0] = 0
	for _, a := range parts {
		shape[0] += a.Rows()
	}
	out, err := soa.New(parts[0].DType(), shape...)
	require.NoError(t, err)
	at := 0
	for _, a := range parts {
		at += copy(out.Bytes()[at:], a.Bytes())
	}
	return out
}

// What convert makes of a store, stores of other formats take in.
func TestConvertStoreToStores(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a", "ü: /%")
	for _, to := range []struct {
		pattern string
		open    func(*partition.Partition, soastore.Options) (*soastore.Spill, error)
	}{
		{"_{key}.tmp.rank-{rank}.npz", soastore.NewNPZ},
		{"_{key}.tmp.rank-{rank}.memmap", soastore.NewMemmap},
		{"_{key}.tmp.gio", func(p *partition.Partition, opts soastore.Options) (*soastore.Spill, error) {
			return soastore.NewGenericIO(p, 0, opts)
		}},
	} {
		t.Run(filepath.Ext(to.pattern), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			must(t, "convert", prefix, out+to.pattern)
			must(t, "verify", out)
			require.NoError(t, comm.Run(2, func(c comm.Comm) error {
				p, err := partition.New(c, partition.Options{})
				if err != nil {
					return err
				}
				s, err := to.open(p, soastore.Options{Path: out, Reopen: true})
				if err != nil {
					return err
				}
				for i, key := range []string{"a", "ü: /%"} {
					d, err := s.Get(key)
					if err != nil {
						return err
					}
					if !testkit.RandomDict(uint64(2*i+c.Rank()), 10+c.Rank()).Equal(d) {
						return fmt.Errorf("%s: rank %d has other elements", key, c.Rank())
					}
				}
				return s.Close()
			}))
		})
	}
}

func TestConvertArena(t *testing.T) {
	dir := t.TempDir()
	name := arenaFile(t, dir)
	out := filepath.Join(dir, "out.npz")
	must(t, "convert", name, out, "--key", "b: c/d")
	requireBits(t, oddDict(t), fromJSON(t, oddDict(t), must(t, "cat", out, "--format", "json")))
	fails(t, 1, []string{"choose one of 2 keys"}, "convert", name, out, "--force")
	fails(t, 1, []string{`no key "z"`}, "convert", name, filepath.Join(dir, "{key}.npz"), "--key", "z")
	must(t, "convert", name, filepath.Join(dir, "{key}-{rank}.npz"))
	require.FileExists(t, filepath.Join(dir, "a-0.npz"))
	require.FileExists(t, filepath.Join(dir, "b%3A%20c%2Fd-0.npz"))

	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a", "torn", "z")
	unset(t, rankArena(prefix, 0), "torn", true)
	fails(t, 1, []string{`torn`, "incomplete"}, "convert", prefix, filepath.Join(dir, "store_{key}.gio"))
	require.FileExists(t, filepath.Join(dir, "store_z.gio"), "what is whole was converted")
	require.NoFileExists(t, filepath.Join(dir, "store_torn.gio"))
	require.Regexp(t, `ranks +2\n`, must(t, "info", filepath.Join(dir, "store_z.gio")))
	must(t, "convert", prefix, filepath.Join(dir, "one.gio"), "--key", "a", "--rank", "1")
	require.Regexp(t, `ranks +1\n`, must(t, "info", filepath.Join(dir, "one.gio")))
	require.Equal(t, must(t, "cat", rankArena(prefix, 1), "--key", "a"), must(t, "cat", filepath.Join(dir, "one.gio")))
}

// A key that is there more than once could be either value.
func TestSameKeyTwice(t *testing.T) {
	prefix := spill(t, 1, soastore.Arena, soastore.Options{}, "a", "b")
	require.NoError(t, os.Rename(spill(t, 1, soastore.NPZ, soastore.Options{}, "a")+"_a.tmp.rank-0.npz", prefix+"_a.tmp.rank-0.npz"))
	require.Len(t, withoutBytes(must(t, "ls", prefix)), 3)
	fails(t, 1, []string{`"a" is there more than once`}, "cat", prefix, "--key", "a")
	out := t.TempDir()
	fails(t, 1, []string{`"a" is there more than once`}, "convert", prefix, filepath.Join(out, "{key}.npz"), "--force")
	require.Equal(t, []string{"b.npz"}, names(t, out+"/x"))
	must(t, "rm", prefix, "a") // in both
	require.Equal(t, [][]string{{"b", "arena", "1", "10", "9", "ok"}}, withoutBytes(must(t, "ls", prefix)))
}

// Of a scalar on several ranks there are several.
func TestScalarsOfRanks(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "run")
	require.NoError(t, comm.Run(2, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		s, err := soastore.NewArena(p, soastore.Options{Path: prefix, Keep: true})
		if err != nil {
			return err
		}
		if err := s.Set("a", smallDict(t)); err != nil {
			return err
		}
		return s.Close()
	}))
	require.JSONEq(t, `{"t": {"dtype": "float64", "shape": [2], "values": [2.5, 2.5]}}`, must(t, "cat", prefix, "--fields", "t", "--format", "json"))
	require.JSONEq(t, `{"t": {"dtype": "float64", "shape": [], "values": 2.5}}`, must(t, "cat", prefix, "--rank", "1", "--fields", "t", "--format", "json"))
	must(t, "convert", prefix, dir+"/all.npz")
	require.Equal(t, must(t, "cat", prefix, "--format", "json"), must(t, "cat", dir+"/all.npz", "--format", "json"))
	must(t, "convert", prefix, dir+"/{rank}.npz")
	requireBits(t, smallDict(t), fromJSON(t, smallDict(t), must(t, "cat", dir+"/1.npz", "--format", "json")))
}
