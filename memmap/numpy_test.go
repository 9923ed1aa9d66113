package memmap

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
)

var (
	//go:embed testdata/read.py
	readPy string
	//go:embed testdata/write.py
	writePy string
)

// needSciPy ends the test if NumPy is there without what the scripts need.
func needSciPy(t *testing.T) {
	const probe = `
try:
    import scipy.sparse, yaml
except ImportError as e:
    print(e)`
	if why := testkit.Python(t, probe); why != "" {
		testkit.Missing(t, "Python's SciPy and PyYAML: %s", why)
	}
}

// TestNumPyReads writes every element type, special values and edge shapes, and
// lets NumPy and SciPy tell what the files hold.
func TestNumPyReads(t *testing.T) {
	needSciPy(t)
	dir := t.TempDir()
	arrays := map[string]soa.Array{
		"bool":       soa.Of([]bool{true, false, true}),
		"int8":       soa.Of([]int8{-128, 0, 127}),
		"int16":      soa.Of([]int16{math.MinInt16, math.MaxInt16}),
		"int32":      soa.Of([]int32{math.MinInt32, math.MaxInt32}),
		"int64":      soa.Of([]int64{math.MinInt64, math.MaxInt64}),
		"uint8":      soa.Of([]uint8{0, 255}),
		"uint16":     soa.Of([]uint16{0, math.MaxUint16}),
		"uint32":     soa.Of([]uint32{0, math.MaxUint32}),
		"uint64":     soa.Of([]uint64{0, math.MaxUint64}),
		"float16":    soa.Of([]soa.F16{soa.ToF16(1.5), soa.ToF16(float32(math.Inf(-1)))}),
		"float32":    soa.Of([]float32{float32(math.NaN()), -0.5}),
		"float64":    soa.Of([]float64{math.NaN(), math.Inf(1), math.Copysign(0, -1)}),
		"complex64":  soa.Of([]complex64{1 - 2i}),
		"complex128": soa.Of([]complex128{3 + 4i}),
		"2d":         soa.Shaped([]int32{1, 2, 3, 4, 5, 6}, 2, 3),
		"4d":         soa.Shaped([]int64{1, 2, 3, 4, 5, 6}, 3, 1, 2, 1),
		"empty":      soa.Shaped([]float32{}, 3, 0),
	}
	var paths []string
	for name, a := range arrays {
		path := filepath.Join(dir, name)
		require.NoError(t, Write(path, a, Options{}))
		paths = append(paths, path)
	}
	sparse := map[string][]float32{
		"full":  {0, 1, 0, 2, 3, 0},
		"zeros": make([]float32, 6),
	}
	for name, values := range sparse {
		m, err := FromDense[float32, int64](values, 2, 3)
		require.NoError(t, err)
		path := filepath.Join(dir, "sparse_"+name)
		require.NoError(t, WriteSparse(path, m, Options{}))
		arrays["sparse_"+name] = soa.Shaped(values, 2, 3)
		paths = append(paths, path)
	}

	var got map[string]struct {
		DType string
		Shape []int
		Bytes string
	}
	require.NoError(t, json.Unmarshal([]byte(testkit.Python(t, readPy, paths...)), &got))
	require.Len(t, got, len(arrays))
	for path, g := range got {
		want := arrays[filepath.Base(path)]
		require.Equal(t, want.DType().String(), g.DType, path)
		require.Equal(t, want.Shape(), g.Shape, path)
		require.Equal(t, hex.EncodeToString(want.Bytes()), g.Bytes, path)
	}
}

// TestNumPyWrites opens what NumPy and SciPy write.
func TestNumPyWrites(t *testing.T) {
	needSciPy(t)
	dense, sparse := filepath.Join(t.TempDir(), "dense"), filepath.Join(t.TempDir(), "sparse")
	nnz, err := strconv.Atoi(strings.TrimSpace(testkit.Python(t, writePy, dense, sparse)))
	require.NoError(t, err)

	a, err := Open[float64](dense, ReadOnly)
	require.NoError(t, err)
	defer a.Close()
	require.Equal(t, []int{3, 4}, a.Shape())
	row, err := a.Row(2)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 1.125, 1.25, 1.375}, row)

	s, err := OpenSparse[float32, int32](sparse, ReadOnly)
	require.NoError(t, err)
	defer s.Close()
	m, err := s.CSR()
	require.NoError(t, err)
	require.NoError(t, m.Check())
	require.Equal(t, nnz, m.NNZ())
	require.Equal(t, []int{50, 80}, []int{m.Rows, m.Cols})
	for i := range m.Rows {
		cols, values, err := s.Row(i)
		require.NoError(t, err)
		for k, c := range cols {
			require.Equal(t, float32(c), values[k])
		}
	}
}
