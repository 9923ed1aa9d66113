package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/soastore"
)

// arenaOffset returns where the elements of a field are.
func arenaOffset(t *testing.T, name, key, field string) int64 {
	t.Helper()
	var doc struct {
		Values []struct {
			Fields []struct {
				Name   string
				Offset int64
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, "info", name, "--key", key, "--format", "json")), &doc))
	for _, f := range doc.Values[0].Fields {
		if f.Name == field {
			return f.Offset
		}
	}
	require.Fail(t, "no such field", field)
	return 0
}

func TestVerifyArenaNamesThePlace(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a", "b")
	require.Len(t, columns(must(t, "verify", prefix)), 2)
	require.Len(t, columns(must(t, "verify", filepath.Dir(prefix))), 2)
	name := rankArena(prefix, 1)
	must(t, "verify", name)
	x, id := arenaOffset(t, name, "b", "x"), arenaOffset(t, name, "b", "id")
	flip(t, name, x)
	flip(t, name, id+9)
	at := func(field, offset string) string {
		return `damaged: .*rank-1.arena: key "b": field "` + field + `": offset ` + offset + `: checksum mismatch`
	}
	want := []string{at("x", strconv.FormatInt(x, 10)), at("id", strconv.FormatInt(id, 10))}
	bad(t, name, want...)
	bad(t, prefix, want...)
	bad(t, filepath.Dir(prefix), want...)
	require.Equal(t, "ok", columns(must(t, "ls", prefix))[2][7], "ls reads headers only")
	fails(t, 1, []string{`"x"`, "rank-1.arena", "checksum"}, "cat", prefix, "--key", "b")
	fails(t, 1, []string{`"x"`, "rank-1.arena", "checksum"}, "convert", prefix, filepath.Join(t.TempDir(), "x.npz"), "--key", "b")
	must(t, "cat", prefix, "--key", "a")
}

func TestArenasThatAreNone(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, name string){
		"empty":      func(t *testing.T, name string) { require.NoError(t, os.Truncate(name, 0)) },
		"short":      func(t *testing.T, name string) { require.NoError(t, os.Truncate(name, 5000)) },
		"superblock": func(t *testing.T, name string) { flip(t, name, 30) },
		"link":       func(t *testing.T, name string) { flip(t, name, 4096+50); flip(t, name, 4096+60) },
		"foreign":    touch,
	} {
		t.Run(name, func(t *testing.T) {
			prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a")
			file := rankArena(prefix, 1)
			damage(t, file)
			bad(t, file, `rank-1.arena`)
			bad(t, prefix, `a: incomplete: .*rank-1.arena: 1 of 2 ranks have no part`, `rank-\*.arena: damaged: .*rank-1.arena`)
			for _, args := range [][]string{{"info", file}, {"cat", file}, {"stats", file}, {"info", prefix}, {"convert", file, filepath.Join(t.TempDir(), "x.npz")}} {
				fails(t, 1, []string{"rank-1.arena"}, args...)
			}
			fails(t, 1, []string{`"a" is incomplete`}, "cat", prefix, "--key", "a")
			fails(t, 1, []string{`"a" is incomplete`}, "convert", prefix, filepath.Join(t.TempDir(), "{key}.npz"))
			require.Contains(t, must(t, "ls", prefix), "damaged")
			must(t, "cat", rankArena(prefix, 0))
		})
	}
}

// A file that is cut short has the values that are left.
func TestArenaCutShort(t *testing.T) {
	prefix := spill(t, 1, soastore.Arena, soastore.Options{}, "a", "b")
	name := rankArena(prefix, 0)
	end := max(arenaOffset(t, name, "a", "x"), arenaOffset(t, name, "b", "x"))
	require.NoError(t, os.Truncate(name, end/4096*4096))
	left := keysIn(t, name)
	require.Len(t, left, 1)
	require.Contains(t, must(t, "ls", prefix), "damaged")
	bad(t, name, "checksum mismatch: slot")
	bad(t, prefix, "damaged: .*slot")
	must(t, "cat", prefix, "--key", left[0])
}

func TestArenasOfOtherOwners(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a")
	other := spill(t, 3, soastore.Arena, soastore.Options{}, "a")
	require.NoError(t, os.Rename(rankArena(other, 1), rankArena(prefix, 1)))
	bad(t, prefix, `a: mixed: .*rank-1.arena: (of another Set|not of one value)`, `mixed: .*rank-1.arena: it is of "rank 1 of 3"`)
	fails(t, 1, []string{"rank 1 of 3"}, "cat", prefix, "--key", "a")

	// a copy has the same stamps
	data, err := os.ReadFile(rankArena(prefix, 0))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(rankArena(prefix, 1), data, 0o600))
	bad(t, prefix, `mixed: .*rank-1.arena: it is of "rank 0 of 2", in spite of its name`)
	fails(t, 1, []string{"in spite of its name"}, "cat", prefix, "--key", "a")
	stage(t, rankArena(prefix, 0), "a", "new", smallDict(t), false, false)
	_, stderr, _ := soactl(t, "rm", prefix, "--leftovers")
	require.Contains(t, stderr, "kept")
}

// A label can say that there are more ranks than there is memory for.
func TestArenaOfTooManyRanks(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "run")
	name := rankArena(prefix, 0)
	a, err := arena.Create(name, arena.Options{Label: "rank 0 of 9000000000000000000"})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	stage(t, name, "a", "set", smallDict(t), true, true)
	bad(t, prefix, "a: incomplete", "8999999999999999999 of 9000000000000000000 ranks have no arena, the first is 1")
	require.Contains(t, must(t, "ls", prefix), "incomplete")
}

// Shapes without elements can have any number of rows.
func TestArenaRowsOfNothing(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "run")
	for rank, label := range []string{"rank 0 of 2", "rank 1 of 2"} {
		a, err := arena.Create(rankArena(prefix, rank), arena.Options{Label: label})
		require.NoError(t, err)
		require.NoError(t, a.Close())
		huge, err := soa.New(soa.Int8, 1<<62, 0)
		require.NoError(t, err)
		d := soa.NewDict()
		d.Set("x", huge)
		stage(t, rankArena(prefix, rank), "a", "set", d, true, true)
	}
	must(t, "ls", prefix)
	must(t, "verify", prefix)
	must(t, "info", prefix)
	must(t, "stats", rankArena(prefix, 0))
	fails(t, 1, []string{`"x"`, "too many rows"}, "stats", prefix)
	must(t, "convert", rankArena(prefix, 0), prefix+".npz")
}
