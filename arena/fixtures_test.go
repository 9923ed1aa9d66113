package arena_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

// mappings are the ways that bytes can take into the file.
var mappings = map[string]arena.Mapping{"system calls": arena.MapNone, "slots mapped": arena.MapSlots, "short mapped": arena.MapShort, "all mapped": arena.MapAll}

// each runs fn with an empty arena of each mapping, and its options. Columns are
// mapped from the start if they are at all.
func each(t *testing.T, opts arena.Options, fn func(t *testing.T, a *arena.Arena, opts arena.Options)) {
	for name, m := range mappings {
		t.Run(name, func(t *testing.T) {
			testkit.NoLeaks(t)
			opts := arena.Mapped(opts, m)
			fn(t, create(t, opts), opts)
		})
	}
}

// create returns an empty arena, which is closed with the test at the latest.
func create(t testing.TB, opts arena.Options) *arena.Arena {
	t.Helper()
	a, err := arena.Create(filepath.Join(t.TempDir(), "arena"), opts)
	require.NoError(t, err)
	return begin(t, a)
}

func open(t testing.TB, name string, opts arena.Options) *arena.Arena {
	t.Helper()
	a, err := arena.Open(name, opts)
	require.NoError(t, err)
	return begin(t, a)
}

func begin(t testing.TB, a *arena.Arena) *arena.Arena {
	a.Warm()
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			require.ErrorIs(t, err, arena.ErrClosed)
		}
	})
	return a
}

// reopen closes a and opens it again.
func reopen(t testing.TB, a *arena.Arena, opts arena.Options) *arena.Arena {
	t.Helper()
	require.NoError(t, a.Close())
	return open(t, a.Name(), opts)
}

// memoryFolder returns a folder for tests that make thousands of files: in memory,
// where there is such a place.
func memoryFolder(t testing.TB) string {
	t.Helper()
	if kind, err := fsys.OS.TypeOf("/dev/shm"); err != nil || kind.Kind != fsys.Memory {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "soa-arena")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// set stages, commits and finishes.
func set(t testing.TB, a *arena.Arena, key, stamp string, d *soa.Dict) {
	t.Helper()
	c := stage(t, a, key, stamp, d)
	require.NoError(t, c.Commit())
	require.NoError(t, c.Finish())
}

func stage(t testing.TB, a *arena.Arena, key, stamp string, d *soa.Dict) *arena.Change {
	t.Helper()
	c, err := a.Stage(t.Context(), key, stamp, d)
	require.NoError(t, err)
	return c
}

// get reads all of key, in two ways that must agree.
func get(t testing.TB, a *arena.Arena, key string) *soa.Dict {
	t.Helper()
	v, err := a.Get(key)
	require.NoError(t, err)
	d := soa.NewDict()
	require.NoError(t, v.Read(t.Context(), d, nil, arena.ReadOptions{}))
	require.NoError(t, v.View(t.Context(), nil, arena.ReadOptions{}, func(seen *soa.Dict) error {
		require.True(t, seen.Equal(d))
		return nil
	}))
	require.NoError(t, v.Close())
	return d
}

// of returns a Dict of a column of n numbers that begin with first.
func of(first int64, n int) *soa.Dict {
	s := make([]int64, n)
	for i := range s {
		s[i] = first + int64(i)
	}
	d := soa.NewDict()
	d.Set("x", soa.Of(s))
	return d
}

// anyDict has all shapes and types that there are.
func anyDict() *soa.Dict {
	d := soa.NewDict()
	d.Set("scalar", soa.Shaped([]complex128{3 + 4i}))
	d.Set("empty", soa.Of([]int16{}))
	d.Set("none", soa.Shaped([]float32{}, 0, 7, 1<<40))
	d.Set("cube", soa.Shaped([]uint8{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2))
	d.Set("flags", soa.Of([]bool{true, false, true}))
	d.Set("half", soa.Of([]soa.F16{1, 2, 3}))
	d.Set("", soa.Of([]float64{1}))
	d.Set("last", soa.Of([]int16{}))
	return d
}

// checkSpace checks that versions, what is read of others, and free spans share no
// byte, and that with the tables they are the whole file.
func checkSpace(t require.TestingT, a *arena.Arena, read ...*arena.Value) {
	used, spans := a.Extents()
	for _, v := range read {
		if extent, gone := v.Extent(); gone && !slices.Contains(used, extent) {
			used = append(used, extent)
		}
	}
	sum := func(all [][2]int64) (n int64) {
		for _, e := range all {
			n += e[1]
		}
		return n
	}
	u := a.Usage()
	require.Equal(t, u.Free+u.Holes, sum(spans))
	require.Equal(t, u.File, u.Used+u.Free+u.Holes)
	tables := u.Used - sum(used)
	require.Positive(t, tables)
	require.Zero(t, tables%arena.TableLen, "besides values and free space there are tables: %d", tables)
	require.Equal(t, u.File-u.Holes, a.Blocks())

	all := slices.Concat(used, spans)
	slices.SortFunc(all, func(p, q [2]int64) int { return int(p[0] - q[0]) })
	at := int64(arena.FirstLen)
	for _, e := range all {
		require.GreaterOrEqual(t, e[0], at, "%v", all)
		at = e[0] + e[1]
	}
	require.LessOrEqual(t, at, u.File)
	info, err := os.Stat(a.Name())
	require.NoError(t, err)
	require.Equal(t, info.Size(), u.File)
}

func keyName(i int) string { return fmt.Sprintf("key %d", i) }
