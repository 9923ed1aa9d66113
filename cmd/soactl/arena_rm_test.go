package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// reopened opens a store of two ranks again, and returns what Get of key returns on
// each.
func reopened(t testing.TB, prefix, key string) (have [2]error) {
	t.Helper()
	require.NoError(t, comm.Run(2, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		s, err := soastore.NewArena(p, soastore.Options{Path: prefix, Keep: true, Reopen: true})
		if err != nil {
			return err
		}
		_, have[c.Rank()] = s.Get(key)
		return s.Close()
	}))
	return have
}

func TestRmArenaKeys(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a", "b", "ü: /%", "half")
	first, second := rankArena(prefix, 0), rankArena(prefix, 1)
	unset(t, first, "half", false) // and can be restored there
	stage(t, first, "a", "another Set", testkit.RandomDict(1, 3), false, false)
	before, err := os.ReadFile(first)
	require.NoError(t, err)

	fails(t, 1, []string{`no key "z"`}, "rm", prefix, "a", "z")
	require.Equal(t, first+": key \"a\"\n"+second+": key \"a\"\n", must(t, "rm", prefix, "a", "--dry-run"))
	after, err := os.ReadFile(first)
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing was changed")

	require.Empty(t, must(t, "rm", prefix, "a", "half"))
	require.Equal(t, first+": key \"ü: /%\"\n"+second+": key \"ü: /%\"\n", must(t, "rm", prefix, "ü: /%", "-v"))
	for _, name := range []string{first, second} {
		require.Equal(t, []string{"b"}, keysIn(t, name))
		require.Equal(t, 1, versionsIn(t, name), "no version is left either")
	}
	must(t, "verify", prefix)
	require.Equal(t, [2]error{}, reopened(t, prefix, "b"))
	must(t, "rm", filepath.Dir(prefix), "run_b")
	require.Empty(t, keysIn(t, first))
	fails(t, 1, []string{`no key "run"`}, "rm", filepath.Dir(prefix), "run")
	require.Len(t, names(t, prefix), 2, "the arenas stay")
}

func TestRmCompletesArenaKeys(t *testing.T) {
	prefix := spill(t, 1, soastore.Arena, soastore.Options{}, "one", "two")
	require.Equal(t, "two\n:4\n", must2(t, "__complete", "rm", prefix, "one", ""))
}

func TestRmAllArenas(t *testing.T) {
	prefix := spill(t, 3, soastore.Arena, soastore.Options{}, "a")
	touch(t, rankArena(prefix, 0)+"."+token+".spare")
	touch(t, prefix+"_b.tmp.rank-0.npz."+token+".spare")
	flip(t, rankArena(prefix, 1), 20)                                                          // the superblock
	require.NoError(t, os.WriteFile(rankArena(prefix, 2), make([]byte, 65536), 0o600))         // by a process that was killed
	require.NoError(t, os.Rename(spillArena(t, "x"), rankArena(filepath.Dir(prefix)+"/o", 0))) // another store's
	_, stderr, code := soactl(t, "rm", prefix, "--leftovers")
	require.Zero(t, code)
	require.Regexp(t, `^soactl: kept .*rank-1.arena: .*checksum.*\nsoactl: kept .*rank-2.arena: .*\n$`, stderr)
	require.Len(t, names(t, prefix), 4, "what has nothing to do with it was removed")
	must(t, "rm", prefix, "--all", "--dry-run")
	require.Len(t, names(t, prefix), 4)
	must(t, "rm", prefix, "--all")
	require.Equal(t, []string{"o.tmp.rank-0.arena"}, names(t, prefix))

	touch(t, rankArena(prefix, 0))
	fails(t, 1, []string{"rank-0.arena is no arena file", "--force"}, "rm", prefix, "--all")
	must(t, "rm", prefix, "--all", "--force")
	require.Len(t, names(t, prefix), 1)
}

func TestRmSpares(t *testing.T) {
	prefix := spill(t, 2, soastore.NPZ, soastore.Options{}, "a", "torn")
	require.NoError(t, os.Remove(prefix+"_torn.tmp.rank-0.npz"))
	before := names(t, prefix)
	for _, name := range []string{"_a.tmp.rank-0.npz", "_torn.tmp.rank-0.npz", "_gone.tmp.rank-1.npz"} {
		touch(t, prefix+name+"."+token+".spare")
	}
	must(t, "rm", prefix, "--leftovers")
	require.Equal(t, before, names(t, prefix))
}

// Versions go only where no store would go back to them.
func TestRmArenaLeftovers(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "ok", "torn", "removed", "other")
	first, second := rankArena(prefix, 0), rankArena(prefix, 1)
	d := testkit.RandomDict(1, 3)
	stage(t, first, "ok", "new", d, false, false)    // staged on one rank only
	stage(t, first, "torn", "new", d, true, false)   // committed on one rank only
	stage(t, first, "never", "new", d, false, false) // of a value that never was
	unset(t, first, "removed", false)
	unset(t, second, "removed", false)
	unset(t, first, "other", true)

	var states []string
	for _, row := range withoutBytes(must(t, "ls", prefix)) {
		states = append(states, row[0]+" "+row[5])
	}
	require.Equal(t, []string{"never leftover", "ok ok,", "other incomplete", "removed incomplete,", "torn mixed,"}, states)
	stdout, stderr, code := soactl(t, "rm", prefix, "--leftovers", "--dry-run")
	require.Zero(t, code)
	require.Equal(t, first+": key \"never\": version \"new\"\n"+first+": key \"ok\": version \"new\"\n", stdout)
	require.Contains(t, stderr, "kept "+first+`: key "torn": version "soa set `)
	require.Contains(t, stderr, "kept "+first+`: key "removed": version "soa set `)
	require.Contains(t, stderr, "kept "+second+`: key "removed": version "soa set `)
	stdout, again, code := soactl(t, "rm", prefix, "--leftovers")
	require.Zero(t, code)
	require.Empty(t, stdout)
	require.Equal(t, stderr, again)
	require.Equal(t, 4, versionsIn(t, first), "ok, torn and its old one, removed")
	require.Equal(t, []string{"ok", "torn"}, keysIn(t, first))
	require.Equal(t, [2]error{}, reopened(t, prefix, "torn"))
	require.Equal(t, [2]error{}, reopened(t, prefix, "removed"))
	require.Equal(t, [2]error{}, reopened(t, prefix, "ok"))

	// with one rank's arena away, nothing is certain
	stage(t, first, "ok", "new", d, false, false)
	require.NoError(t, os.Rename(second, second+"-away"))
	_, stderr, code = soactl(t, "rm", prefix, "--leftovers")
	require.Zero(t, code)
	require.Contains(t, stderr, `key "ok": version "new"`)
	require.NoError(t, os.Rename(second+"-away", second))
	must(t, "rm", prefix, "--leftovers")
	require.Equal(t, []string{"ok", "removed", "torn"}, keysIn(t, first))
	require.Equal(t, 3, versionsIn(t, first))
}

// A damaged slot and a damaged header take space until they are swept.
func TestRmArenaDamage(t *testing.T) {
	prefix := spill(t, 1, soastore.Arena, soastore.Options{}, "a", "b")
	name := rankArena(prefix, 0)
	a := openArena(t, name)
	v, err := a.Get("a")
	require.NoError(t, err)
	header := v.Fields()[0].Offset / 4096 * 4096
	require.NoError(t, v.Close())
	require.NoError(t, a.Close())
	flip(t, name, header+20)
	require.Contains(t, must(t, "ls", prefix), "damaged")
	bad(t, prefix, "damaged: .*offset")
	require.Contains(t, must(t, "rm", prefix, "--leftovers", "-v"), "checksum")
	must(t, "verify", prefix)
	require.Equal(t, []string{"b"}, keysIn(t, name))
}

// What a running process has open is left alone.
func TestRmArenaInUse(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a", "b")
	stage(t, rankArena(prefix, 1), "a", "new", testkit.RandomDict(1, 3), false, false)
	partial := prefix + "_x.tmp.gio." + token + ".partial"
	touch(t, partial)
	a := openArena(t, rankArena(prefix, 1))
	for _, args := range [][]string{{"rm", prefix, "a"}, {"rm", prefix, "--all"}, {"rm", prefix, "--leftovers"}, {"rm", prefix, "--all", "--force"}} {
		fails(t, 1, []string{"rank-1.arena", "a running process has it open: nothing was removed"}, args...)
	}
	must(t, "rm", prefix, "--all", "--dry-run")
	require.Equal(t, []string{"a", "b"}, keysIn(t, rankArena(prefix, 0)))
	require.FileExists(t, partial)
	require.NoError(t, a.Close())
	must(t, "rm", prefix, "--all")
	require.Empty(t, names(t, prefix))
}

// All ranks keep a value if one of them cannot be opened.
func TestRmArenaKeyOfDamagedRank(t *testing.T) {
	prefix := spill(t, 2, soastore.Arena, soastore.Options{}, "a")
	flip(t, rankArena(prefix, 1), 20)
	fails(t, 1, []string{"rank-1.arena", "checksum", "nothing was removed"}, "rm", prefix, "a")
	require.Equal(t, []string{"a"}, keysIn(t, rankArena(prefix, 0)))
	_, err := arena.Open(rankArena(prefix, 1), arena.Options{})
	require.ErrorIs(t, err, arena.ErrChecksum)
}
