package soastore_test

import (
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/memmap"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// TestMemmapInPlace changes a value through its views, and reads it with package
// memmap and with NumPy.
func TestMemmapInPlace(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "tmp")
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	s, err := soastore.NewMemmap(p, soastore.Options{Path: path, Writable: true})
	require.NoError(t, err)
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
