package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/soastore/soa/examples/internal/exampletest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

// small is a workload of 5 steps. TMPDIR is the test's own, and must be empty in
// the end.
func small(t *testing.T, args ...string) []string {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, entry := range left {
			require.NotContains(t, entry.Name(), "mergertree-")
		}
	})
	return append([]string{"--steps", "5", "--rows", "2000"}, args...)
}

func TestInProcess(t *testing.T) {
	for _, store := range []string{"gio", "npz", "arena", "mem", "tiered"} {
		t.Run(store, func(t *testing.T) {
			out := exampletest.Run(t, small(t, "--ranks", "4", "--store", store)...)
			checkTable(t, out, store)
		})
	}
	t.Run("tiered, a quarter in memory", func(t *testing.T) {
		memory := fmt.Sprint(tableBytes() / 4 / 4)
		checkTable(t, exampletest.Run(t, small(t, "--ranks", "4", "--store", "tiered", "--memory", memory)...), "tiered")
	})
}

// checkTable looks at what the example prints of 4 ranks.
func checkTable(t *testing.T, out, store string) {
	require.Contains(t, out, fmt.Sprintf("4 ranks, 5 steps, up to 2000 rows a rank, store %s\n", store))
	require.Contains(t, out, "every value read is the one that was written\n")
	for _, phase := range []string{"1 write table", "1 write index", "2 index forward", "3 index backward", "4 column scan", "5 remove"} {
		require.Regexp(t, `(?m)^ *`+phase+` +\d`, out)
	}
}

// tableBytes is what one phase moves of the table: 88 bytes a row.
func tableBytes() (n int64) {
	cfg := config{Steps: 5, Rows: 2000}
	for rank := range 4 {
		for step := range cfg.Steps {
			n += 88 * int64(rowsAt(cfg, rank, step))
		}
	}
	return n
}

func TestJSON(t *testing.T) {
	var got struct {
		Steps, Rows, Ranks int
		Store              string
		Phases             []line
	}
	out := exampletest.Run(t, small(t, "--ranks", "4", "--json")...)
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, [3]int{5, 2000, 4}, [3]int{got.Steps, got.Rows, got.Ranks})
	require.Equal(t, "gio", got.Store)
	require.Len(t, got.Phases, 6)
	for i, phase := range got.Phases {
		require.Positive(t, phase.Min, phase.Phase)
		require.Greater(t, phase.Mean, 0.999*phase.Min)
		require.Less(t, phase.Mean, 1.001*phase.Max)
		if i == 0 || phase.Phase == "4 column scan" { // every column of every step, once
			require.Equal(t, tableBytes(), phase.Bytes)
		}
	}
}

func TestKeep(t *testing.T) {
	for _, store := range []string{"gio", "npz"} {
		t.Run(store, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tree")
			out := exampletest.Run(t, small(t, "--ranks", "4", "--store", store, "--path", path, "--keep")...)
			require.Contains(t, out, "4 column scan")
			require.NotContains(t, out, "5 remove", "nothing was removed")
			outs := exampletest.Soactl(t, []string{"ls", path}, []string{"verify", "--quiet", path, path + "-index"})
			for step := range 5 {
				require.Regexp(t, fmt.Sprintf(`(?m)^%d +%s +4 .* ok *$`, step, store), outs[0])
			}
			require.Empty(t, strings.TrimSpace(outs[1]))
		})
	}
}

func TestUnknownStore(t *testing.T) {
	out, code := exampletest.Exit(t, "--ranks", "2", "--store", "tape", "--path", filepath.Join(t.TempDir(), "tree"))
	require.Equal(t, 1, code)
	require.Contains(t, out, `unknown store "tape"`)
}
