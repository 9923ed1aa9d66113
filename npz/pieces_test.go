package npz

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
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
	f.cut = f.cut || n >= blockLen && off/f.size != (off+n-1)/f.size
	return f.memFile.WriteAt(p, off)
}

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
		f := &pieces{size: size}
		_, err := Write(t.Context(), f, d, Options{})
		require.NoError(t, err)
		require.Equal(t, want, []byte(f.memFile))
		require.Equal(t, size, f.most)
		require.False(t, f.cut)
	}
}
