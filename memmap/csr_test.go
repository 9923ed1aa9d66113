package memmap

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
)

func TestSparseEmpty(t *testing.T) {
	noMappings(t)
	for _, shape := range [][2]int{{0, 0}, {0, 3}, {3, 0}, {3, 4}} {
		m := CSR[float64, int64]{Rows: shape[0], Cols: shape[1], Indptr: make([]int64, shape[0]+1)}
		path := filepath.Join(t.TempDir(), "a")
		require.NoError(t, WriteSparse(path, m, Options{Sync: true}))
		s, err := OpenSparse[float64, int64](path, ReadWrite)
		require.NoError(t, err)
		got, err := s.CSR()
		require.NoError(t, err)
		require.NoError(t, got.Check())
		require.Equal(t, shape, [2]int{got.Rows, got.Cols})
		require.Zero(t, got.NNZ())
		for i := range m.Rows {
			cols, values, err := s.Row(i)
			require.NoError(t, err)
			require.Empty(t, cols)
			require.Empty(t, values)
		}
		_, _, err = s.Row(m.Rows)
		require.ErrorIs(t, err, ErrRange)
		require.NoError(t, s.Close())
	}
}

// TestNotCanonical: each way not to be is refused on writing, with the row.
func TestNotCanonical(t *testing.T) {
	good := func() CSR[int16, int32] {
		return CSR[int16, int32]{3, 4, []int16{1, 2, 3}, []int32{0, 3, 2}, []int32{0, 2, 2, 3}}
	}
	require.NoError(t, good().Check())
	for name, c := range map[string]struct {
		row   int
		spoil func(*CSR[int16, int32])
	}{
		"unsorted":        {0, func(m *CSR[int16, int32]) { m.Indices[0], m.Indices[1] = 3, 0 }},
		"duplicate":       {0, func(m *CSR[int16, int32]) { m.Indices[1] = 0 }},
		"column too high": {2, func(m *CSR[int16, int32]) { m.Indices[2] = 4 }},
		"column negative": {2, func(m *CSR[int16, int32]) { m.Indices[2] = -1 }},
		"pointers fall":   {1, func(m *CSR[int16, int32]) { m.Indptr[2] = 1 }},
		"pointer beyond":  {0, func(m *CSR[int16, int32]) { m.Indptr[1] = 4 }},
		"pointer below":   {0, func(m *CSR[int16, int32]) { m.Indptr[1] = -1 }},
		"first pointer":   {-1, func(m *CSR[int16, int32]) { m.Indptr[0] = 1 }},
		"last pointer":    {-1, func(m *CSR[int16, int32]) { m.Indptr[3] = 2 }},
		"few pointers":    {-1, func(m *CSR[int16, int32]) { m.Indptr = m.Indptr[:3] }},
		"no pointers":     {-1, func(m *CSR[int16, int32]) { m.Indptr = nil }},
		"few columns":     {-1, func(m *CSR[int16, int32]) { m.Indices = m.Indices[:2] }},
		"negative rows":   {-1, func(m *CSR[int16, int32]) { m.Rows = -1 }},
		"negative cols":   {-1, func(m *CSR[int16, int32]) { m.Cols = -1 }},
	} {
		t.Run(name, func(t *testing.T) {
			m := good()
			c.spoil(&m)
			path := filepath.Join(t.TempDir(), "a")
			err := WriteSparse(path, m, Options{})
			var canonical *CanonicalError
			require.ErrorAs(t, err, &canonical)
			require.ErrorIs(t, err, ErrCanonical)
			require.Equal(t, c.row, canonical.Row, err)
			require.Equal(t, path, canonical.Path)
			requireNoFiles(t, filepath.Dir(path))
			if m.Rows == 3 && m.Cols == 4 {
				require.ErrorIs(t, m.ToDense(make([]int16, 12)), ErrCanonical)
			}
		})
	}
}

// TestHostileSparse changes the files of a good matrix: what opening does not see,
// reading a row or checking does, and nothing panics.
func TestHostileSparse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	m := CSR[float32, int32]{3, 4, []float32{1, 2, 3}, []int32{0, 3, 2}, []int32{0, 2, 2, 3}}
	require.NoError(t, WriteSparse(path, m, Options{}))
	spoil := func(t *testing.T) CSR[float32, int32] {
		s, err := OpenSparse[float32, int32](path, ReadWrite)
		require.NoError(t, err)
		t.Cleanup(func() { s.Close() })
		got, err := s.CSR()
		require.NoError(t, err)
		return got
	}
	t.Run("row pointer", func(t *testing.T) {
		spoil(t).Indptr[1] = 1 << 30
		s, err := OpenSparse[float32, int32](path, ReadOnly)
		require.NoError(t, err)
		defer s.Close()
		for _, i := range []int{0, 1} {
			_, _, err = s.Row(i)
			require.ErrorIs(t, err, ErrCanonical)
		}
		_, values, err := s.Row(2)
		require.NoError(t, err)
		require.Equal(t, []float32{3}, values)
		got, err := s.CSR()
		require.NoError(t, err)
		require.ErrorIs(t, got.Check(), ErrCanonical)
	})
	t.Run("last pointer", func(t *testing.T) {
		noMappings(t)
		spoil(t).Indptr[3] = 99
		_, err := OpenSparse[float32, int32](path, ReadOnly)
		require.ErrorIs(t, err, ErrCanonical)
		require.ErrorContains(t, err, path)
	})
}

func TestFromDenseErrors(t *testing.T) {
	_, err := FromDense[int8, int32](make([]int8, 5), 2, 3)
	require.ErrorIs(t, err, soa.ErrShape)
	_, err = FromDense[int8, int32](make([]int8, 5), -1, -5)
	require.ErrorIs(t, err, soa.ErrShape)
	_, err = FromDense[int8, int32](nil, 0, 1<<31)
	require.ErrorIs(t, err, ErrRange)
	m, err := FromDense[int8, int64](nil, 0, 1<<31)
	require.NoError(t, err)
	require.ErrorIs(t, m.ToDense(make([]int8, 1)), soa.ErrShape)
}

// TestConversions takes random matrices through files of both kinds and back.
func TestConversions(t *testing.T) {
	dir := memoryDir(t)
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(0, 9).Draw(t, "rows"), rapid.IntRange(0, 9).Draw(t, "cols")
		dense := rapid.SliceOfN(rapid.Int32Range(-1, 1), rows*cols, rows*cols).Draw(t, "dense")
		m, err := FromDense[int32, int64](dense, rows, cols)
		require.NoError(t, err)
		require.NoError(t, m.Check())
		require.NotContains(t, m.Data, int32(0))

		path := filepath.Join(dir, "a")
		require.NoError(t, WriteSparse(path, m, Options{}))
		s, err := OpenSparse[int32, int64](path, CopyOnWrite)
		require.NoError(t, err)
		defer s.Close()
		mapped, err := s.CSR()
		require.NoError(t, err)

		require.NoError(t, Create(path, soa.Int32, []int{rows, cols}, Options{}))
		a, err := Open[int32](path, ReadWrite)
		require.NoError(t, err)
		defer a.Close()
		back, err := a.Values()
		require.NoError(t, err)
		require.NoError(t, mapped.ToDense(back))
		require.True(t, slices.Equal(dense, back))
	})
}
