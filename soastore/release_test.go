package soastore_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// Whatever a caller releases, no store's value changes by it.
func TestReleaseHarmsNoValue(t *testing.T) {
	const n = 20_000
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	files, err := soastore.NewNPZ(p, soastore.Options{Path: filepath.Join(t.TempDir(), "source")})
	require.NoError(t, err)
	defer func() { require.NoError(t, files.Close()) }()
	for _, kind := range storetest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			opts := soastore.Options{CopyOnSet: true}
			if kind.Files {
				opts = soastore.Options{Path: filepath.Join(t.TempDir(), "tmp")}
			}
			s, err := kind.Open(p, opts)
			require.NoError(t, err)
			for i := range uint64(6) {
				require.NoError(t, files.Set("k", column(i, n)))
				d, err := files.Get("k") // in memory that can be released
				require.NoError(t, err)
				key := string(rune('a' + i))
				require.NoError(t, s.Set(key, d))
				d.Release()
				for range 3 { // and what is given out
					got, err := s.Get(key)
					require.NoError(t, err)
					require.True(t, column(i, n).Equal(got))
					got.Release()
				}
				over, err := files.Get("k")
				require.NoError(t, err)
				x, err := soa.Column[uint64](over, "x")
				require.NoError(t, err)
				clear(x)
			}
			for i := range uint64(6) {
				requireValue(t, s, string(rune('a'+i)), column(i, n))
			}
			require.NoError(t, s.Close())
		})
	}
}

// copying returns a store that copies into memory.
func copying(t *testing.T) *soastore.Spill {
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	s, err := soastore.NewNPZ(p, soastore.Options{CopyOnSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// A copy in memory that was given to nobody is used again once it is replaced.
func TestCopiesAreUsedAgain(t *testing.T) {
	const n = 20_000
	s, seen, reused := copying(t), map[*uint64]bool{}, 0
	for i := range uint64(100) { // a pool may drop what it is given
		require.NoError(t, s.Set("k", column(i, n)))
		require.NoError(t, s.View("k", nil, func(d *soa.Dict) error {
			x, err := soa.Column[uint64](d, "x")
			require.NoError(t, err)
			if seen[&x[0]] {
				reused++
			}
			seen[&x[0]] = true
			return nil
		}))
	}
	require.Positive(t, reused)
}

// Whoever reads a copy in memory while it is replaced or removed, and its memory used
// again, sees it whole, and what he was given stays.
func TestReadsOfCopies(t *testing.T) {
	const rows, rounds = 10_000, 300
	s := copying(t)
	require.NoError(t, s.Set("k", stamped(1, rows)))
	done := make(chan struct{})
	var readers errgroup.Group
	for reader := range 3 {
		readers.Go(func() error {
			into, given := soa.NewDict(), stamped(1, rows)
			for {
				select {
				case <-done:
					return nil
				default:
				}
				d, err := into, error(nil)
				switch reader {
				case 0:
					err = s.GetInto("k", into)
				case 1:
					if d, err = s.Get("k"); err == nil {
						err, given = checkStamped(given, rows), d
					}
				default:
					err = s.View("k", nil, func(d *soa.Dict) error { return checkStamped(d, rows) })
					d = given
				}
				if errors.Is(err, soastore.ErrNotFound) {
					continue
				}
				if err = errors.Join(err, checkStamped(d, rows)); err != nil {
					return err
				}
			}
		})
	}
	for i := range rounds {
		require.NoError(t, s.Set("k", stamped(i+2, rows)))
		if i%10 == 9 {
			require.NoError(t, s.Remove("k"))
		}
	}
	close(done)
	require.NoError(t, readers.Wait())
}
