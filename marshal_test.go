package soa_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Motion is embedded in Particles.
type Motion struct {
	Pos [][3]float32 `soa:"pos"`
	Vel [][3]float32 `soa:"vel"`
}

// tags is embedded though it is not exported: its exported fields count.
type tags struct {
	ID    []ID
	Alive []Alive `soa:"alive,optional"`
}

// Particles has one field of each sort.
type Particles struct {
	Motion
	tags
	Phi    []float64
	Matrix [][2][3]int16 `soa:",optional"`
	Half   []soa.F16
	Header soa.Array
	Note   string `soa:"-"`
	cache  map[string]int
}

func particles() Particles {
	return Particles{
		Motion: Motion{[][3]float32{{1, 2, 3}, {4, 5, 6}}, [][3]float32{{7, 8, 9}, {10, 11, 12}}},
		tags:   tags{ID: []ID{1, 2}, Alive: []Alive{true, false}},
		Phi:    []float64{0.5, 0.25},
		Half:   []soa.F16{0x3c00, 0},
		Header: soa.Shaped([]int64{42}),
		Note:   "not data",
		cache:  map[string]int{"nor": 1},
	}
}

func TestMarshal(t *testing.T) {
	p := particles()
	for _, v := range []any{p, &p, new(&p)} {
		d, err := soa.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, "{pos:float32[2 3] vel:float32[2 3] ID:int64[2] alive:bool[2] Phi:float64[2] Half:float16[2] Header:int64[]}", d.String())
		require.Equal(t, []float32{7, 8, 9, 10, 11, 12}, must(soa.Column[float32](d, "vel")))
		must(soa.Column[float64](d, "Phi"))[1]++
	}
	require.Equal(t, 3.25, p.Phi[1], "one memory")
}

func TestMarshalOfNilSlices(t *testing.T) {
	d, err := soa.Marshal(Particles{})
	require.NoError(t, err)
	require.Equal(t, "{pos:float32[0 3] vel:float32[0 3] ID:int64[0] Phi:float64[0] Half:float16[0] Header:invalid[]}", d.String(),
		"without the optional ones")
	d, err = soa.Marshal(struct {
		A []int8    `soa:",optional"`
		B soa.Array `soa:",optional"`
	}{A: []int8{}})
	require.NoError(t, err)
	require.Equal(t, "{A:int8[0]}", d.String(), "empty is not nil")
}

func TestUnmarshal(t *testing.T) {
	d := must(soa.Marshal(particles()))
	d.Set("other", soa.Of([]int8{1, 2, 3}))
	var got Particles
	require.NoError(t, soa.Unmarshal(d, &got))
	want := particles()
	want.Note, want.cache = "", nil
	require.Equal(t, want, got)

	got.Phi[0] = -1
	require.Equal(t, 0.5, must(soa.Column[float64](d, "Phi"))[0], "a copy")
	require.True(t, sharesMemory(column(d, "Header"), got.Header), "a view")
}

func TestUnmarshalOptional(t *testing.T) {
	d := must(soa.Marshal(particles()))
	d.Delete("alive")
	got := Particles{tags: tags{Alive: []Alive{true}}}
	require.NoError(t, soa.Unmarshal(d, &got))
	require.Equal(t, []Alive{true}, got.Alive, "as it was")
	require.Nil(t, got.Matrix)
}

type (
	embedsPointer       struct{ *Motion }
	embedsHiddenPointer struct{ *tags }
	hiddenTagged        struct {
		x []int8 `soa:"x"`
	}
	twice struct {
		Motion
		Other []int8 `soa:"pos"`
	}
	badOption struct {
		X []int8 `soa:"x,omitempty"`
	}
	hasInt    struct{ N []int }
	hasScalar struct{ N float64 }
	hasNested struct{ N [][]float32 }
	hasString struct{ N []string }
	hasArray  struct{ N [4]float32 }
	named     struct {
		M Motion
	}
)

func TestStructsThatCannotBe(t *testing.T) {
	tests := []struct {
		v    any // a pointer to a struct
		kind error
		says string
	}{
		{&embedsPointer{}, soa.ErrDType, "Motion"},
		{&embedsHiddenPointer{}, soa.ErrField, "not exported"},
		{&hiddenTagged{x: nil}, soa.ErrField, "not exported"},
		{&twice{}, soa.ErrField, `"pos"`},
		{&badOption{}, soa.ErrField, `"omitempty"`},
		{&hasInt{}, soa.ErrDType, "[]int64"},
		{&hasScalar{}, soa.ErrDType, `"N" is a float64`},
		{&hasNested{}, soa.ErrDType, "[][]float32"},
		{&hasString{}, soa.ErrDType, "[]string"},
		{&hasArray{}, soa.ErrDType, "[4]float32"},
		{&named{}, soa.ErrDType, `"M"`},
	}
	full := must(soa.Marshal(particles()))
	for _, test := range tests {
		_, err := soa.Marshal(test.v)
		require.ErrorIs(t, err, test.kind, "%T", test.v)
		require.ErrorContains(t, err, test.says)
		err = soa.Unmarshal(full, test.v)
		require.ErrorIs(t, err, test.kind, "%T", test.v)
		require.ErrorContains(t, err, test.says)
	}
}

func TestValuesThatAreNoStructs(t *testing.T) {
	for _, v := range []any{nil, 1, "s", []float64{1}, map[string]int{}, (*Particles)(nil), new(int)} {
		_, err := soa.Marshal(v)
		require.ErrorIs(t, err, soa.ErrDType, "%T", v)
		require.ErrorIs(t, soa.Unmarshal(soa.NewDict(), v), soa.ErrDType, "%T", v)
	}
	require.ErrorIs(t, soa.Unmarshal(soa.NewDict(), Particles{}), soa.ErrDType, "not a pointer")
}

func TestUnmarshalErrorsChangeNothing(t *testing.T) {
	tests := []struct {
		name   string
		change func(d *soa.Dict)
		kind   error
		says   string
	}{
		{"missing", func(d *soa.Dict) { d.Delete("Half") }, soa.ErrField, `"Half"`},
		{"other type", func(d *soa.Dict) { d.Set("Half", soa.Of([]uint16{1, 2})) }, soa.ErrDType, `"Half"`},
		{"other row", func(d *soa.Dict) { d.Set("vel", soa.Shaped(make([]float32, 4), 2, 2)) }, soa.ErrShape, `"vel"`},
		{"fewer dimensions", func(d *soa.Dict) { d.Set("vel", soa.Of(make([]float32, 6))) }, soa.ErrShape, `"vel"`},
		{"more dimensions", func(d *soa.Dict) { d.Set("Half", soa.Shaped(make([]soa.F16, 2), 2, 1)) }, soa.ErrShape, `"Half"`},
		{"scalar", func(d *soa.Dict) { d.Set("Half", soa.Shaped(make([]soa.F16, 1))) }, soa.ErrShape, `"Half"`},
		{"invalid", func(d *soa.Dict) { d.Set("Half", soa.Array{}) }, soa.ErrDType, `"Half"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := particles()
			source.Phi[0], source.ID[0] = 100, 100
			d := must(soa.Marshal(source))
			test.change(d)
			got := particles()
			err := soa.Unmarshal(d, &got)
			require.ErrorIs(t, err, test.kind)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, particles(), got)
		})
	}
	require.ErrorIs(t, soa.Unmarshal(nil, &Particles{}), soa.ErrField)
	require.NoError(t, soa.Unmarshal(nil, &struct{}{}))
}

type columns struct {
	X  []float64
	ID [][2]int32
}

func TestUnmarshalReusesSlices(t *testing.T) {
	large := must(soa.Marshal(columns{make([]float64, 1000), make([][2]int32, 1000)}))
	small := must(soa.Marshal(columns{make([]float64, 10), make([][2]int32, 10)}))

	var v columns
	require.NoError(t, soa.Unmarshal(large, &v))
	x, id := unsafe.SliceData(v.X), unsafe.SliceData(v.ID)
	for _, d := range []*soa.Dict{small, large} {
		require.NoError(t, soa.Unmarshal(d, &v))
		rows, _ := d.Rows()
		require.Len(t, v.X, rows)
		require.Len(t, v.ID, rows)
		require.Same(t, x, unsafe.SliceData(v.X))
		require.Same(t, id, unsafe.SliceData(v.ID))
	}

	into := func(d *soa.Dict, v *columns) float64 {
		return testing.AllocsPerRun(50, func() {
			if err := soa.Unmarshal(d, v); err != nil {
				panic(err)
			}
		})
	}
	reused := into(large, &v)
	fresh := testing.AllocsPerRun(50, func() {
		if err := soa.Unmarshal(large, &columns{}); err != nil {
			panic(err)
		}
	})
	require.Equal(t, into(small, &v), reused, "whatever the number of rows")
	require.GreaterOrEqual(t, fresh, reused+2, "a slice for each of two columns")
}

func TestUnmarshalOfItsOwnMarshal(t *testing.T) {
	p := particles()
	require.NoError(t, soa.Unmarshal(must(soa.Marshal(&p)), &p))
	require.Equal(t, particles(), p)
}

func TestRowsOfNoBytes(t *testing.T) {
	type empty struct{ X [][0]float32 }
	d := must(soa.Marshal(empty{make([][0]float32, 5)}))
	require.Equal(t, "{X:float32[5 0]}", d.String())
	var got empty
	require.NoError(t, soa.Unmarshal(d, &got))
	require.Len(t, got.X, 5)
}

// elementTypes are those that a field of a made-up struct is drawn from.
var elementTypes = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[soa.F16](), reflect.TypeFor[float32](), reflect.TypeFor[float64](),
	reflect.TypeFor[complex64](), reflect.TypeFor[complex128](), reflect.TypeFor[ID](), reflect.TypeFor[Alive](),
}

// structGen draws pointers to structs of made-up types, with made-up elements.
func structGen() *rapid.Generator[reflect.Value] {
	return rapid.Custom(func(t *rapid.T) reflect.Value {
		var fields []reflect.StructField
		for i := range rapid.IntRange(0, 6).Draw(t, "fields") {
			elem := rapid.SampledFrom(elementTypes).Draw(t, "element")
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, 3), 0, 2).Draw(t, "row") {
				elem = reflect.ArrayOf(n, elem)
			}
			name := string(rune('A' + i))
			tag := rapid.SampledFrom([]string{"", `soa:"` + name + `x"`, `soa:",optional"`}).Draw(t, "tag")
			fields = append(fields, reflect.StructField{Name: name, Type: reflect.SliceOf(elem), Tag: reflect.StructTag(tag)})
		}
		v := reflect.New(reflect.StructOf(fields))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range fields {
			n := rapid.IntRange(0, 4).Draw(t, "rows")
			v.Elem().Field(i).Set(reflect.MakeSlice(fields[i].Type, n, n))
			fillRandom(rng, v.Elem().Field(i))
		}
		return v
	})
}

func fillRandom(rng *rand.Rand, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		for i := range v.Len() {
			fillRandom(rng, v.Index(i))
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(rng.IntN(2) == 1)
	case v.CanInt():
		v.SetInt(rng.Int64() >> (64 - v.Type().Bits()))
	case v.CanUint():
		v.SetUint(rng.Uint64() >> (64 - v.Type().Bits()))
	case v.CanFloat():
		v.SetFloat(rng.NormFloat64())
	case v.CanComplex():
		v.SetComplex(complex(rng.NormFloat64(), rng.NormFloat64()))
	}
}

func TestUnmarshalUndoesMarshal(t *testing.T) {
	structs := structGen()
	rapid.Check(t, func(t *rapid.T) {
		v := structs.Draw(t, "struct")
		d, err := soa.Marshal(v.Interface())
		require.NoError(t, err)
		require.Equal(t, v.Elem().NumField(), d.Len())

		// As if it had been to a file and back.
		got := reflect.New(v.Elem().Type())
		require.NoError(t, soa.Unmarshal(d.Clone(), got.Interface()))
		require.Equal(t, v.Interface(), got.Interface())
		again, err := soa.Marshal(got.Interface())
		require.NoError(t, err)
		require.True(t, d.Equal(again))
	})
}
