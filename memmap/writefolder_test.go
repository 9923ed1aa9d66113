package memmap

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// writeOneByOne is what WriteFolder does, by Write and Contents.
func writeOneByOne(t require.TestingT, folder, set string, d *soa.Dict) {
	table := Contents{Set: set}
	for name, a := range d.All() {
		table.Fields = append(table.Fields, ContentsField{name, a.NDim() == 0})
		if a.NDim() == 0 {
			var err error
			a, err = a.Reshape(1)
			require.NoError(t, err)
		}
		require.NoError(t, Write(FieldPath(folder, name), a, Options{}))
	}
	text, err := table.Text()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, ContentsName), text, 0o600))
}

// contentsOfFiles returns all files of a folder, and their modes.
func contentsOfFiles(t require.TestingT, folder string) map[string]string {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	out := make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		out[e.Name()] = fmt.Sprintf("%v %s", info.Mode(), text)
	}
	return out
}

// tempFolder returns a new folder that the caller removes.
func tempFolder(t require.TestingT, parent string) string {
	folder, err := os.MkdirTemp(parent, "")
	require.NoError(t, err)
	return folder
}

// requireSameFolder holds WriteFolder to Write and Contents, byte for byte, and its
// size to the files'.
func requireSameFolder(t require.TestingT, parent, set string, d *soa.Dict, o Options) {
	one, all := tempFolder(t, parent), tempFolder(t, parent)
	defer os.RemoveAll(one)
	defer os.RemoveAll(all)
	writeOneByOne(t, one, set, d)
	size, err := WriteFolder(context.Background(), nil, all, set, d, o)
	require.NoError(t, err)
	want := contentsOfFiles(t, one)
	require.Equal(t, want, contentsOfFiles(t, all))
	var sum int64
	for _, e := range want {
		sum += int64(len(e) - len("-rw------- "))
	}
	require.Equal(t, sum, size)
}

// oddDict has every element type, and the shapes and names that need care.
func oddDict(t require.TestingT) *soa.Dict {
	d := soa.NewDict()
	for dtype := soa.Bool; dtype.Valid(); dtype++ {
		for name, shape := range map[string][]int{"0d": {}, "1d": {3}, "4d": {2, 1, 3, 2}, "none": {0}, "no rows": {0, 3}, "no columns": {3, 0}} {
			a, err := soa.New(dtype, shape...)
			require.NoError(t, err)
			for i := range a.Bytes() {
				a.Bytes()[i] = byte(i & 1)
			}
			d.Set(dtype.String()+" "+name, a)
		}
	}
	for _, name := range []string{".", "..", "../x", ".hidden", "a/b", "contents", "contents.json", "x", "x.array", "x.yaml", "é\x00\n", "%41", "A", `<&>"\`} {
		d.Set(name, soa.Of([]byte(name)))
	}
	return d
}

func TestWriteFolder(t *testing.T) {
	testkit.NoLeaks(t)
	dir := memoryDir(t)
	requireSameFolder(t, dir, "soa set <1>", oddDict(t), Options{})
	requireSameFolder(t, dir, "", oddDict(t), Options{Sync: true, Reserve: true})
	requireSameFolder(t, dir, "empty", soa.NewDict(), Options{})
	requireSameFolder(t, dir, "nil", nil, Options{})

	const pieces = 2
	for _, n := range []int{pieces*pieceSize - 1, pieces * pieceSize, pieces*pieceSize + 1} {
		b := bytes.Repeat([]byte("0123456"), n/7+1)[:n]
		d := soa.NewDict()
		d.Set("big", soa.Of(b))
		requireSameFolder(t, dir, "big", d, Options{})
	}
}

func TestWriteFolderModel(t *testing.T) {
	dir := memoryDir(t)
	dicts := testkit.DictGen(testkit.DictOptions{Ragged: true})
	rapid.Check(t, func(t *rapid.T) {
		drawn, d := dicts.Draw(t, "d"), soa.NewDict()
		for name, a := range drawn.All() {
			d.Set(name+rapid.StringN(0, 5, -1).Draw(t, "more of the name"), a)
		}
		requireSameFolder(t, dir, rapid.String().Draw(t, "set"), d, Options{})
	})
}

// TestWriteFolderOperations counts them: what the function is for.
func TestWriteFolderOperations(t *testing.T) {
	f := faultfs.New(fsys.OS)
	d := testkit.RandomDict(1, 10)
	d.Set("none", soa.Of([]int8{}))
	_, err := WriteFolder(context.Background(), f, t.TempDir(), "set", d, Options{})
	require.NoError(t, err)
	files := 2*d.Len() + 1
	require.Equal(t, files, f.Count(faultfs.OpenFile))
	require.Equal(t, files-1, f.Count(faultfs.WriteAt))
	require.Equal(t, files, f.Count(faultfs.Close))
	require.Equal(t, 3*files-1, f.Count(""))
}

// TestWriteFolderRefuses: what is wrong with a Dict is found before a file is made.
func TestWriteFolderRefuses(t *testing.T) {
	deep, err := soa.New(soa.Int8, make([]int, maxDims+1)...)
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		a    soa.Array
		want error
	}{
		{"zero array", soa.Array{}, soa.ErrDType},
		{"deep", deep, soa.ErrShape},
		{"", soa.Of([]int8{1}), soa.ErrField},
		{"\xff", soa.Of([]int8{1}), soa.ErrField},
		{strings.Repeat("n", MaxContents), soa.Of([]int8{1}), ErrRange},
	} {
		folder := t.TempDir()
		d := soa.NewDict()
		d.Set("first", soa.Of([]int8{1}))
		d.Set(c.name, c.a)
		_, err := WriteFolder(context.Background(), nil, folder, "set", d, Options{})
		require.ErrorIs(t, err, c.want)
		requireNoFiles(t, folder)
	}
}

// TestWriteFolderNotEmpty: neither a file nor a link in the way is written to.
func TestWriteFolderNotEmpty(t *testing.T) {
	d := testkit.RandomDict(1, 10)
	for _, name := range []string{"id.array", "id.yaml", ContentsName} {
		folder := t.TempDir()
		target := filepath.Join(folder, "target")
		require.NoError(t, os.WriteFile(target, []byte("kept"), 0o600))
		require.NoError(t, os.Symlink(target, filepath.Join(folder, name)))
		_, err := WriteFolder(context.Background(), nil, folder, "set", d, Options{})
		require.ErrorIs(t, err, fs.ErrExist)
		text, err := os.ReadFile(target)
		require.NoError(t, err)
		require.Equal(t, "kept", string(text))
	}
	_, err := WriteFolder(context.Background(), nil, filepath.Join(t.TempDir(), "none"), "set", d, Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestWriteFolderFaults fails every file operation in turn. What claims success is
// all there, also if the system writes less than it is given.
func TestWriteFolderFaults(t *testing.T) {
	testkit.NoLeaks(t)
	want, d := tempFolder(t, memoryDir(t)), testkit.RandomDict(1, 10)
	d.Set("t", soa.Shaped([]float64{1.5}))
	d.Set("none", soa.Of([]int8{}))
	d.Set("large", soa.Of(make([]byte, allocateFrom)))
	writeOneByOne(t, want, "set", d)
	files := 2*d.Len() + 1
	all := 3*files - 1 + 1 // open, write and close, but for the empty one; one is allocated
	for _, c := range []struct {
		fault faultfs.Fault
		sync  bool
		hits  int
	}{
		{faultfs.Fault{}, false, all},
		{faultfs.Fault{}, true, all + files + 1},
		{faultfs.Fault{Span: faultfs.Crash}, true, all + files + 1},
		{faultfs.Fault{Op: faultfs.Allocate, Err: syscall.ENOSPC}, false, 1},
		{faultfs.Fault{Op: faultfs.WriteAt, Short: true, Err: syscall.ENOSPC}, false, files - 1},
	} {
		parent := memoryDir(t)
		hits := faultfs.Sweep(t, c.fault, func(t *testing.T, f *faultfs.FS) {
			folder := tempFolder(t, parent)
			_, err := WriteFolder(context.Background(), f, folder, "set", d, Options{Sync: c.sync})
			if fired := f.Fired(); len(fired) > 0 {
				require.ErrorIs(t, err, fired[0].Err)
				require.ErrorContains(t, err, fired[0].Name)
				return
			}
			require.NoError(t, err)
			require.Equal(t, contentsOfFiles(t, want), contentsOfFiles(t, folder))
		})
		require.Equal(t, c.hits, hits)
	}
}

// TestWriteFolderCannotAllocate: where the file system cannot, space is not set
// aside.
func TestWriteFolderCannotAllocate(t *testing.T) {
	d := soa.NewDict()
	d.Set("large", soa.Of(make([]byte, allocateFrom)))
	f := faultfs.New(fsys.OS)
	f.Inject(faultfs.Fault{Op: faultfs.Allocate, Err: syscall.EOPNOTSUPP, Span: faultfs.Always})
	want, folder := tempFolder(t, memoryDir(t)), tempFolder(t, memoryDir(t))
	writeOneByOne(t, want, "set", d)
	_, err := WriteFolder(context.Background(), f, folder, "set", d, Options{})
	require.NoError(t, err)
	require.Len(t, f.Fired(), 1)
	require.Equal(t, contentsOfFiles(t, want), contentsOfFiles(t, folder))
}

// countdown is a context that ends when it has been asked left times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestWriteFolderCancel: the context is asked before each write, and nothing is
// written once it has ended.
func TestWriteFolderCancel(t *testing.T) {
	testkit.NoLeaks(t)
	d := soa.NewDict()
	d.Set("a", soa.Of(make([]byte, 2*pieceSize+1)))
	d.Set("b", soa.Of([]byte{1}))
	const writes = 3 + 1 + 1 + 1 + 1
	for n := range writes + 1 {
		f := faultfs.New(fsys.OS)
		_, err := WriteFolder(&countdown{context.Background(), n}, f, tempFolder(t, memoryDir(t)), "set", d, Options{})
		require.Equal(t, n, f.Count(faultfs.WriteAt))
		require.Empty(t, f.Open())
		if n < writes {
			require.ErrorIs(t, err, context.Canceled)
		} else {
			require.NoError(t, err)
		}
	}
}
