package dataset_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/memmap"
)

// Whatever a table of contents says, what is read of it can be written again, and
// names files in the folder only.
func FuzzReadFolder(f *testing.F) {
	f.Add([]byte(`{"set":"soa set 0123456789abcdef.1","fields":[{"name":"x"},{"name":"t","scalar":true}]}`))
	f.Add([]byte(`{"fields":[{"name":"../../etc/passwd"},{"name":".hidden"}]}`))
	f.Add([]byte(`{"fields":[{"name":"x"},{"name":"x"}]}`))
	f.Add([]byte(`{"fields":null}`))
	f.Add([]byte(`[`))
	dir := f.TempDir()
	name := filepath.Join(dir, memmap.ContentsName)
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(name, text, 0o600))
		folder, err := dataset.ReadFolder(dir)
		if err != nil {
			require.ErrorIs(t, err, memmap.ErrFormat)
			return
		}
		for _, field := range folder.Fields {
			require.Equal(t, dir, filepath.Dir(folder.Array(field.Name)))
			require.NotEqual(t, '.', filepath.Base(folder.Array(field.Name))[0])
		}
		again, err := folder.Text()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, again, 0o600))
		have, err := dataset.ReadFolder(dir)
		require.NoError(t, err)
		require.Equal(t, folder, have)
	})
}

// A folder whose arrays are not what its contents say is not opened in part.
func TestOpenFolderRefuses(t *testing.T) {
	dir := t.TempDir()
	folder := dataset.Folder{Path: dir, Contents: memmap.Contents{Fields: []memmap.ContentsField{{Name: "x", Scalar: true}}}}
	open := func() error {
		_, err := dataset.Open(context.Background(), dir)
		return err
	}
	text, err := folder.Text()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, memmap.ContentsName), text, 0o600))
	require.ErrorIs(t, open(), memmap.ErrNotFound)
	require.NoError(t, memmap.Write(folder.Array("x"), soa.Of([]int8{1, 2}), memmap.Options{}))
	require.ErrorIs(t, open(), soa.ErrShape, "a scalar of two elements")
	m, err := memmap.FromDense[int8, int32]([]int8{1}, 1, 1)
	require.NoError(t, err)
	require.NoError(t, memmap.WriteSparse(folder.Array("x"), m, memmap.Options{}))
	require.ErrorIs(t, open(), memmap.ErrKind)
	require.NoError(t, memmap.Write(folder.Array("x"), soa.Of([]int8{1}), memmap.Options{}))
	require.NoError(t, open())
}

// An array that is replaced while the set is open is not taken for the old one.
func TestReadOfAReplacedArray(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	require.NoError(t, memmap.Write(name, soa.Of([]int8{1, 2}), memmap.Options{}))
	s, err := dataset.Open(context.Background(), name)
	require.NoError(t, err)
	defer s.Close()
	d := soa.NewDict()
	require.NoError(t, s.Read(context.Background(), 0, d, "x"))
	require.NoError(t, memmap.Write(name, soa.Of([]int16{1, 2}), memmap.Options{}))
	require.ErrorIs(t, s.Read(context.Background(), 0, d, "x"), memmap.ErrKind)
}
