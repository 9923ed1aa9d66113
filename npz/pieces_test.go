package npz

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// TestPieces: the file is the same, whatever the size of the pieces is that it is
// written in.
func TestPieces(t *testing.T) {
	b := make([]int64, 700_001)
	for i := range b {
		b[i] = int64(i)
	}
	d := dict("a", soa.Of(make([]byte, 100_000)), "b", soa.Of(b), "c", soa.Of([]int32{1, 2}))
	want := written(t, d, Options{})
	for _, size := range []int64{fsys.CachePiece, fsys.PagePiece} {
		f := &testkit.PiecesFile{Size: size}
		_, err := Write(t.Context(), f, d, Options{})
		require.NoError(t, err)
		require.Equal(t, want, f.Data)
		require.Equal(t, size, f.Most)
		require.False(t, f.Cut)
	}
}
