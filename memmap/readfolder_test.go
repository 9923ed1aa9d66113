package memmap

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// newFolder writes d to a new folder and opens it.
func newFolder(t testing.TB, d *soa.Dict) *Folder {
	t.Helper()
	folder := tempFolder(t, memoryDir(t))
	_, err := WriteFolder(context.Background(), nil, folder, "set", d, Options{})
	require.NoError(t, err)
	return openedFolder(t, folder)
}

func openedFolder(t require.TestingT, folder string) *Folder {
	f, err := OpenFolder(nil, folder)
	require.NoError(t, err)
	return f
}

// requireHolds reads and maps all that f has and compares it with d.
func requireHolds(t require.TestingT, d *soa.Dict, f *Folder) {
	have := soa.NewDict()
	require.NoError(t, f.Read(context.Background(), have, d.Names()...))
	require.True(t, d.Equal(have), "%v\n%v", d, have)
	for _, mode := range []Mode{ReadOnly, ReadWrite, CopyOnWrite} {
		require.NoError(t, f.View(mode, d.Names(), func(have *soa.Dict) error {
			require.True(t, d.Equal(have), "%v\n%v", d, have)
			return nil
		}))
	}
	require.Len(t, f.Contents().Fields, d.Len())
}

func TestFolder(t *testing.T) {
	noMappings(t)
	f := newFolder(t, oddDict(t))
	requireHolds(t, oddDict(t), f)
	require.Equal(t, "set", f.Contents().Set)
	require.NoError(t, f.View(ReadOnly, []string{"x", "A", "x"}, func(d *soa.Dict) error {
		require.Equal(t, []string{"x", "A"}, d.Names())
		return nil
	}))
	requireHolds(t, soa.NewDict(), newFolder(t, nil))
}

func TestFolderModel(t *testing.T) {
	noMappings(t)
	dir, dicts := memoryDir(t), testkit.DictGen(testkit.DictOptions{Ragged: true})
	rapid.Check(t, func(t *rapid.T) {
		folder := tempFolder(t, dir)
		defer os.RemoveAll(folder)
		d, into := dicts.Draw(t, "d"), dicts.Draw(t, "what is there before")
		_, err := WriteFolder(context.Background(), nil, folder, "set", d, Options{})
		require.NoError(t, err)
		f := openedFolder(t, folder)
		requireHolds(t, d, f)
		require.NoError(t, f.Read(context.Background(), into, d.Names()...))
		for name, a := range d.All() {
			have, _ := into.Get(name)
			require.True(t, a.Equal(have))
		}
	})
}

// TestFolderReadReuses: elements go to the caller's memory where it is large enough,
// and to no other.
func TestFolderReadReuses(t *testing.T) {
	d := soa.NewDict()
	d.Set("x", soa.Of([]float64{1, 2, 3}))
	d.Set("t", soa.Shaped([]int64{7}))
	x, y := []float64{9, 9, 9, 9}, soa.Of([]float64{5})
	into := soa.NewDict()
	into.Set("y", y)
	into.Set("x", soa.Of(x))
	into.Set("t", soa.Of(make([]int64, 2)))
	require.NoError(t, newFolder(t, d).Read(context.Background(), into, "t", "x"))
	require.Equal(t, []float64{1, 2, 3, 9}, x)
	have, err := soa.Column[float64](into, "x")
	require.NoError(t, err)
	require.Same(t, unsafe.SliceData(x), unsafe.SliceData(have))
	scalar, _ := into.Get("t")
	require.Zero(t, scalar.NDim())
	require.Equal(t, []string{"y", "x", "t"}, into.Names())
}

func TestFolderChanges(t *testing.T) {
	noMappings(t)
	d := soa.NewDict()
	d.Set("x", soa.Of([]int32{1, 2}))
	f := newFolder(t, d)
	set := func(views *soa.Dict) error {
		x, err := soa.Column[int32](views, "x")
		x[0]++
		return err
	}
	require.NoError(t, f.View(CopyOnWrite, []string{"x"}, set))
	requireHolds(t, d, f)
	require.ErrorIs(t, f.View(ReadOnly, []string{"x"}, set), ErrReadOnly)
	require.NoError(t, f.View(ReadWrite, []string{"x"}, set))
	d.Set("x", soa.Of([]int32{2, 2}))
	requireHolds(t, d, f)

	d.Set("x", soa.Of([]float32{3})) // replaced by a program that knows no folders
	require.NoError(t, Write(FieldPath(f.files.Path, "x"), soa.Of([]float32{3}), Options{}))
	requireHolds(t, d, f)
}

// requireRefused holds each way to the field x of a folder to the error want.
func requireRefused(t *testing.T, want error, f *Folder) {
	t.Helper()
	before := soa.NewDict()
	before.Set("x", soa.Of([]bool{true, true, true}))
	require.ErrorIs(t, f.Read(context.Background(), before, "x"), want)
	x, err := soa.Column[bool](before, "x")
	require.NoError(t, err)
	for _, b := range unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), len(x)) {
		require.LessOrEqual(t, b, byte(1), "a bool of the caller's")
	}
	require.ErrorIs(t, f.View(ReadOnly, []string{"x"}, func(*soa.Dict) error { panic("called") }), want)
}

func TestFolderRefuses(t *testing.T) {
	noMappings(t)
	bools := func(t *testing.T, scalar bool) *Folder {
		d := soa.NewDict()
		if d.Set("x", soa.Of([]bool{true, false})); scalar {
			d.Set("x", soa.Shaped([]bool{true}))
		}
		return newFolder(t, d)
	}
	for _, c := range []struct {
		name   string
		scalar bool
		want   error
		spoil  func(path string) error
	}{
		{"no bool", false, soa.ErrDType, func(path string) error {
			return os.WriteFile(path+arraySuffix, []byte{1, 2}, 0o600)
		}},
		{"cut short", false, ErrSize, func(path string) error { return os.Truncate(path+arraySuffix, 1) }},
		{"no array", false, ErrNotFound, func(path string) error { return os.Remove(path + arraySuffix) }},
		{"no YAML file", false, ErrNotFound, func(path string) error { return os.Remove(path + yamlSuffix) }},
		{"other YAML", false, ErrFormat, func(path string) error { return os.WriteFile(path+yamlSuffix, []byte("x"), 0o600) }},
		{"no scalar", true, soa.ErrShape, func(path string) error { return Create(path, soa.Bool, []int{2}, Options{}) }},
		{"scalar of two dimensions", true, soa.ErrShape, func(path string) error { return Create(path, soa.Bool, []int{1, 1}, Options{}) }},
		{"sparse, and huge if it were not", false, ErrKind, func(path string) error {
			return WriteSparse(path, CSR[float64, int64]{Rows: 1, Cols: 1 << 60, Indptr: make([]int64, 2)}, Options{})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := bools(t, c.scalar)
			require.NoError(t, c.spoil(FieldPath(f.files.Path, "x")))
			requireRefused(t, c.want, f)
		})
	}
}

func TestFolderNoField(t *testing.T) {
	f := newFolder(t, manyFields(2, 1))
	for _, err := range []error{
		f.Read(context.Background(), soa.NewDict(), "field1", "none"),
		f.View(ReadOnly, []string{"field1", "none"}, func(*soa.Dict) error { panic("called") }),
	} {
		var field *soa.FieldError
		require.ErrorAs(t, err, &field)
		require.Equal(t, soa.FieldError{Field: "none", Have: []string{"field0", "field1"}}, *field)
	}
}

// calling is a context that runs call when it is asked whether it has ended.
type calling struct {
	context.Context
	call func()
}

func (c calling) Err() error {
	c.call()
	return nil
}

// TestFolderCutShort: a file that is cut short while it is read or viewed is an error.
func TestFolderCutShort(t *testing.T) {
	noMappings(t)
	d := soa.NewDict()
	d.Set("x", soa.Of(make([]int64, os.Getpagesize())))
	d.Set("mask", soa.Of(make([]bool, 2*os.Getpagesize())))
	for name := range d.All() {
		f := newFolder(t, d)
		cut := func() {
			require.NoError(t, os.Truncate(FieldPath(f.files.Path, name)+arraySuffix, int64(os.Getpagesize())))
		}
		require.ErrorIs(t, f.Read(calling{context.Background(), cut}, d.Clone(), name), ErrTruncated)

		f = newFolder(t, d)
		require.ErrorIs(t, f.View(ReadOnly, []string{name}, func(views *soa.Dict) error {
			cut()
			a, _ := views.Get(name)
			if a.Bytes()[a.NBytes()-1] != 0 {
				panic("not reached")
			}
			return nil
		}), ErrTruncated)
	}
}

func TestFolderReadCancel(t *testing.T) {
	noMappings(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // else it reads parts at once, and asks more often
	d := soa.NewDict()
	d.Set("a", soa.Of(make([]byte, 2*pieceSize+1)))
	d.Set("mask", soa.Of([]bool{true}))
	f := newFolder(t, d)
	const reads = 3 + 1
	for n := range reads {
		into := soa.NewDict()
		into.Set("mask", soa.Of([]bool{true}))
		require.ErrorIs(t, f.Read(&countdown{context.Background(), n}, into, "a", "mask"), context.Canceled)
		mask, err := soa.Column[bool](into, "mask")
		require.NoError(t, err)
		require.Equal(t, n < reads-1, mask[0])
	}
	require.NoError(t, f.Read(&countdown{context.Background(), reads}, soa.NewDict(), "a", "mask"))
}

// TestFolderReadParts reads a large array on several processors.
func TestFolderReadParts(t *testing.T) {
	noMappings(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	x := make([]uint64, 5<<20/8+1)
	for i := range x {
		x[i] = uint64(i) * 0x9e3779b97f4a7c15
	}
	want, got := soa.NewDict(), soa.NewDict()
	want.Set("x", soa.Of(x))
	require.NoError(t, newFolder(t, want).Read(context.Background(), got, "x"))
	require.True(t, want.Equal(got))
}

func TestOpenFolder(t *testing.T) {
	testkit.NoLeaks(t)
	f := newFolder(t, manyFields(2, 1))
	name := filepath.Join(f.files.Path, ContentsName)
	hits := faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, files *faultfs.FS) {
		got, err := OpenFolder(files, f.files.Path)
		switch fired := files.Fired(); {
		case len(fired) > 0 && fired[0].Op != faultfs.Close: // nothing was written
			require.ErrorIs(t, err, syscall.EIO)
			require.ErrorContains(t, err, name)
		default:
			require.NoError(t, err)
			require.Equal(t, f.Contents(), got.Contents())
		}
	})
	require.GreaterOrEqual(t, hits, 3)

	require.NoError(t, os.WriteFile(name, []byte("{"), 0o600))
	_, err := OpenFolder(nil, f.files.Path)
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, name)
	require.NoError(t, os.Truncate(name, MaxContents+1))
	_, err = OpenFolder(nil, f.files.Path)
	require.ErrorIs(t, err, ErrFormat)
	require.NoError(t, os.Remove(name))
	_, err = OpenFolder(nil, f.files.Path)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestFolderConcurrent(t *testing.T) {
	noMappings(t)
	d := testkit.RandomDict(1, 1000)
	f := newFolder(t, d)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				have := soa.NewDict()
				if err := f.Read(context.Background(), have, d.Names()...); err != nil || !d.Equal(have) {
					t.Error(have, err)
				}
				if err := f.View(ReadOnly, d.Names(), func(have *soa.Dict) error {
					if !d.Equal(have) {
						t.Error(have)
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// asked is a context that calls a function whenever it is asked whether it has ended.
type asked struct {
	context.Context
	fn func()
}

func (c asked) Err() error {
	c.fn()
	return nil
}

// TestFolderReplaced: a folder that is replaced while it is read, and then written over
// for another value, as a store does, is read anew: all of the new one.
func TestFolderReplaced(t *testing.T) {
	dir := memoryDir(t)
	needLeases(t, dir)
	names := []string{"a", "b", "c", "d"}
	value := func(x int64) *soa.Dict { // the other way round, so that most is written over before a is
		d := soa.NewDict()
		for _, name := range slices.Backward(names) {
			d.Set(name, soa.Of([]int64{x}))
		}
		return d
	}
	read := func(ctx context.Context, f *Folder) (*soa.Dict, error) {
		have := soa.NewDict()
		return have, f.Read(ctx, have, names...)
	}
	for n := range names {
		at, spare := filledFolder(t, dir, value(1)), filledFolder(t, dir, value(2))
		f, calls := openedFolder(t, at), 0
		have, err := read(asked{context.Background(), func() {
			if calls++; calls == n+1 {
				require.NoError(t, fsys.OS.Exchange(at, spare))
				require.ErrorIs(t, rewrite(spare, value(3)), ErrInUse)
			}
		}}, f)
		require.NoError(t, err)
		for _, name := range names {
			x, err := soa.Column[int64](have, name)
			require.NoError(t, err)
			require.Equal(t, []int64{2}, x, "%s, replaced in the read of %s", name, names[n])
		}
	}
	f := openedFolder(t, filledFolder(t, dir, value(1)))
	_, err := read(asked{context.Background(), func() { require.NoError(t, os.RemoveAll(f.files.Path)) }}, f)
	require.ErrorIs(t, err, ErrNotFound)
	err = f.View(ReadOnly, names, func(*soa.Dict) error { panic("there is nothing to view") })
	require.ErrorIs(t, err, ErrNotFound)
}

// TestFolderReplacedAgain: who replaces a folder whenever it is opened makes neither
// reads nor views hang, or leave anything open.
func TestFolderReplacedAgain(t *testing.T) {
	noMappings(t)
	dir := memoryDir(t)
	one, two := filledFolder(t, dir, manyFields(1, 1)), filledFolder(t, dir, manyFields(1, 1))
	f, tries, v := openedFolder(t, one), 0, views{}
	err := f.opened(func(in fsys.Path) error {
		tries++
		require.NoError(t, fsys.OS.Exchange(one, two))
		return v.open(f, in, ReadOnly, []string{"field0"})
	})
	require.ErrorIs(t, err, ErrNotFound)
	require.Equal(t, rereads, tries)
	require.Len(t, v.files, 1)
	require.NoError(t, v.close())
}

// raceEnabled: the race detector makes pools forget.
var raceEnabled bool

// TestFolderAllocations: of small fields, none costs an allocation.
func TestFolderAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools lose memory")
	}
	ctx, d := context.Background(), manyFields(10, 100)
	names := d.Names()
	f := newFolder(t, d)
	folder := f.files.Path
	most := func(n float64, what string, fn func() error) {
		var err error
		require.LessOrEqual(t, testing.AllocsPerRun(50, func() {
			if err == nil {
				err = fn()
			}
		}), n, what)
		require.NoError(t, err)
	}
	most(0, "Read", func() error { return f.Read(ctx, d, names...) })
	most(1, "Reset: the names", func() error { return f.Reset(nil, folder) })
	most(10, "OpenFolder", func() error {
		_, err := OpenFolder(nil, folder)
		return err
	})
	needLeases(t, memoryDir(t))
	most(2, "RewriteFolder: the names in the table, and those in the folder", func() error {
		return rewrite(folder, d)
	})
}

// TestFolderReset: a folder that is Reset is as one that was opened, whatever it was
// before.
func TestFolderReset(t *testing.T) {
	noMappings(t)
	ctx, dir := context.Background(), memoryDir(t)
	dicts := testkit.DictGen(testkit.DictOptions{Ragged: true})
	bad := filledFolder(t, dir, soa.NewDict())
	require.NoError(t, os.Truncate(filepath.Join(bad, ContentsName), 10))
	wide := filledFolder(t, dir, manyFields(2*keptText/len(`{"name":"field0"},`), 0))
	f := new(Folder)
	rapid.Check(t, func(t *rapid.T) {
		d := dicts.Draw(t, "d")
		switch rapid.IntRange(0, 4).Draw(t, "another") {
		case 0:
			require.NoError(t, f.Reset(nil, wide))
		case 1:
			d.Set("\"needs escapes\"\n", soa.Of([]int8{1}))
		case 2:
			require.ErrorIs(t, f.Reset(nil, bad), ErrFormat)
		case 3:
			require.ErrorIs(t, f.Reset(nil, filepath.Join(dir, "none")), fs.ErrNotExist)
		}
		folder := filledFolder(t, dir, d)
		defer os.RemoveAll(folder)
		require.NoError(t, f.Reset(nil, folder))
		fresh := openedFolder(t, folder)
		require.Equal(t, fresh.Contents(), f.Contents())
		require.Equal(t, fresh.scalar, f.scalar)
		have := soa.NewDict()
		require.NoError(t, f.Read(ctx, have, d.Names()...))
		require.True(t, d.Equal(have), "%v\n%v", d, have)
	})
}

// TestInfoIsKept: what was said of an array does not change when another is opened.
func TestInfoIsKept(t *testing.T) {
	noMappings(t)
	one, two := newArray(t, soa.Int8, 3, 5), newArray(t, soa.Int16, 7, 9)
	stat, err := Stat(one)
	require.NoError(t, err)
	f, err := OpenFile(one, ReadOnly)
	require.NoError(t, err)
	defer f.Close()
	for range 3 {
		_, err := Stat(two)
		require.NoError(t, err)
	}
	require.Equal(t, Info{DType: soa.Int8, Shape: []int{3, 5}}, stat)
	require.Equal(t, stat, f.Info())
}
