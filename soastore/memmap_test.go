package soastore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/memmap"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func openMemmap(t *testing.T, opts soastore.Options) *soastore.Spill {
	t.Helper()
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	s, err := soastore.NewMemmap(p, opts)
	require.NoError(t, err)
	return s
}

// TestMemmapInPlace changes a value through its views, and reads it with package
// memmap and with NumPy.
func TestMemmapInPlace(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "tmp")
	s := openMemmap(t, soastore.Options{Path: path, Writable: true})
	d := soa.NewDict()
	d.Set("x/y", soa.Of([]float32{1, 2, 3}))
	require.NoError(t, s.Set("k", d))
	require.NoError(t, s.View("k", nil, func(d *soa.Dict) error {
		x, err := soa.Column[float32](d, "x/y")
		x[1] = 20
		return err
	}))
	got, err := s.Get("k")
	require.NoError(t, err)
	x, err := soa.Column[float32](got, "x/y")
	require.NoError(t, err)
	require.Equal(t, []float32{1, 20, 3}, x)

	array := path + "_k.tmp.rank-0.memmap/x%2Fy"
	a, err := memmap.Open[float32](array, memmap.ReadOnly)
	require.NoError(t, err)
	values, err := a.Values()
	require.NoError(t, err)
	require.Equal(t, x, values)
	require.NoError(t, a.Close())
	out := testkit.Python(t, `import numpy, sys; print(numpy.memmap(sys.argv[1] + ".array", dtype="float32", mode="r").tolist())`, array)
	require.Equal(t, "[1.0, 20.0, 3.0]\n", out)

	require.NoError(t, s.Close())
	left, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestMemmapInPlaceOfTheOld changes values through views that are under way when the
// values are replaced, again and again: neither sees anything of the other.
func TestMemmapInPlaceOfTheOld(t *testing.T) {
	testkit.NoLeaks(t)
	s := openMemmap(t, soastore.Options{Path: filepath.Join(t.TempDir(), "tmp"), Writable: true})
	for round := range uint64(3) {
		want := column(round, 3000)
		require.NoError(t, s.Set("k", want))
		require.NoError(t, s.View("k", nil, func(old *soa.Dict) error {
			for i := range uint64(3) {
				require.NoError(t, s.Set("k", column(100+i, 3000)))
				require.True(t, want.Equal(old))
				x, err := soa.Column[uint64](old, "x")
				require.NoError(t, err)
				x[i]++
				want = old.Clone()
				requireValue(t, s, "k", column(100+i, 3000))
			}
			return nil
		}))
		requireValue(t, s, "k", column(102, 3000))
	}
	require.NoError(t, s.Close())
}

// TestMemmapRecyclesAnyFields holds a store whose values have other fields each time to a
// map, and each folder to the files of its value.
func TestMemmapRecyclesAnyFields(t *testing.T) {
	dicts := testkit.DictGen(testkit.DictOptions{Ragged: true})
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		s := openMemmap(t, soastore.Options{Path: filepath.Join(dir, "tmp")})
		model := map[string]*soa.Dict{}
		keys := rapid.SampledFrom([]string{"a", "b", "c"})
		rt.Repeat(map[string]func(*rapid.T){
			"set": func(rt *rapid.T) {
				key, d := keys.Draw(rt, "key"), dicts.Filter(func(d *soa.Dict) bool { return d.Len() > 0 }).Draw(rt, "d")
				require.NoError(rt, s.Set(key, d))
				model[key] = d
			},
			"remove": func(rt *rapid.T) {
				key := keys.Draw(rt, "key")
				if model[key] != nil {
					require.NoError(rt, s.Remove(key))
					delete(model, key)
				}
			},
			"": func(rt *rapid.T) {
				require.Equal(rt, len(model), s.Len())
				for key, want := range model {
					have, err := s.Get(key)
					require.NoError(rt, err)
					require.True(rt, want.Equal(have), key)
					files, err := os.ReadDir(filepath.Join(dir, "tmp_"+key+".tmp.rank-0.memmap"))
					require.NoError(rt, err)
					require.Len(rt, files, 2*want.Len()+1)
				}
			},
		})
		require.NoError(rt, s.Close())
		left, err := os.ReadDir(dir)
		require.NoError(rt, err)
		require.Empty(rt, left)
	})
}

// TestMemmapSpareReplaced puts something else where a spare folder is, or into it: it is
// not written to, and the next value is what was set.
func TestMemmapSpareReplaced(t *testing.T) {
	for name, tamper := range map[string]func(t *testing.T, spare, elsewhere string){
		"nothing": func(t *testing.T, spare, _ string) {
			require.NoError(t, os.RemoveAll(spare))
		},
		"a file": func(t *testing.T, spare, _ string) {
			require.NoError(t, os.RemoveAll(spare))
			require.NoError(t, os.WriteFile(spare, []byte("file"), 0o600))
		},
		"a link to a folder of arrays": func(t *testing.T, spare, elsewhere string) {
			require.NoError(t, os.Rename(spare, elsewhere))
			require.NoError(t, os.Symlink(elsewhere, spare))
		},
		"another folder of arrays": func(t *testing.T, spare, elsewhere string) {
			require.NoError(t, os.Rename(spare, elsewhere))
			require.NoError(t, os.CopyFS(spare, os.DirFS(elsewhere)))
		},
		"a link in it": func(t *testing.T, spare, elsewhere string) {
			require.NoError(t, os.Mkdir(elsewhere, 0o700))
			require.NoError(t, os.Rename(filepath.Join(spare, "x.array"), filepath.Join(elsewhere, "x.array")))
			require.NoError(t, os.Symlink(filepath.Join(elsewhere, "x.array"), filepath.Join(spare, "x.array")))
		},
		"a foreign file in it": func(t *testing.T, spare, _ string) {
			require.NoError(t, os.WriteFile(filepath.Join(spare, "y.array"), []byte("foreign"), 0o600))
		},
		"no table of contents": func(t *testing.T, spare, _ string) {
			require.NoError(t, os.Remove(filepath.Join(spare, memmap.ContentsName)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
			s := openMemmap(t, soastore.Options{Path: filepath.Join(dir, "tmp")})
			needLeases(t, s, dir)
			require.NoError(t, s.Set("a", column(1, 100)))
			require.NoError(t, s.Remove("a"))
			spares := spareFiles(t, dir)
			require.Len(t, spares, 1)
			tamper(t, spares[0], elsewhere)
			want := treeOf(t, elsewhere)
			require.NoError(t, s.Set("b", column(2, 100)))
			requireValue(t, s, "b", column(2, 100))
			require.Len(t, filesIn(t, glob(t, dir, "tmp_b*")), 3)
			require.Equal(t, want, treeOf(t, elsewhere))
			require.NoError(t, s.Close())
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// TestMemmapValueReplaced puts a link to a folder of arrays in the place of a value: the
// store, which replaces and removes it, does not write to what it leads to.
func TestMemmapValueReplaced(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	s := openMemmap(t, soastore.Options{Path: filepath.Join(dir, "tmp")})
	for i := range uint64(4) {
		require.NoError(t, s.Set("a", column(i, 100)))
		at := glob(t, dir, "tmp_a*")
		require.NoError(t, os.RemoveAll(elsewhere))
		require.NoError(t, os.Rename(at, elsewhere))
		require.NoError(t, os.Symlink(elsewhere, at))
		want := treeOf(t, elsewhere)
		require.NoError(t, s.Set("a", column(10+i, 100)))
		require.NoError(t, s.Set("a", column(20+i, 100)))
		require.Equal(t, want, treeOf(t, elsewhere))
		requireValue(t, s, "a", column(20+i, 100))
	}
	require.NoError(t, s.Close())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// treeOf returns what the files in a folder hold, if there is one.
func treeOf(t *testing.T, folder string) map[string]string {
	out := map[string]string{}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		out[name] = string(text)
	}
	return out
}
