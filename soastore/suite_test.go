package soastore_test

import (
	"fmt"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSuite runs the suite for every kind of store on 1 to 8 ranks; for those that
// differ from another kind in one thing only, on fewer.
func TestSuite(t *testing.T) {
	for _, kind := range storetest.Kinds {
		for _, n := range suiteRanks(kind.Name) {
			t.Run(fmt.Sprintf("%s on %d ranks", kind.Name, n), func(t *testing.T) {
				testkit.NoLeaks(t)
				storetest.Run(t, storetest.InProcess(n), kind, func(t *testing.T) string { return t.TempDir() })
			})
		}
	}
}

func suiteRanks(kind string) []int {
	switch {
	case testing.Short():
		return []int{1, 4}
	case kind == "gio memory" || kind == "gio per rank" || kind == "npz":
		return []int{1, 2, 3, 4, 5, 6, 7, 8}
	case kind == "gio per node" || kind == "gio one file":
		return []int{2, 3, 8}
	}
	return []int{1, 3}
}

// TestModel makes operations that rapid draws, and shrinks when they fail.
func TestModel(t *testing.T) {
	ops := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) storetest.Op {
		return storetest.Op{
			Name: rapid.SampledFrom(storetest.OpNames).Draw(t, "op"),
			Key:  rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"),
			Seed: rapid.IntRange(0, 100).Draw(t, "seed"),
		}
	}), 1, 20)
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom(storetest.Kinds).Draw(rt, "kind")
		n := rapid.IntRange(1, 4).Draw(rt, "ranks")
		drawn := ops.Draw(rt, "ops")
		dir := t.TempDir()
		err := comm.Run(n, func(c comm.Comm) error {
			return storetest.OneRank(c, kind, dir, func(e *storetest.Env) { e.Model(drawn) })
		})
		require.NoError(rt, err)
	})
}
