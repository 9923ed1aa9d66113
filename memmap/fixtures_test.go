package memmap

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// fixture is what daf wrote, of which the manifest gives the values.
type fixture struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Values  []any  `json:"values"` // dense
	Dense   []any  `json:"dense"`  // sparse
	NNZ     int    `json:"nnz"`
	Indices string `json:"indices_dtype"`
	Indptr  string `json:"indptr_dtype"`
}

func fixtures(t testing.TB) map[string]fixture {
	text, err := os.ReadFile("testdata/manifest.json")
	require.NoError(t, err)
	var m map[string]fixture
	require.NoError(t, json.Unmarshal(text, &m))
	require.Len(t, m, 26)
	return m
}

func fixturePath(name string) string { return filepath.Join("testdata", name) }

// numbers returns what the manifest gives, and an array holds, as float64.
func numbers(t *testing.T, values []any) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case float64:
			out[i] = v
		case bool:
			if v {
				out[i] = 1
			}
		default:
			t.Fatalf("value %d is a %T", i, v)
		}
	}
	return out
}

func elements(t *testing.T, a soa.Array) []float64 {
	switch a.DType() {
	case soa.Bool:
		return convert(t, a, func(v bool) float64 {
			if v {
				return 1
			}
			return 0
		})
	case soa.Float16:
		return convert(t, a, func(v soa.F16) float64 { return float64(v.Float32()) })
	case soa.Int8:
		return convert(t, a, func(v int8) float64 { return float64(v) })
	case soa.Int16:
		return convert(t, a, func(v int16) float64 { return float64(v) })
	case soa.Int32:
		return convert(t, a, func(v int32) float64 { return float64(v) })
	case soa.Int64:
		return convert(t, a, func(v int64) float64 { return float64(v) })
	case soa.Uint8:
		return convert(t, a, func(v uint8) float64 { return float64(v) })
	case soa.Uint16:
		return convert(t, a, func(v uint16) float64 { return float64(v) })
	case soa.Uint32:
		return convert(t, a, func(v uint32) float64 { return float64(v) })
	case soa.Uint64:
		return convert(t, a, func(v uint64) float64 { return float64(v) })
	case soa.Float32:
		return convert(t, a, func(v float32) float64 { return float64(v) })
	case soa.Float64:
		return convert(t, a, func(v float64) float64 { return v })
	}
	t.Fatalf("no fixture has type %v", a.DType())
	return nil
}

func convert[T soa.Element](t *testing.T, a soa.Array, to func(T) float64) []float64 {
	values, err := soa.Values[T](a)
	require.NoError(t, err)
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = to(v)
	}
	return out
}

func TestDenseFixtures(t *testing.T) {
	types := make(map[string]bool)
	for name, want := range fixtures(t) {
		if want.Values == nil {
			continue
		}
		types[want.DType] = true
		t.Run(name, func(t *testing.T) {
			f, err := OpenFile(fixturePath(name), ReadOnly)
			require.NoError(t, err)
			defer f.Close()
			require.Equal(t, want.DType, f.Info().DType.String())
			require.Equal(t, want.Shape, f.Info().Shape)
			d, err := f.Dict()
			require.NoError(t, err)
			a, _ := d.Get("array")
			require.Equal(t, want.Shape, a.Shape())
			require.Equal(t, numbers(t, want.Values), elements(t, a))

			path := filepath.Join(t.TempDir(), "copy")
			require.NoError(t, Write(path, a, Options{}))
			requireSameFiles(t, fixturePath(name), path, yamlSuffix, arraySuffix)
			require.NoError(t, Create(path, a.DType(), a.Shape(), Options{}))
			requireSameFiles(t, fixturePath(name), path, yamlSuffix)
		})
	}
	require.Len(t, types, 12, "every type of daf's")
}

func TestSparseFixtures(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testSparseFixture[float32](t, "sparse_f32") })
	t.Run("int16", func(t *testing.T) { testSparseFixture[int16](t, "sparse_i16_trailing_empty") })
}

func testSparseFixture[T int16 | float32](t *testing.T, name string) {
	want := fixtures(t)[name]
	s, err := OpenSparse[T, int32](fixturePath(name), ReadOnly)
	require.NoError(t, err)
	defer s.Close()
	m, err := s.CSR()
	require.NoError(t, err)
	require.NoError(t, m.Check())
	require.Equal(t, want.Shape, []int{m.Rows, m.Cols}, "the shape is kept, trailing empty columns too")
	require.Equal(t, want.NNZ, m.NNZ())

	dense := make([]T, m.Rows*m.Cols)
	for i := range dense {
		dense[i] = 99 // ToDense writes zeros too
	}
	require.NoError(t, m.ToDense(dense))
	require.Equal(t, numbers(t, want.Dense), elements(t, soa.Of(dense)))

	back, err := FromDense[T, int32](dense, m.Rows, m.Cols)
	require.NoError(t, err)
	require.Equal(t, m, back)

	path := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, WriteSparse(path, back, Options{}))
	requireSameFiles(t, fixturePath(name), path, yamlSuffix, dataSuffix, indicesSuffix, indptrSuffix)
}

func requireSameFiles(t *testing.T, a, b string, suffixes ...string) {
	for _, suffix := range suffixes {
		have, err := os.ReadFile(a + suffix)
		require.NoError(t, err)
		got, err := os.ReadFile(b + suffix)
		require.NoError(t, err)
		require.Equal(t, have, got, suffix)
	}
}

func TestFromDenseZeros(t *testing.T) {
	m, err := FromDense[float64, int64]([]float64{0, math.Copysign(0, -1), math.NaN(), 1}, 2, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 0, 2}, m.Indptr)
	require.True(t, math.IsNaN(m.Data[0]))
}
