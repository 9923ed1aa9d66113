package fsys_test

import (
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestPieceSize(t *testing.T) {
	require.EqualValues(t, 4096, fsys.PieceSize(&testkit.PiecesFile{Size: 4096}))
	require.EqualValues(t, fsys.PagePiece, fsys.PieceSize(&testkit.PiecesFile{Size: 0}))
	f, _ := newFile(t, nil)
	require.EqualValues(t, fsys.PagePiece, fsys.PieceSize(f))
}
