package soastore_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// onRanks runs test on n ranks, with a folder that all see.
func onRanks(t *testing.T, n int, test func(e *storetest.Env)) {
	t.Helper()
	testkit.NoLeaks(t)
	ranksIn(t, n, t.TempDir(), test)
}

func ranksIn(t require.TestingT, n int, dir string, test func(e *storetest.Env)) {
	kind := storetest.Kind{Name: "tiered", Ragged: true, Files: true, Tiered: true}
	require.NoError(t, comm.Run(n, func(c comm.Comm) error { return storetest.OneRank(c, kind, dir, test) }))
}

// inFolder returns opts with files in the test's folder.
func inFolder(e *storetest.Env, opts soastore.TierOptions) soastore.TierOptions {
	opts.Path = filepath.Join(e.Dir, "tmp")
	return opts
}

// openTiered opens a store that logs nothing.
func openTiered(e *storetest.Env, opts soastore.TierOptions) *soastore.Tiered {
	s, err := tryTiered(e, opts)
	require.NoError(e, err)
	return s
}

func tryTiered(e *storetest.Env, opts soastore.TierOptions) (*soastore.Tiered, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return soastore.NewTiered(e.P, opts)
}

// holds checks that s gives want for key, by Get and by View.
func holds(e *storetest.Env, s *soastore.Tiered, key string, want *soa.Dict) {
	got, err := s.Get(key)
	require.NoError(e, err, key)
	require.True(e, want.Equal(got), "%s is %v", key, got)
	require.NoError(e, s.View(key, nil, func(d *soa.Dict) error {
		require.True(e, want.Equal(d), "%s is viewed as %v", key, d)
		return nil
	}))
}

// oneTier returns the figures of a tier.
func oneTier(e *storetest.Env, s *soastore.Tiered, name string) soastore.TierStats {
	for _, tier := range s.Stats().Tiers {
		if tier.Name == name {
			return tier
		}
	}
	require.Fail(e, "no tier "+name)
	return soastore.TierStats{}
}

// raggedValues are arrays of all types and many shapes: empty ones, a scalar, ones of
// no more than 16 bytes, and ones that compress well.
func raggedValues(e *storetest.Env) map[string]*soa.Dict {
	all := map[string]*soa.Dict{}
	for dtype := soa.DType(0); dtype < 64; dtype++ {
		if !dtype.Valid() {
			continue
		}
		d := soa.NewDict()
		for i, shape := range [][]int{{}, {0}, {1}, {2}, {2, 0, 3}, {3, 5}, {40 + e.C.Rank()}, {4, 3, 2}, {300}} {
			a, err := soa.New(dtype, shape...)
			require.NoError(e, err)
			for k := range a.Bytes() {
				a.Bytes()[k] = byte(k / dtype.Size() % 2)
			}
			d.Set(fmt.Sprint("shape ", 9-i), a)
		}
		all[dtype.String()] = d
	}
	require.Greater(e, len(all), 10)
	return all
}

// budgets are for values that are in one tier, and for some that are in all.
var budgets = []struct {
	name string
	opts soastore.TierOptions
	file bool
	used []string // the tiers where there is something
}{
	{"memory", soastore.TierOptions{Memory: 1 << 20}, false, []string{"memory"}},
	{"compressed", soastore.TierOptions{Memory: 1, Compressed: 1 << 20}, false, []string{"compressed"}},
	{"disk", soastore.TierOptions{Memory: 1}, true, []string{"disk"}},
	{"all", soastore.TierOptions{Memory: 20_000, Compressed: 6000, MemoryCodec: "zstd"}, true, []string{"memory", "compressed", "disk"}},
	{"npz files", soastore.TierOptions{Memory: 20_000, Open: soastore.NewNPZ}, true, []string{"memory", "disk"}},
	{"memmap folders", soastore.TierOptions{Memory: 1, Open: soastore.NewMemmap}, true, []string{"disk"}},
}

// Types, shapes and the order of fields survive every tier and the way between them.
func TestTieredRoundTrips(t *testing.T) {
	for _, b := range budgets {
		t.Run(b.name, func(t *testing.T) {
			onRanks(t, 2, func(e *storetest.Env) {
				opts := b.opts
				if b.file {
					opts = inFolder(e, opts)
				}
				s := openTiered(e, opts)
				values := raggedValues(e)
				for _, key := range keysOf(values) {
					require.NoError(e, s.Set(key, values[key]))
				}
				var used []string
				for _, tier := range s.Stats().Tiers {
					if tier.Raw > 0 {
						used = append(used, tier.Name)
					}
				}
				require.Equal(e, b.used, used)
				for range 2 { // the second time where the first reads have left them
					for key, want := range values {
						holds(e, s, key, want)
					}
				}
				require.NoError(e, s.Close())
			})
		})
	}
}

// A budget counts bytes, not elements: it takes a value of just that size, and none
// that is a byte larger.
func TestTieredBudgetIsBytes(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		for _, short := range []int64{0, 1} {
			s := openTiered(e, soastore.TierOptions{Memory: 8*100 - short})
			err := s.Set("k", column(1, 100))
			if short == 0 {
				require.NoError(e, err)
				require.EqualValues(e, 800, s.Stats().Memory)
			} else {
				e.Fails(err, soastore.ErrNoSpace)
				require.Zero(e, s.Stats().Memory)
			}
			require.NoError(e, s.Close())
		}
	})
}

// A tier that is too small loses nothing: what it does not take goes below or, if
// there is nothing below, is refused.
func TestTieredTooSmall(t *testing.T) {
	onRanks(t, 2, func(e *storetest.Env) {
		s := openTiered(e, soastore.TierOptions{Memory: 1600})
		for i := range 4 {
			err := s.Set(fmt.Sprint(i), column(uint64(i), 100))
			if i < 2 {
				require.NoError(e, err)
			} else {
				e.Fails(err, soastore.ErrNoSpace)
			}
		}
		require.Equal(e, []string{"0", "1"}, s.Keys())
		e.Fails(s.Set("0", column(9, 100)), soastore.ErrNoSpace) // room for both is needed
		for i := range 2 {
			holds(e, s, fmt.Sprint(i), column(uint64(i), 100))
		}
		require.NoError(e, s.Close())

		s = openTiered(e, inFolder(e, soastore.TierOptions{Memory: 100}))
		for i := range 8 {
			require.NoError(e, s.Set(fmt.Sprint(i), column(uint64(i), 100)))
		}
		for i := range 8 {
			holds(e, s, fmt.Sprint(i), column(uint64(i), 100))
		}
		require.NoError(e, s.Close())
	})
}

// To ask what there is reads no file and unpacks nothing, wherever the values are.
func TestTieredHasIsCheap(t *testing.T) {
	onRanks(t, 1, func(e *storetest.Env) {
		f := faultfs.New(fsys.OS)
		s := openTiered(e, inFolder(e, soastore.TierOptions{
			Memory: 800, Compressed: 3000, MemoryCodec: "zstd", Files: soastore.WithFS(soastore.Options{}, f),
		}))
		for i := range 8 {
			require.NoError(e, s.Set(fmt.Sprint(i), column(uint64(i), 100)))
		}
		before, calls := s.Stats(), f.Count("")
		for i := range 9 {
			require.Equal(e, i < 8, s.Has(fmt.Sprint(i)))
		}
		require.Len(e, s.Keys(), 8)
		require.Equal(e, 8, s.Len())
		require.Equal(e, before, s.Stats(), "no hit, no miss, no time")
		require.Equal(e, calls, f.Count(""))
		require.NoError(e, s.Close())
	})
}

// Nothing is left of a value that was evicted and is then removed or replaced.
func TestTieredLeaksNothing(t *testing.T) {
	for _, open := range []struct {
		name string
		opts soastore.TierOptions
	}{
		{"arena", soastore.TierOptions{}},
		{"npz", soastore.TierOptions{Open: soastore.NewNPZ}},
		{"memmap", soastore.TierOptions{Open: soastore.NewMemmap}},
	} {
		t.Run(open.name, func(t *testing.T) {
			onRanks(t, 2, func(e *storetest.Env) {
				opts := inFolder(e, open.opts)
				opts.Memory, opts.Compressed = 1500, 1500
				s := openTiered(e, opts)
				empty := held(s)
				for round := range 3 {
					for i := range 8 {
						require.NoError(e, s.Set(fmt.Sprint(i), column(uint64(i+round), 100)))
					}
					for i := range 8 {
						require.NoError(e, s.Evict(fmt.Sprint(i)))
					}
					require.NoError(e, s.Remove("0"))
					_, err := s.Pop("1")
					require.NoError(e, err)
				}
				require.NoError(e, s.Set("2", column(1, 3)))
				require.NoError(e, s.Clear())
				require.Equal(e, empty, held(s))
				require.NoError(e, s.Close())
				require.Empty(e, e.Left())
			})
		})
	}
}

// held is what a store holds, without what it has done.
func held(s *soastore.Tiered) soastore.Stats {
	st := s.Stats()
	out := soastore.Stats{Keys: st.Keys, Bytes: st.Bytes, Memory: st.Memory, Files: st.Files, Disk: st.Disk, Unwritten: st.Unwritten, Leftover: st.Leftover, Paths: st.Paths}
	for _, t := range st.Tiers {
		out.Tiers = append(out.Tiers, soastore.TierStats{Name: t.Name, Budget: t.Budget, Values: t.Values, Fields: t.Fields, Raw: t.Raw, Stored: t.Stored})
	}
	return out
}

// Without CopyOnSet the arrays are the caller's and shared; GetInto's are the caller's
// own in any tier.
func TestTieredOwnership(t *testing.T) {
	onRanks(t, 1, func(e *storetest.Env) {
		for _, b := range budgets[:4] {
			opts := inFolder(e, b.opts)
			s := openTiered(e, opts)
			want := column(1, 100)
			require.NoError(e, s.Set("k", want))
			for range 2 {
				into := soa.NewDict()
				require.NoError(e, s.GetInto("k", into))
				x, err := soa.Column[uint64](into, "x")
				require.NoError(e, err)
				clear(x)
				holds(e, s, "k", column(1, 100))
			}
			require.NoError(e, s.Close())
		}
	})
}
