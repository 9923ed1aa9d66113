package soastore_test

import (
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
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
			opts := soastore.Options{}
			if kind.Files {
				opts.Path = filepath.Join(t.TempDir(), "tmp")
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
