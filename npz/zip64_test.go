package npz

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// sparseFile is a file with holes where blocks of zeros are written to it. It
// gives them back without asking the disk.
type sparseFile struct {
	*os.File
	holes map[int64]bool // of blockLen bytes, by offset
}

var zeros = make([]byte, blockLen)

func (f *sparseFile) WriteAt(p []byte, off int64) (int, error) {
	if len(p) == blockLen && bytes.Equal(p, zeros) {
		f.holes[off] = true
		return len(p), nil
	}
	return f.File.WriteAt(p, off)
}

func (f *sparseFile) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == blockLen && f.holes[off] {
		return copy(p, zeros), nil
	}
	return f.File.ReadAt(p, off)
}

const loadBig = describe + `
with zipfile.ZipFile(sys.argv[1]) as z:
    assert [i.file_size - 128 for i in z.infolist()] == [8, (1 << 32) + 5, 8], z.infolist()
with np.load(sys.argv[1]) as z:
    print(json.dumps({k: describe(z[k]) for k in ["before", "after"]}))
`

// A field of more than 4 GiB, and one that begins beyond 4 GiB.
func TestBeyond4GiB(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("reads 4 GiB of zeros twice")
	}
	ctx := context.Background()
	big, err := soa.New(soa.Uint8, 1<<32+5) // never written to, so it takes no memory
	require.NoError(t, err)
	d := dict("before", soa.Of([]int64{-7}), "big", big, "after", soa.Of([]int64{42}))

	name := filepath.Join(t.TempDir(), "big.npz")
	file, err := os.Create(name)
	require.NoError(t, err)
	defer file.Close()
	f := &sparseFile{file, map[int64]bool{}}
	size, err := Write(ctx, f, d, Options{})
	require.NoError(t, err)

	r, err := NewReader(f, size)
	require.NoError(t, err)
	require.NoError(t, r.Verify(ctx))
	field, err := r.Field("big")
	require.NoError(t, err)
	require.EqualValues(t, 1<<32+5+128, field.Plain)
	require.Zero(t, field.Offset%alignment)
	field, err = r.Field("after")
	require.NoError(t, err)
	require.Greater(t, field.Offset, int64(1<<32))
	ends := soa.NewDict()
	require.NoError(t, r.Read(ctx, ends, "before", "after"))
	d.Delete("big")
	requireDict(t, d, ends)

	z, err := zip.NewReader(f, size)
	require.NoError(t, err)
	require.EqualValues(t, 1<<32+5+128, z.File[1].UncompressedSize64)

	var fields map[string]expected
	require.NoError(t, json.Unmarshal(runPython(t, loadBig, name), &fields))
	for name, a := range d.All() {
		requireArray(t, fields[name], a)
	}
}

const loadMany = describe + `
with np.load(sys.argv[1]) as z:
    assert len(z.files) == 66000
    assert all(z["f%d" % i] == i for i in range(0, 66000, 1111))
`

// More members than the end record can count.
func TestManyMembers(t *testing.T) {
	d := soa.NewDict()
	for i := range int32(66000) {
		d.Set(fmt.Sprint("f", i), soa.Shaped([]int32{i}))
	}
	file := written(t, d, Options{})
	have, err := readAll(file)
	require.NoError(t, err)
	requireDict(t, d, have)

	name := filepath.Join(t.TempDir(), "many.npz")
	require.NoError(t, os.WriteFile(name, file, 0o600))
	runPython(t, loadMany, name)
}
