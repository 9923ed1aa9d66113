package genericio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

func TestReadsEveryValueOfTheReferenceFiles(t *testing.T) {
	for _, f := range fixtures {
		if f.file == "parts.gio" {
			continue // a rank map: see TestDatasetsOfTheReferenceFiles
		}
		r, err := genericio.Open(f.path(), genericio.ReadOptions{})
		require.NoError(t, err)
		require.Len(t, r.Header().Ranks, f.ranks)
		for rank := range f.ranks {
			d := soa.NewDict()
			require.NoError(t, r.ReadRank(ctx, rank, d))
			requireEqual(t, f.want(rank), d, f.file, rank)
		}
		require.NoError(t, r.Verify(ctx))
		require.NoError(t, r.Close())
	}
}

func TestReadsNamedColumnsIntoGivenArrays(t *testing.T) {
	f := fixtureNamed(t, "aos.gio")
	r, err := newReader(load(t, f.file))
	require.NoError(t, err)
	want := f.want(1)
	pos, id := make([]float32, 4*f.rows(1)+3), make([]int64, 2)
	d := soa.NewDict()
	d.Set("pos", soa.Of(pos))
	d.Set("id", soa.Of(id))
	d.Set("keep", soa.Of([]int8{7}))
	require.NoError(t, r.ReadRank(ctx, 1, d, "id", "pos"))
	require.Equal(t, []string{"pos", "id", "keep"}, d.Names())
	a, _ := want.Get("pos")
	values, _ := soa.Values[float32](a)
	require.Equal(t, values, pos[:len(values)], "in the memory that was given")
	got, _ := d.Get("pos")
	require.True(t, a.Equal(got))
	require.Equal(t, []int64{0, 0}, id, "too small to be used")
	a, _ = want.Get("id")
	got, _ = d.Get("id")
	require.True(t, a.Equal(got))
}

// A call that is refused leaves the Dict as it was.
func TestRefusedReadsChangeNothing(t *testing.T) {
	data := load(t, "plain.gio")
	r, err := newReader(data)
	require.NoError(t, err)
	d := soa.NewDict()
	for _, rank := range []int{-1, 4} {
		require.ErrorIs(t, r.ReadRank(ctx, rank, d), genericio.ErrRank)
	}
	err = r.ReadRank(ctx, 0, d, "x", "nothing")
	var field *soa.FieldError
	require.ErrorAs(t, err, &field)
	require.Equal(t, "nothing", field.Field)
	require.Contains(t, field.Have, "phi")
	require.ErrorIs(t, r.ReadRank(ctx, 0, d, "x", "x"), soa.ErrField)
	data[r.Block(0, 9).Offset] ^= 1
	require.ErrorIs(t, r.ReadRank(ctx, 0, d), genericio.ErrChecksum)
	require.Zero(t, d.Len())
}
