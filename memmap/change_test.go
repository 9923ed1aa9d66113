package memmap

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
)

// A version is one content of an array: of either kind, and told apart from every
// other by its elements.
type version struct {
	name   string
	sparse bool
	dtype  soa.DType
	tag    byte // of every byte of the elements
	rows   int
}

func (v version) put(files fsys.FS, path string, o Options) error {
	b := make([]byte, v.rows*v.dtype.Size())
	for i := range b {
		b[i] = v.tag
	}
	if !v.sparse {
		in := Info{DType: v.dtype, Shape: []int{v.rows}}
		return put(files, path, in, o, func(part) func(fsys.File) error { return writeBytes(b) })
	}
	m := CSR[int8, int32]{Rows: v.rows, Cols: 1, Indptr: make([]int32, v.rows+1), Indices: make([]int32, v.rows)}
	for i := range v.rows {
		m.Data = append(m.Data, int8(v.tag))
		m.Indptr[i+1] = int32(i + 1)
	}
	return writeSparse(files, path, m, o)
}

// is reports whether the array path is v, whole.
func (v version) is(path string) bool {
	f, err := OpenFile(path, ReadOnly)
	if err != nil {
		return false
	}
	defer f.Close()
	if f.info.Sparse != v.sparse || f.info.DType != v.dtype || f.info.Shape[0] != v.rows {
		return false
	}
	for _, b := range f.arrays[0].Bytes() {
		if b != v.tag {
			return false
		}
	}
	return true
}

// Equal sizes in bytes where types differ: there the sizes tell nothing.
var versions = []version{
	{"dense", false, soa.Int32, 1, 4},
	{"same", false, soa.Int32, 2, 4},
	{"retyped", false, soa.Float32, 3, 4},
	{"longer", false, soa.Int32, 4, 9},
	{"sparse", true, soa.Int8, 5, 4},
	{"same sparse", true, soa.Int8, 6, 4},
}

// olds are those that the others replace.
var olds = []version{versions[0], versions[4]}

// litter returns the names in the folder of path that are not of an array.
func litter(t require.TestingT, path string) (out []string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".partial") || strings.HasSuffix(e.Name(), ".old") {
			out = append(out, e.Name())
		}
	}
	return out
}

// TestChangeFaults fails every file operation of every change: one that returns an
// error has changed nothing, and leaves nothing.
func TestChangeFaults(t *testing.T) {
	for _, from := range olds {
		for _, to := range versions {
			hits := faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, f *faultfs.FS) {
				changeFault(t, f, from, to, Options{})
			})
			require.Greater(t, hits, 5)
		}
	}
	for _, to := range versions {
		faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, f *faultfs.FS) {
			changeFault(t, f, olds[0], to, Options{Sync: true})
		})
	}
}

func changeFault(t *testing.T, f *faultfs.FS, from, to version, o Options) {
	path := filepath.Join(memoryDir(t), "a")
	require.NoError(t, from.put(fsys.OS, path, Options{}))
	err := to.put(f, path, o)
	var hit faultfs.Op
	if fired := f.Fired(); len(fired) > 0 {
		hit = fired[0].Op
	}
	switch {
	case err == nil:
		require.True(t, to.is(path))
	case hit == faultfs.SyncDir && !to.sparse && from.dtype == to.dtype && from.rows == to.rows:
		require.True(t, to.is(path), "in place already, by the one rename")
	default:
		require.ErrorIs(t, err, syscall.EIO)
		require.True(t, from.is(path), "%s: %v", from.name, err)
	}
	if hit != faultfs.Remove {
		require.Empty(t, litter(t, path))
	}
}

// TestChangeCrash stops every change after each of its file operations. What is
// there then is the old array, the new one, or none; and if none, then the old
// one under its other names.
func TestChangeCrash(t *testing.T) {
	for _, from := range olds {
		for _, to := range versions {
			faultfs.Sweep(t, faultfs.Fault{Span: faultfs.Crash}, func(t *testing.T, f *faultfs.FS) {
				path := filepath.Join(memoryDir(t), "a")
				require.NoError(t, from.put(fsys.OS, path, Options{}))
				err := to.put(f, path, Options{})
				switch exists, _ := Exists(path); {
				case exists:
					require.True(t, from.is(path) || to.is(path))
					if err == nil {
						require.True(t, to.is(path))
					}
				default:
					require.Error(t, err)
					_, err := OpenFile(path, ReadOnly)
					require.ErrorIs(t, err, ErrNotFound)
					restoreOld(t, path)
					require.True(t, from.is(path), "the old files are all there")
				}
				f.Heal()
				require.NoError(t, to.put(f, path, Options{}), "a later change works")
				require.True(t, to.is(path))
			})
		}
	}
}

func restoreOld(t *testing.T, path string) {
	for _, name := range litter(t, path) {
		if base, ok := strings.CutSuffix(name, ".old"); ok {
			base = strings.TrimSuffix(base, filepath.Ext(base))
			dir := filepath.Dir(path)
			require.NoError(t, os.Rename(filepath.Join(dir, name), filepath.Join(dir, base)))
		}
	}
}

// TestRemoveFaults fails every file operation of Remove: what is left is no array
// or the whole one, and can be removed.
func TestRemoveFaults(t *testing.T) {
	for _, v := range olds {
		faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, f *faultfs.FS) {
			path := filepath.Join(memoryDir(t), "a")
			require.NoError(t, v.put(fsys.OS, path, Options{}))
			if err := remove(f, path); err != nil {
				exists, xerr := Exists(path)
				require.NoError(t, xerr)
				require.Equal(t, exists, v.is(path))
				err = Remove(path)
				require.True(t, err == nil || errors.Is(err, ErrNotFound))
			}
			requireNoFiles(t, filepath.Dir(path))
		})
	}
}

// TestModel makes random changes, and compares with what the array should be.
func TestModel(t *testing.T) {
	dir := memoryDir(t)
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "a")
		var now *version
		_ = Remove(path)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				v := rapid.SampledFrom(versions).Draw(t, "version")
				require.NoError(t, v.put(fsys.OS, path, Options{}))
				now = &v
			},
			"remove": func(t *rapid.T) {
				err := Remove(path)
				if now == nil {
					require.ErrorIs(t, err, ErrNotFound)
				} else {
					require.NoError(t, err)
				}
				now = nil
			},
			"": func(t *rapid.T) {
				exists, err := Exists(path)
				require.NoError(t, err)
				require.Equal(t, now != nil, exists)
				entries, err := os.ReadDir(dir)
				require.NoError(t, err)
				switch {
				case now == nil:
					require.Empty(t, entries)
				case now.sparse:
					require.True(t, now.is(path))
					require.Len(t, entries, 4, "no file of the other kind")
				default:
					require.True(t, now.is(path))
					require.Len(t, entries, 2, "no file of the other kind")
				}
			},
		})
	})
}

// TestUndoneChangeShows: a description that was moved away and back is not taken
// for one that stayed.
func TestUndoneChangeShows(t *testing.T) {
	name := newArray(t, soa.Int8, 1) + yamlSuffix
	f, err := openRegular(fsys.Path{Stem: name}, os.O_RDONLY)
	require.NoError(t, err)
	defer f.close()
	require.True(t, f.untouched())
	for range 10_000_000 { // until the clock that stamps files has moved on
		require.NoError(t, os.Rename(name, name+".old"))
		require.NoError(t, os.Rename(name+".old", name))
		if !f.untouched() {
			return
		}
	}
	t.Fatal("a rename does not show")
}

// TestReadersOfChanges opens an array while it is replaced again and again: each
// opening is of one version, or finds none.
func TestReadersOfChanges(t *testing.T) {
	noMappings(t)
	path := filepath.Join(memoryDir(t), "a")
	require.NoError(t, versions[0].put(fsys.OS, path, Options{}))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := oneVersion(path); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 100 {
				if err := versions[(i*(w+1))%len(versions)].put(fsys.OS, path, Options{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	wg.Wait()
}

func oneVersion(path string) error {
	f, err := OpenFile(path, ReadOnly)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for _, v := range versions {
		if tag := f.arrays[0].Bytes()[0]; tag == v.tag {
			if f.info.DType != v.dtype || f.info.Sparse != v.sparse || f.info.Shape[0] != v.rows {
				return errors.New("elements of one version, described by another")
			}
			return nil
		}
	}
	return errors.New("elements of no version")
}
