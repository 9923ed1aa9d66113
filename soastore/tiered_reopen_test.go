package soastore_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// below are the stores that can be below the tiers.
var below = []struct {
	name string
	open func(*partition.Partition, soastore.Options) (*soastore.Spill, error)
}{{"arena", nil}, {"npz", soastore.NewNPZ}, {"memmap", soastore.NewMemmap}}

// What Close flushes with Keep comes back as it was, wherever it was and in which
// order its fields were, without being read, and may be replaced.
func TestTieredReopen(t *testing.T) {
	for _, b := range below {
		t.Run(b.name, func(t *testing.T) {
			onRanks(t, 3, func(e *storetest.Env) {
				opts := soastore.TierOptions{Memory: 20_000, Compressed: 6000, Open: b.open, Keep: true}
				opts.Paths = []soastore.Path{{Path: filepath.Join(e.Dir, "a"), Limit: 300 << 10}, {Path: filepath.Join(e.Dir, "b")}}
				s := openTiered(e, opts)
				values := raggedValues(e)
				for _, key := range keysOf(values) {
					require.NoError(e, s.Set(key, values[key]))
				}
				require.Positive(e, s.Stats().Unwritten)
				require.NoError(e, s.Close())

				opts.Reopen = true
				for range 2 {
					s = openTiered(e, opts)
					require.Equal(e, keysOf(values), s.Keys())
					st := s.Stats()
					require.Zero(e, st.Memory+st.Unwritten+st.BytesGot)
					require.Equal(e, s.Len(), oneTier(e, s, "disk").Values)
					for key, want := range values {
						holds(e, s, key, want)
					}
					values["float32"] = raggedValues(e)["int16"]
					require.NoError(e, s.Set("float32", values["float32"]))
					require.NoError(e, s.Close())
				}
				opts.Keep = false
				s = openTiered(e, opts)
				require.NoError(e, s.Clear())
				require.NoError(e, s.Close())
				require.Empty(e, e.Left())
			})
		})
	}
}

// A value of which a rank has lost its part is torn on all; it can be set and removed.
func TestTieredReopenTorn(t *testing.T) {
	for _, b := range below {
		t.Run(b.name, func(t *testing.T) {
			onRanks(t, 3, func(e *storetest.Env) {
				opts := inFolder(e, soastore.TierOptions{Memory: 600, Open: b.open, Keep: true})
				s := openTiered(e, opts)
				for _, key := range []string{"a", "b", "c"} {
					require.NoError(e, s.Set(key, rows(1, e.C.Rank(), 40)))
				}
				require.NoError(e, s.Close())
				e.Left() // wait for all
				if e.C.Rank() == 1 {
					forget(e, b.open, opts.Path, "a", "b")
				}
				e.Left()
				opts.Reopen = true
				s = openTiered(e, opts)
				require.Equal(e, []string{"a", "b", "c"}, s.Keys())
				holds(e, s, "c", rows(1, e.C.Rank(), 40))
				for op, err := range everyCall(s, "a") {
					require.ErrorIs(e, err, soastore.ErrTorn, op)
				}
				_, err := s.Pop("a")
				e.Fails(err, soastore.ErrTorn)
				require.NoError(e, s.Remove("a"))
				require.NoError(e, s.Set("b", rows(2, e.C.Rank(), 40)))
				holds(e, s, "b", rows(2, e.C.Rank(), 40))
				require.NoError(e, s.Close())
				s = openTiered(e, opts)
				require.Equal(e, []string{"b", "c"}, s.Keys())
				holds(e, s, "b", rows(2, e.C.Rank(), 40))
				require.NoError(e, s.Clear())
				require.NoError(e, s.Close())
			})
		})
	}
}

// spillOf opens the files of one rank of a closed tiered store.
func spillOf(e *storetest.Env, open func(*partition.Partition, soastore.Options) (*soastore.Spill, error), path string) *soastore.Spill {
	if open == nil {
		open = soastore.NewArena
	}
	s, err := open(e.P, soastore.Options{Path: path, Independent: true, Keep: true, Reopen: true})
	require.NoError(e, err)
	return s
}

// forget removes this rank's parts of keys.
func forget(e *storetest.Env, open func(*partition.Partition, soastore.Options) (*soastore.Spill, error), path string, keys ...string) {
	s := spillOf(e, open, path)
	for _, id := range s.Keys() {
		for _, key := range keys {
			if strings.HasPrefix(id, key+".") {
				require.NoError(e, s.Remove(id))
			}
		}
	}
	require.NoError(e, s.Close())
}

// Of the Sets of a key that a crash leaves, the latest that is whole is the value; the
// others are removed, and a later Set takes the place of all.
func TestTieredReopenManySets(t *testing.T) {
	for _, b := range below {
		t.Run(b.name, func(t *testing.T) {
			onRanks(t, 3, func(e *storetest.Env) {
				opts := inFolder(e, soastore.TierOptions{Memory: 1, Open: b.open, Keep: true, Reopen: true})
				files := spillOf(e, b.open, opts.Path)
				for seq := 1; seq <= 12; seq++ {
					whole := seq != 5 && seq != 11 && seq != 12
					if whole || e.C.Rank() != seq%3 {
						require.NoError(e, files.Set(fmt.Sprintf("k.%d-3", seq), rows(seq, e.C.Rank(), 40)))
					}
				}
				require.NoError(e, files.Close())
				e.Left()
				s := openTiered(e, opts)
				holds(e, s, "k", rows(10, e.C.Rank(), 40))
				require.NoError(e, s.Set("k", rows(20, e.C.Rank(), 40)))
				require.NoError(e, s.Set("l", rows(21, e.C.Rank(), 40)))
				require.NoError(e, s.Close())
				files = spillOf(e, b.open, opts.Path)
				require.Equal(e, []string{"k.13-3", "l.14-3"}, files.Keys(), "numbers go on where they were")
				require.NoError(e, files.Clear())
				require.NoError(e, files.Close())
			})
		})
	}
}

// A store of other ranks, or of another kind, is refused, and stays as it is.
func TestTieredReopenOthers(t *testing.T) {
	for _, b := range below {
		t.Run(b.name, func(t *testing.T) {
			dir := t.TempDir()
			open := func(e *storetest.Env, keep bool) (*soastore.Tiered, error) {
				return tryTiered(e, inFolder(e, soastore.TierOptions{Memory: 100, Open: b.open, Keep: keep, Reopen: keep}))
			}
			ranksIn(t, 3, dir, func(e *storetest.Env) {
				s, err := open(e, true)
				require.NoError(e, err)
				require.NoError(e, s.Set("k", rows(1, e.C.Rank(), 40)))
				require.NoError(e, s.Close())
				_, err = open(e, false)
				e.Fails(err, soastore.ErrInUse)
			})
			for _, n := range []int{1, 2, 4} {
				ranksIn(t, n, dir, func(e *storetest.Env) {
					for _, keep := range []bool{true, false} {
						_, err := tryTiered(e, inFolder(e, soastore.TierOptions{Memory: 100, Open: b.open, Keep: keep, Reopen: true}))
						e.Fails(err, soastore.ErrRankCount)
					}
				})
			}
			ranksIn(t, 3, dir, func(e *storetest.Env) {
				s, err := open(e, true)
				require.NoError(e, err)
				holds(e, s, "k", rows(1, e.C.Rank(), 40))
				require.NoError(e, s.Clear())
				require.NoError(e, s.Close())
				require.NoError(e, os.RemoveAll(filepath.Join(e.Dir, "tmp.tmp.rank-"+fmt.Sprint(e.C.Rank())+".arena")))

				other := spillOf(e, b.open, filepath.Join(e.Dir, "tmp"))
				require.NoError(e, other.Set("theirs", rows(2, e.C.Rank(), 40)))
				require.NoError(e, other.Close())
				for _, keep := range []bool{true, false} {
					_, err = tryTiered(e, inFolder(e, soastore.TierOptions{Memory: 100, Open: b.open, Keep: keep, Reopen: true}))
					e.Fails(err, soastore.ErrInUse)
					require.ErrorContains(e, err, `"theirs"`)
				}
				other = spillOf(e, b.open, filepath.Join(e.Dir, "tmp"))
				got, err := other.Get("theirs")
				require.NoError(e, err)
				require.True(e, rows(2, e.C.Rank(), 40).Equal(got))
				require.NoError(e, other.Clear())
				require.NoError(e, other.Close())
			})
		})
	}
}

func keysOf(values map[string]*soa.Dict) []string { return slices.Sorted(maps.Keys(values)) }
