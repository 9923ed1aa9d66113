package soastore_test

import (
	"sync/atomic"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// noting is a file system that notes how many bytes the largest write had.
type noting struct {
	fsys.FS
	most *atomic.Int64
}

func (n noting) OpenFile(name string, flag int) (fsys.File, error) {
	f, err := n.FS.OpenFile(name, flag)
	return notingFile{f, n.most}, err
}

type notingFile struct {
	fsys.File
	most *atomic.Int64
}

func (f notingFile) WriteAt(p []byte, off int64) (int, error) {
	f.most.Store(max(f.most.Load(), int64(len(p)))) // of one rank
	return f.File.WriteAt(p, off)
}

// TestPieces: a new file on a disk is written in large pieces, others in such as fit
// into the caches.
func TestPieces(t *testing.T) {
	for _, kind := range storetest.Kinds {
		if kind.Name != "npz" && kind.Name != "gio per rank" {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			on, err := fsys.OS.TypeOf(dir)
			require.NoError(t, err)
			var most atomic.Int64
			s := openAlone(t, kind, dir, soastore.WithFS(soastore.Options{}, noting{fsys.OS, &most}))
			defer func() { require.NoError(t, s.Close()) }()
			needLeases(t, s, dir)
			most.Store(0)
			require.NoError(t, s.Set("k", column(1, 1<<20)))
			if on.Kind == fsys.Memory {
				require.EqualValues(t, fsys.CachePiece, most.Load())
			} else {
				require.EqualValues(t, fsys.PagePiece, most.Load())
			}
			require.NoError(t, s.Set("k", column(2, 1<<20)))
			most.Store(0)
			require.NoError(t, s.Set("k", column(3, 1<<20))) // over the first
			require.EqualValues(t, fsys.CachePiece, most.Load())
			requireValue(t, s, "k", column(3, 1<<20))
		})
	}
}
