package soa_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// column returns an array that is known to be in d.
func column(d *soa.Dict, name string) soa.Array {
	a, ok := d.Get(name)
	if !ok {
		panic("no " + name)
	}
	return a
}

// entry is a name and its array in the plain model of a Dict.
type entry struct {
	name  string
	array soa.Array
}

// dictModel is an ordered list, the obvious way to do what Dict does.
type dictModel []entry

func (m dictModel) index(name string) int {
	return slices.IndexFunc(m, func(e entry) bool { return e.name == name })
}

func (m *dictModel) set(name string, a soa.Array) {
	if i := m.index(name); i >= 0 {
		(*m)[i].array = a
		return
	}
	*m = append(*m, entry{name, a})
}

// check compares d with the model through every method that reads.
func (m dictModel) check(t require.TestingT, d *soa.Dict) {
	require.Equal(t, len(m), d.Len())
	nbytes := 0
	names := make([]string, 0, len(m))
	for _, e := range m {
		names = append(names, e.name)
		nbytes += e.array.NBytes()
		a, ok := d.Get(e.name)
		require.True(t, ok)
		require.True(t, a.Equal(e.array))
		require.True(t, d.Has(e.name))
	}
	require.True(t, slices.Equal(names, d.Names()))
	require.Equal(t, nbytes, d.NBytes())
	i := 0
	for name, a := range d.All() {
		require.Equal(t, m[i].name, name)
		require.True(t, a.Equal(m[i].array))
		i++
	}
	require.Equal(t, len(m), i)

	same := !slices.ContainsFunc(m, func(e entry) bool { return e.array.Rows() != m[0].array.Rows() })
	rows, agree := d.Rows()
	require.Equal(t, same, agree)
	if same && len(m) > 0 {
		require.Equal(t, m[0].array.Rows(), rows)
	}
}

func TestDictModel(t *testing.T) {
	names := rapid.SampledFrom([]string{"x", "y", "z", "id", "vx", ""})
	arrays := rapid.Custom(func(t *rapid.T) soa.Array {
		return soa.Of(make([]int16, rapid.IntRange(0, 3).Draw(t, "rows")))
	})
	rapid.Check(t, func(t *rapid.T) {
		d, model := soa.NewDict(), dictModel{}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { model.check(t, d) },
			"set": func(t *rapid.T) {
				name, a := names.Draw(t, "name"), arrays.Draw(t, "array")
				d.Set(name, a)
				model.set(name, a)
			},
			"delete": func(t *rapid.T) {
				name := names.Draw(t, "name")
				d.Delete(name)
				model = slices.DeleteFunc(model, func(e entry) bool { return e.name == name })
			},
			"clear": func(*rapid.T) {
				d.Clear()
				model = dictModel{}
			},
			"share": func(t *rapid.T) { // and go on with the copy, while the first changes
				old := d
				d = d.Share()
				old.Set("only there", arrays.Draw(t, "array"))
				old.Delete(names.Draw(t, "gone there"))
			},
			"clone": func(*rapid.T) {
				old := d
				d = d.Clone()
				require.True(t, d.Equal(old))
				old.Clear()
			},
			"select": func(t *rapid.T) {
				wanted := rapid.SliceOfN(names, 0, 4).Draw(t, "names")
				got, err := d.Select(wanted...)
				part, ok := dictModel{}, true
				for _, name := range wanted {
					i := model.index(name)
					if ok = i >= 0 && part.index(name) < 0; !ok {
						break
					}
					part = append(part, model[i])
				}
				if !ok {
					require.ErrorIs(t, err, soa.ErrField)
					require.Nil(t, got)
					return
				}
				require.NoError(t, err)
				part.check(t, got)
			},
		})
	})
}

func TestANilDictIsEmpty(t *testing.T) {
	var d *soa.Dict
	dictModel{}.check(t, d)
	require.False(t, d.Has("x"))
	require.Nil(t, d.Names())
	require.Equal(t, "{}", d.String())
	require.True(t, d.Equal(soa.NewDict()))
	require.True(t, soa.NewDict().Equal(d))
	dictModel{}.check(t, d.Share())
	dictModel{}.check(t, d.Clone())
	d.Delete("x")
	d.Clear()
	_, err := d.Select("x")
	require.ErrorIs(t, err, soa.ErrField)
	_, err = soa.Column[int8](d, "x")
	require.ErrorIs(t, err, soa.ErrField)
	require.Panics(t, func() { d.Set("x", soa.Array{}) }, "as a nil map")
}

func TestTheZeroDict(t *testing.T) {
	var d soa.Dict
	d.Clear()
	d.Set("x", soa.Of([]int8{1}))
	require.Equal(t, []string{"x"}, d.Names())
}

func TestDictSharing(t *testing.T) {
	s := []int64{1, 2, 3}
	d := soa.NewDict()
	d.Set("id", soa.Of(s))
	shared, cloned, selected := d.Share(), d.Clone(), must(d.Select("id"))
	s[0] = 10
	require.Equal(t, []int64{10, 2, 3}, must(soa.Column[int64](shared, "id")))
	require.Equal(t, []int64{10, 2, 3}, must(soa.Column[int64](selected, "id")))
	require.Equal(t, []int64{1, 2, 3}, must(soa.Column[int64](cloned, "id")))

	names := d.Names()
	names[0] = "mine"
	require.Equal(t, []string{"id"}, d.Names())
}

func TestDictEqual(t *testing.T) {
	x, y := soa.Of([]int8{1}), soa.Of([]int8{2})
	dict := func(entries ...entry) *soa.Dict {
		d := soa.NewDict()
		for _, e := range entries {
			d.Set(e.name, e.array)
		}
		return d
	}
	d := dict(entry{"x", x}, entry{"y", y})
	require.True(t, d.Equal(dict(entry{"x", x.Clone()}, entry{"y", y.Clone()})))
	require.False(t, d.Equal(dict(entry{"y", y}, entry{"x", x})), "order")
	require.False(t, d.Equal(dict(entry{"x", x})))
	require.False(t, d.Equal(dict(entry{"x", x}, entry{"y", x})))
	require.False(t, d.Equal(dict(entry{"x", x}, entry{"z", y})))
}

func TestAllStopsEarly(t *testing.T) {
	d := soa.NewDict()
	d.Set("a", soa.Array{})
	d.Set("b", soa.Array{})
	for name := range d.All() {
		require.Equal(t, "a", name)
		break
	}
}

func TestDictErrors(t *testing.T) {
	d := soa.NewDict()
	d.Set("x", soa.Of([]float32{1}))
	d.Set("y", soa.Of([]float32{1}))

	var missing *soa.FieldError
	_, err := d.Select("x", "w")
	require.ErrorAs(t, err, &missing)
	require.Equal(t, soa.FieldError{Field: "w", Have: []string{"x", "y"}}, *missing)
	require.EqualError(t, err, `soa: no field "w" (there are ["x" "y"])`)
	_, err = d.Select("x", "y", "x")
	require.ErrorIs(t, err, soa.ErrField)
	require.ErrorContains(t, err, `"x"`)

	_, err = soa.Column[float32](d, "w")
	require.ErrorIs(t, err, soa.ErrField)
	_, err = soa.Column[float64](d, "x")
	require.ErrorIs(t, err, soa.ErrDType)
	require.EqualError(t, err, `soa: field "x" has element type float32, not float64`)
}

func TestDictString(t *testing.T) {
	d := soa.NewDict()
	d.Set("x", soa.Of(make([]float32, 10)))
	d.Set("pos", soa.Shaped(make([]float64, 30), 10, 3))
	d.Set("time", soa.Shaped([]int64{1}))
	require.Equal(t, "{x:float32[10] pos:float64[10 3] time:int64[]}", d.String())
}

func TestACloneOfAnyDictIsEqualAndApart(t *testing.T) {
	gen := testkit.DictGen(testkit.DictOptions{Ragged: true})
	rapid.Check(t, func(t *rapid.T) {
		d := gen.Draw(t, "dict")
		c := d.Clone()
		require.True(t, d.Equal(c))
		for name, a := range d.All() {
			if a.NBytes() > 0 {
				column(c, name).Bytes()[0] ^= 1
				require.False(t, a.Equal(column(c, name)))
			}
		}
	})
}

// TestCloneOfMuch: what is copied in parts and on several processors is equal and apart.
func TestCloneOfMuch(t *testing.T) {
	d := soa.NewDict()
	for i, n := range []int{5<<20 + 3, 0, 700_001, 1, 2 << 20} {
		p := make([]byte, n)
		for j := range p {
			p[j] = byte(j>>7*i + j)
		}
		d.Set(strconv.Itoa(i), soa.Of(p))
	}
	d.Set("none", soa.Array{})
	c := d.Clone()
	require.True(t, d.Equal(c))
	require.False(t, column(c, "none").DType().Valid())
	column(c, "0").Bytes()[5<<20] ^= 1
	require.False(t, d.Equal(c))
	require.True(t, soa.NewDict().Equal((*soa.Dict)(nil).Clone()))
}

// TestCloneOfAFault: a mapping that lacks its file's bytes is an error of the caller's
// Guard, whichever goroutine copies.
func TestCloneOfAFault(t *testing.T) {
	const size = 8 << 20
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
	f, err := fsys.OS.OpenFile(path, os.O_RDONLY)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	m, err := f.Map(size)
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Unmap()) }()
	require.NoError(t, os.Truncate(path, size/4))
	d := soa.NewDict()
	d.Set("a", soa.Of(m.Data[:size/2]))
	d.Set("b", soa.Of(m.Data[size/2:]))
	require.ErrorContains(t, m.Guard(func() error { d.Clone(); return nil }), path)
	require.ErrorContains(t, m.Guard(func() error { soa.Of(m.Data).Clone(); return nil }), path)
}
