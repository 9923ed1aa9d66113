package genericio_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

func TestReadsEveryValueOfTheReferenceFiles(t *testing.T) {
	for _, f := range fixtures {
		if f.file == "parts.gio" {
			continue
		}
		r, err := genericio.Open(f.path(), genericio.ReadOptions{})
		require.NoError(t, err)
		require.Len(t, r.Header().Ranks, f.ranks)
		for rank := range f.ranks {
			d := soa.NewDict()
			require.NoError(t, r.ReadRank(context.Background(), rank, d))
			requireEqual(t, f.want(rank), d, f.file, rank)
		}
		require.NoError(t, r.Verify(context.Background()))
		require.NoError(t, r.Close())
	}
}
