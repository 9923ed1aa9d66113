package genericio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

func TestAssign(t *testing.T) {
	for _, test := range []struct {
		ranks int
		want  [][]int // by reader
	}{
		{4, [][]int{{0, 1, 2, 3}}},
		{4, [][]int{{0}, {1}, {2}, {3}}},
		{7, [][]int{{0, 1}, {2, 3}, {4, 5, 6}}},
		{5, [][]int{{0}, {1}, {2}, {3, 4}}},
		{2, [][]int{nil, nil, {1}, {0}}},
		{0, [][]int{nil, nil}},
	} {
		for proc, want := range test.want {
			got := genericio.Assign(test.ranks, len(test.want), proc)
			if len(want) == 0 {
				require.Empty(t, got, "%d ranks, reader %d of %d", test.ranks, proc, len(test.want))
			} else {
				require.Equal(t, want, got, "%d ranks, reader %d of %d", test.ranks, proc, len(test.want))
			}
		}
	}
}

// Every file rank goes to exactly one reader, and shares differ by one at most.
func TestAssignGivesOutEveryRankOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranks, procs := rapid.IntRange(0, 300).Draw(t, "ranks"), rapid.IntRange(1, 300).Draw(t, "procs")
		owner := map[int]int{}
		for proc := range procs {
			got := genericio.Assign(ranks, procs, proc)
			if n := len(got) - ranks/procs; n != 0 && n != 1 {
				t.Fatalf("reader %d gets %v", proc, got)
			}
			for i, r := range got {
				if _, twice := owner[r]; twice || i > 0 && r != got[i-1]+1 {
					t.Fatalf("reader %d gets %v", proc, got)
				}
				owner[r] = proc
			}
		}
		if len(owner) != ranks {
			t.Fatalf("%d of %d ranks given out", len(owner), ranks)
		}
	})
}

// concat returns the rows of Dicts one after another.
func concat(t testing.TB, dicts ...*soa.Dict) *soa.Dict {
	out := dicts[0].Clone()
	for _, d := range dicts[1:] {
		for name, a := range d.All() {
			have, _ := out.Get(name)
			shape := append([]int{have.Rows() + a.Rows()}, a.Shape()[1:]...)
			both, err := soa.New(a.DType(), shape...)
			require.NoError(t, err)
			copy(both.Bytes()[copy(both.Bytes(), have.Bytes()):], a.Bytes())
			out.Set(name, both)
		}
	}
	return out
}

func TestRedistribute(t *testing.T) {
	for _, f := range fixtures {
		s := openDataset(t, f.path())
		for procs := 1; procs <= 6; procs++ {
			for proc := range procs {
				want := f.want(0)
				for name, a := range want.All() {
					want.Set(name, a.Slice(0, 0))
				}
				for _, rank := range genericio.Assign(f.ranks, procs, proc) {
					want = concat(t, want, f.want(rank))
				}
				d := soa.NewDict()
				require.NoError(t, s.ReadShare(ctx, genericio.Share{Policy: genericio.Redistribute, Procs: procs, Proc: proc}, d))
				requireEqual(t, want, d, f.file, procs, proc)
			}
		}
	}
}

func TestRedistributeReadsNamedColumnsIntoGivenArrays(t *testing.T) {
	f := fixtureNamed(t, "parts.gio")
	s := openDataset(t, f.path())
	memory := make([]int64, 500)
	d := soa.NewDict()
	d.Set("id", soa.Of(memory))
	d.Set("other", soa.Of([]int8{1}))
	sh := genericio.Share{Policy: genericio.Redistribute, Procs: 1}
	require.NoError(t, s.ReadShare(ctx, sh, d, "x", "id"))
	want, err := concat(t, f.want(0), f.want(1), f.want(2), f.want(3)).Select("id", "x")
	require.NoError(t, err)
	id, _ := soa.Column[int64](want, "id")
	require.Equal(t, id, memory[:len(id)], "in the memory of the given array")
	require.Equal(t, []string{"id", "other", "x"}, d.Names())
	d.Delete("other")
	requireEqual(t, want, d)

	require.ErrorIs(t, s.ReadShare(ctx, sh, d, "nothing"), soa.ErrField)
	require.ErrorIs(t, s.ReadShare(ctx, genericio.Share{Policy: genericio.Redistribute, Procs: 1, Proc: 1}, d), genericio.ErrRank)
}

func TestDisallowedAndAllowed(t *testing.T) {
	f := fixtureNamed(t, "plain.gio")
	s := openDataset(t, f.path())
	d := soa.NewDict()
	err := s.ReadShare(ctx, genericio.Share{Procs: 3}, d)
	require.ErrorIs(t, err, genericio.ErrRankCount)
	var count *genericio.RankCountError
	require.ErrorAs(t, err, &count)
	require.Equal(t, 4, count.Have)
	require.Equal(t, 3, count.Want)
	require.Contains(t, err.Error(), "Redistribute")

	err = s.ReadShare(ctx, genericio.Share{Procs: 4, Dims: [3]int{4, 1, 1}}, d)
	require.ErrorIs(t, err, genericio.ErrRankCount)
	require.ErrorContains(t, err, "[2 2 1]")
	require.ErrorContains(t, err, "[4 1 1]")
	require.Zero(t, d.Len())

	for proc := range 4 {
		require.NoError(t, s.ReadShare(ctx, genericio.Share{Procs: 4, Proc: proc, Dims: [3]int{2, 2, 1}}, d))
		requireEqual(t, f.want(proc), d, proc)
		require.NoError(t, s.ReadShare(ctx, genericio.Share{Policy: genericio.Allowed, Procs: 9, Proc: proc}, d))
		requireEqual(t, f.want(proc), d, proc)
	}
	require.NoError(t, s.ReadShare(ctx, genericio.Share{Policy: genericio.Allowed, Procs: 9, Proc: 4}, d))
	rows, ok := d.Rows()
	require.True(t, ok && rows == 0 && d.Len() == 10)
}
