package genericio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/fsys"
)

// pieces is a file that is written in pieces of so many bytes.
type pieces struct {
	memFile
	size int64
	most int64 // bytes of one write
	cut  bool  // a large write reached over the end of a piece
}

func (f *pieces) PieceSize() int64 { return f.size }

func (f *pieces) WriteAt(p []byte, off int64) (int, error) {
	n := int64(len(p))
	f.most = max(f.most, n)
	f.cut = f.cut || n > 256<<10 && off/f.size != (off+n-1)/f.size
	return f.memFile.WriteAt(p, off)
}

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
		f := &pieces{size: size}
		require.NoError(t, l.WriteRank(ctx, f, d))
		require.Equal(t, want.data, f.data)
		require.Equal(t, size, f.most)
		require.False(t, f.cut)
	}
}
