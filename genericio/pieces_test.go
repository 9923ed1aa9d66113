package genericio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// TestPieces: the file is the same, whatever the size of the pieces is that it is
// written in.
func TestPieces(t *testing.T) {
	a := make([]int64, 700_001)
	for i := range a {
		a[i] = int64(i)
	}
	d := soa.NewDict()
	d.Set("a", soa.Of(a))
	d.Set("b", soa.Of(make([]int16, 700_001)))
	l, err := genericio.NewLayout(ctx, comm.Self(), genericio.Spec{}, d)
	require.NoError(t, err)
	var want memFile
	require.NoError(t, l.WriteRank(ctx, &want, d))
	for _, size := range []int64{fsys.CachePiece, fsys.PagePiece} {
		f := &testkit.PiecesFile{Size: size}
		require.NoError(t, l.WriteRank(ctx, f, d))
		require.Equal(t, want.data, f.Data)
		require.Equal(t, size, f.Most)
		require.False(t, f.Cut)
	}
}
