package memmap

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// filledFolder returns a folder that WriteFolder made of d.
func filledFolder(t require.TestingT, parent string, d *soa.Dict) string {
	folder := tempFolder(t, parent)
	_, err := WriteFolder(context.Background(), nil, folder, "old", d, Options{})
	require.NoError(t, err)
	return folder
}

func rewrite(folder string, d *soa.Dict) error {
	_, err := RewriteFolder(context.Background(), nil, folder, "set", d, Options{})
	return err
}

// needLeases skips the test where nobody can tell whether a file is open.
func needLeases(t *testing.T, parent string) {
	if rewrite(filledFolder(t, parent, testkit.RandomDict(1, 1)), nil) != nil {
		t.Skip("this file system has no leases")
	}
}

// requireRewritten holds RewriteFolder, of d over old, to WriteFolder.
func requireRewritten(t require.TestingT, parent string, old, d *soa.Dict, o Options) {
	fresh, folder := tempFolder(t, parent), filledFolder(t, parent, old)
	defer os.RemoveAll(fresh)
	defer os.RemoveAll(folder)
	want, err := WriteFolder(context.Background(), nil, fresh, "set", d, o)
	require.NoError(t, err)
	size, err := RewriteFolder(context.Background(), nil, folder, "set", d, o)
	require.NoError(t, err)
	require.Equal(t, want, size)
	require.Equal(t, contentsOfFiles(t, fresh), contentsOfFiles(t, folder))
}

func TestRewriteFolder(t *testing.T) {
	testkit.NoLeaks(t)
	dir := memoryDir(t)
	needLeases(t, dir)
	dicts := []*soa.Dict{nil, testkit.RandomDict(1, 10), testkit.RandomDict(2, 1000), oddDict(t)}
	for _, old := range dicts {
		for _, d := range dicts {
			requireRewritten(t, dir, old, d, Options{})
		}
	}
	requireRewritten(t, dir, dicts[1], dicts[2], Options{Sync: true})
	large, larger := soa.NewDict(), soa.NewDict()
	large.Set("a", soa.Of(make([]byte, allocateFrom)))
	larger.Set("a", soa.Of(bytes.Repeat([]byte{7}, pieceSize+1)))
	requireRewritten(t, dir, large, larger, Options{})
	requireRewritten(t, dir, larger, large, Options{})
}

func TestRewriteFolderModel(t *testing.T) {
	dir := memoryDir(t)
	needLeases(t, dir)
	dicts := testkit.DictGen(testkit.DictOptions{Ragged: true})
	rapid.Check(t, func(t *rapid.T) {
		requireRewritten(t, dir, dicts.Draw(t, "old"), dicts.Draw(t, "d"), Options{})
	})
}

// TestRewriteFolderKeepsFiles: it is the same files that have the new arrays.
func TestRewriteFolderKeepsFiles(t *testing.T) {
	dir := memoryDir(t)
	needLeases(t, dir)
	inodes := func(folder string) map[string]uint64 {
		out := map[string]uint64{}
		for name := range contentsOfFiles(t, folder) {
			info, err := os.Lstat(filepath.Join(folder, name))
			require.NoError(t, err)
			out[name] = info.Sys().(*syscall.Stat_t).Ino
		}
		return out
	}
	folder := filledFolder(t, dir, testkit.RandomDict(1, 100))
	before := inodes(folder)
	require.NoError(t, rewrite(folder, testkit.RandomDict(2, 90)))
	require.Equal(t, before, inodes(folder))
}

// TestRewriteFolderInUse: what somebody has open, mapped or linked keeps its bytes,
// whichever file of the folder it is.
func TestRewriteFolderInUse(t *testing.T) {
	testkit.NoLeaks(t)
	dir := memoryDir(t)
	needLeases(t, dir)
	d := testkit.RandomDict(1, 100)
	for name := range contentsOfFiles(t, filledFolder(t, dir, d)) {
		for how, use := range uses {
			folder := filledFolder(t, dir, d)
			path := filepath.Join(folder, name)
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			content, done := use(t, path)
			require.ErrorIs(t, rewrite(folder, testkit.RandomDict(2, 100)), ErrInUse, "%s is %s", name, how)
			require.Equal(t, want, content(), "of %s, which is %s", name, how)
			done()
		}
	}
}

// uses are ways to use a file; content returns what its user sees.
var uses = map[string]func(t *testing.T, path string) (content func() []byte, done func()){
	"open": func(t *testing.T, path string) (func() []byte, func()) {
		f, err := os.Open(path)
		require.NoError(t, err)
		return func() []byte {
			info, err := f.Stat()
			require.NoError(t, err)
			b := make([]byte, info.Size())
			_, err = f.ReadAt(b, 0)
			require.NoError(t, err)
			return b
		}, func() { require.NoError(t, f.Close()) }
	},
	"mapped": func(t *testing.T, path string) (func() []byte, func()) {
		r, err := Map(path, ReadOnly, 0, -1)
		require.NoError(t, err)
		b, err := r.Bytes()
		require.NoError(t, err)
		return func() []byte { return b }, func() { require.NoError(t, r.Close()) }
	},
	"mapped, copy-on-write": func(t *testing.T, path string) (func() []byte, func()) {
		r, err := Map(path, CopyOnWrite, 0, -1)
		require.NoError(t, err)
		b, err := r.Bytes()
		require.NoError(t, err)
		return func() []byte { return b }, func() { require.NoError(t, r.Close()) }
	},
	"linked": func(t *testing.T, path string) (func() []byte, func()) {
		second := filepath.Join(filepath.Dir(filepath.Dir(path)), "second")
		require.NoError(t, os.Link(path, second))
		return func() []byte {
			b, err := os.ReadFile(second)
			require.NoError(t, err)
			return b
		}, func() { require.NoError(t, os.Remove(second)) }
	},
}

// TestRewriteFolderForeign: a folder with anything in it that is not of its arrays stays
// as it is, and so does what a link in it leads to.
func TestRewriteFolderForeign(t *testing.T) {
	dir := memoryDir(t)
	needLeases(t, dir)
	target := filepath.Join(dir, "target")
	link := func(name string) error {
		os.Remove(name)
		return os.Symlink(target, name)
	}
	file := func(name string) error { return os.WriteFile(name, []byte("foreign"), 0o600) }
	folder := func(name string) error { return os.Mkdir(name, 0o700) }
	pipe := func(name string) error {
		os.Remove(name)
		return syscall.Mkfifo(name, 0o600)
	}
	d := testkit.RandomDict(1, 10)
	fresh := d.Clone()
	fresh.Set("new", soa.Of([]int8{1}))
	for _, c := range []struct {
		name string
		make func(string) error
	}{
		{"new.array", file}, {"new.yaml", file}, {"id.data", file}, {"id.array.0123456789abcdef.partial", file},
		{"%69d.array", file}, {".hidden", file}, {".array", file}, {"id", file}, {ContentsName + ".array", file},
		{"id.array", link}, {"id.yaml", link}, {ContentsName, link}, {"new.array", link},
		{"id.array", pipe}, {ContentsName, pipe},
		{"new.array", folder}, {"id", folder},
	} {
		require.NoError(t, os.WriteFile(target, []byte("kept"), 0o600))
		at := filledFolder(t, dir, d)
		require.NoError(t, c.make(filepath.Join(at, c.name)))
		before := listing(t, at)
		require.Error(t, rewrite(at, fresh), c.name)
		require.Equal(t, before, listing(t, at), c.name)
		text, err := os.ReadFile(target)
		require.NoError(t, err)
		require.Equal(t, "kept", string(text), c.name)
	}
}

// listing returns the names and modes in a folder, and what its files hold.
func listing(t *testing.T, folder string) map[string]string {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	out := map[string]string{}
	for _, e := range entries {
		out[e.Name()] = e.Type().String()
		if e.Type().IsRegular() {
			text, err := os.ReadFile(filepath.Join(folder, e.Name()))
			require.NoError(t, err)
			out[e.Name()] += string(text)
		}
	}
	return out
}

// TestRewriteFolderWithoutContents: what is not known to be of a folder is not
// written over.
func TestRewriteFolderWithoutContents(t *testing.T) {
	dir := memoryDir(t)
	d := testkit.RandomDict(1, 10)
	require.ErrorIs(t, rewrite(filepath.Join(dir, "none"), d), fs.ErrNotExist)
	require.ErrorIs(t, rewrite(tempFolder(t, dir), d), fs.ErrNotExist)
	folder := filledFolder(t, dir, d)
	require.NoError(t, os.WriteFile(filepath.Join(folder, ContentsName), []byte("{"), 0o600))
	require.ErrorIs(t, rewrite(folder, d), ErrFormat)
	bad := soa.NewDict()
	bad.Set("", soa.Of([]int8{1}))
	folder = filledFolder(t, dir, d)
	before := listing(t, folder)
	require.ErrorIs(t, rewrite(folder, bad), soa.ErrField)
	require.Equal(t, before, listing(t, folder))
}

// TestRewriteFolderFaults fails every file operation in turn, or all from one on, as if
// the process had been killed. What is there then is the old arrays, or the new
// ones, or nothing that anybody takes for arrays.
func TestRewriteFolderFaults(t *testing.T) {
	testkit.NoLeaks(t)
	dir := memoryDir(t)
	needLeases(t, dir)
	old, d := soa.NewDict(), soa.NewDict()
	old.Set("gone", soa.Of([]int32{1, 2, 3}))
	old.Set("same", soa.Of([]int32{4, 5}))
	old.Set("grows", soa.Of([]int8{1}))
	old.Set("shrinks", soa.Of(make([]int8, 1000)))
	d.Set("same", soa.Of([]int32{6, 7}))
	d.Set("grows", soa.Of(bytes.Repeat([]byte{3}, allocateFrom+1)))
	d.Set("shrinks", soa.Of([]int8{9}))
	d.Set("new", soa.Of([]int32{8}))
	want := contentsOfFiles(t, filledFolder(t, dir, d)) // its set is "old" too
	for _, c := range []struct {
		fault faultfs.Fault
		sync  bool
	}{
		{faultfs.Fault{}, false},
		{faultfs.Fault{Op: faultfs.WriteAt, Short: true, Err: syscall.ENOSPC}, false},
		{faultfs.Fault{Span: faultfs.Crash}, false},
		{faultfs.Fault{Span: faultfs.Crash, Short: true}, true},
	} {
		hits := faultfs.Sweep(t, c.fault, func(t *testing.T, f *faultfs.FS) {
			folder := filledFolder(t, dir, old)
			_, err := RewriteFolder(context.Background(), f, folder, "old", d, Options{Sync: c.sync})
			if err != nil {
				require.ErrorIs(t, err, f.Fired()[0].Err)
				requireOldOrNew(t, folder, old, d)
				return
			}
			require.Equal(t, want, contentsOfFiles(t, folder))
		})
		require.GreaterOrEqual(t, hits, 2*d.Len()+1)
	}
}

// requireOldOrNew checks that what can be read in a folder is old, or is d.
func requireOldOrNew(t *testing.T, folder string, old, d *soa.Dict) {
	f, err := OpenFolder(nil, folder)
	if err != nil {
		require.ErrorIs(t, err, ErrFormat)
		return
	}
	var names []string
	for _, field := range f.Contents().Fields {
		names = append(names, field.Name)
	}
	have := soa.NewDict()
	require.NoError(t, f.Read(context.Background(), have, names...))
	require.True(t, have.Equal(old) || have.Equal(d), "%v", have)
}

// TestRewriteFolderVoidsFirst: when the arrays are to be on the disk, the table of
// contents is void there before any of them changes.
func TestRewriteFolderVoidsFirst(t *testing.T) {
	dir := memoryDir(t)
	needLeases(t, dir)
	folder := filledFolder(t, dir, testkit.RandomDict(1, 10))
	f := faultfs.New(fsys.OS)
	_, err := RewriteFolder(context.Background(), f, folder, "set", testkit.RandomDict(2, 10), Options{Sync: true})
	require.NoError(t, err)
	var changes []string
	for _, c := range f.Calls() {
		switch c.Op {
		case faultfs.WriteAt, faultfs.Truncate, faultfs.Remove, faultfs.Sync:
			changes = append(changes, string(c.Op)+" "+filepath.Base(c.Name))
		}
	}
	require.Equal(t, []string{"WriteAt " + ContentsName, "Sync " + ContentsName}, changes[:2])
}
