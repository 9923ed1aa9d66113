package soastore_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// Options that contradict each other are refused by all ranks, whichever rank has
// them, and the error names them.
func TestTieredBadOptions(t *testing.T) {
	type options = soastore.TierOptions
	onRanks(t, 3, func(e *storetest.Env) {
		path := filepath.Join(e.Dir, "tmp")
		for _, test := range []struct {
			opts options
			says string
		}{
			{options{Memory: -1}, "Memory -1"},
			{options{Compressed: -2}, "Compressed -2"},
			{options{Path: path, Disk: -3}, "Disk -3"},
			{options{Path: path, Async: true, Writers: -4}, "Writers -4"},
			{options{Path: path, Timeout: -5}, "Timeout -5"},
			{options{Path: path, Paths: []soastore.Path{{Path: path + "2"}}}, "Paths"},
			{options{Path: path, Paths: []soastore.Path{}}, "Paths"},
			{options{Paths: []soastore.Path{{Path: path}, {}}}, "Paths[1] is empty"},
			{options{Paths: []soastore.Path{{Path: path, Limit: -6}}}, "Limit -6"},
			{options{Paths: []soastore.Path{{Path: path}, {Path: path}}}, "Paths[0] and Paths[1]"},
			{options{Disk: 1 << 20}, "Disk 1048576"},
			{options{Keep: true}, "Keep true"},
			{options{Reopen: true}, "Reopen true"},
			{options{Async: true}, "Async true"},
			{options{Open: soastore.NewNPZ}, "Open"},
			{options{Files: soastore.Options{Sync: true}}, "Files"},
			{options{Path: path, Writers: 2}, "Writers 2"},
			{options{MemoryCodec: "zstd"}, `MemoryCodec "zstd"`},
			{options{Compressed: 1000, MemoryCodec: "none"}, `MemoryCodec "none"`},
			{options{Compressed: 1000, MemoryCodec: "rar"}, `"rar"`},
			{options{Path: path, Files: soastore.Options{Path: path}}, "Files"},
			{options{Path: path, Files: soastore.Options{MemoryCodec: "lz4"}}, "Files"},
			{options{Path: path, Files: soastore.Options{Layout: soastore.LayoutOneFile}}, "Files"},
			{options{Path: path, Files: soastore.Options{Independent: true}}, "Files"},
			{options{Path: path, Files: soastore.Options{Keep: true}}, "Files"},
			{options{Path: path, Files: soastore.Options{Reopen: true}}, "Files"},
			{options{Path: path, Files: soastore.Options{Timeout: time.Second}}, "Files"},
			{options{Path: path, Files: soastore.Options{Codec: "lz4"}}, "Codec"}, // of arenas
			{options{Path: path, Files: soastore.Options{Verify: 9}}, "Verify is 9"},
			{options{Path: path + "/"}, "separator"},
		} {
			for _, guilty := range []int{-1, 1} { // all ranks, or one
				opts := test.opts
				if guilty >= 0 && guilty != e.C.Rank() {
					opts = options{Path: opts.Path, Async: opts.Async && opts.Path != ""}
					if test.opts.Paths != nil {
						opts.Path = path
					}
				}
				_, err := tryTiered(e, opts)
				require.Error(e, err, "%+v", test.opts)
				if guilty < 0 || !errors.Is(err, comm.ErrSchema) { // which comes first if both are wrong
					e.Fails(err, soastore.ErrOptions)
					require.ErrorContains(e, err, test.says)
				}
			}
		}
		require.Empty(e, e.Left())
		_, err := tryTiered(e, options{Path: filepath.Join(e.Dir, "missing", "tmp")})
		e.Fails(err, fs.ErrNotExist)
		_, err = tryTiered(e, options{Path: path, Async: e.C.Rank() == 1})
		e.Fails(err, comm.ErrSchema)
		require.Empty(e, e.Left())
	})
}

// Ranks may have different budgets and paths, and none.
func TestTieredRanksDiffer(t *testing.T) {
	onRanks(t, 3, func(e *storetest.Env) {
		rank := e.C.Rank()
		opts := soastore.TierOptions{
			Memory: []int64{1, 900, 1 << 20}[rank], Compressed: []int64{0, 300, 0}[rank],
			Paths: []soastore.Path{{Path: filepath.Join(e.Dir, []string{"a", "b", "c"}[rank]), Limit: []int64{0, 1 << 20, 0}[rank]}},
		}
		s := openTiered(e, opts)
		for i := range 5 {
			require.NoError(e, s.Set(string(rune('a'+i)), rows(i, rank, 50)))
		}
		for i := range 5 {
			holds(e, s, string(rune('a'+i)), rows(i, rank, 50))
		}
		require.Equal(e, rank != 2, oneTier(e, s, "disk").Raw > 0)
		require.NoError(e, s.Close())
		require.Empty(e, e.Left())
	})
}

// everyCall makes each call of a store for a key, those for several with key among
// them, and returns their errors.
func everyCall(s *soastore.Tiered, key string) map[string]error {
	ignore := func(_ *soa.Dict, err error) error { return err }
	return map[string]error{
		"get":      ignore(s.Get(key)),
		"field":    ignore(s.GetField(key, "x")),
		"into":     s.GetInto(key, soa.NewDict()),
		"view":     s.View(key, nil, func(*soa.Dict) error { panic("called") }),
		"evict":    s.Evict(key),
		"promote":  s.Promote(key),
		"pin":      s.Pin(key),
		"unpin":    s.Unpin(key),
		"prefetch": s.Prefetch(key),
		"plan":     s.Plan([]soastore.Access{{Key: key}}, soastore.PlanOptions{}),
	}
}

func TestTieredClosed(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		s := openTiered(e, inFolder(e, soastore.TierOptions{Memory: 100}))
		require.NoError(e, s.Set("k", column(1, 100)))
		require.NoError(e, s.Close())
		failures := everyCall(s, "k")
		failures["set"] = s.Set("k", column(1, 1))
		_, failures["pop"] = s.Pop("k")
		failures["remove"] = s.Remove("k")
		failures["clear"] = s.Clear()
		failures["flush"] = s.Flush()
		failures["close"] = s.Close()
		failures["end of plan"] = s.Plan(nil, soastore.PlanOptions{})
		failures["prefetch of nothing"] = s.Prefetch()
		_, failures["stats"] = s.GlobalStats()
		for op, err := range failures {
			require.ErrorIs(e, err, soastore.ErrClosed, op)
			var full *soastore.Error
			require.ErrorAs(e, err, &full, op)
		}
		require.False(e, s.Has("k"))
		require.Zero(e, s.Len())
		require.Empty(e, s.Keys())
		require.Zero(e, s.Stats().Keys)
	})
}

// What is not there is an ErrNotFound that names it, also among others that are.
func TestTieredUnknown(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		s := openTiered(e, inFolder(e, soastore.TierOptions{Memory: 1000}))
		want := column(1, 100)
		require.NoError(e, s.Set("k", want))
		for op, err := range everyCall(s, "none") {
			require.ErrorIs(e, err, soastore.ErrNotFound, op)
			require.ErrorContains(e, err, `"none"`, op)
		}
		err := s.Prefetch("k", "none", "k", "neither", "none")
		require.ErrorIs(e, err, soastore.ErrNotFound)
		require.ErrorContains(e, err, `"none"`)
		require.ErrorContains(e, err, `"neither"`)

		plan := []soastore.Access{{Key: "k"}, {Key: "k", Fields: []string{"x", "nofield"}}}
		err = s.Plan(plan, soastore.PlanOptions{DropAfterLastRead: true})
		require.ErrorIs(e, err, soastore.ErrNoField)
		require.ErrorContains(e, err, `"k"`)
		require.ErrorContains(e, err, `"nofield"`)
		plan[1] = soastore.Access{Key: "none"}
		require.ErrorIs(e, s.Plan(plan, soastore.PlanOptions{DropAfterLastRead: true}), soastore.ErrNotFound)
		for range 3 { // no plan holds
			holds(e, s, "k", want)
		}
		_, err = s.GetField("k", "x", "nofield")
		require.ErrorIs(e, err, soastore.ErrNoField)
		require.ErrorIs(e, s.View("k", []string{"nofield"}, func(*soa.Dict) error { panic("called") }), soastore.ErrNoField)
		require.NoError(e, s.Close())
	})
}
