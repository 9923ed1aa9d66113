package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/cmd/soactl/internal/check"
)

// Whatever bit of an arena is another one, there is a problem or the values are as
// they were.
func TestArenaBits(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.tmp.rank-0.arena")
	a, err := arena.Create(name, arena.Options{Label: "rank 0 of 1"})
	require.NoError(t, err)
	want := soa.NewDict()
	want.Set("x", soa.Of([]int64{1, 2, 3}))
	want.Set("ok", soa.Of([]bool{true, false}))
	for _, key := range []string{"a", "b"} {
		c, err := a.Stage(t.Context(), key, "set", want)
		require.NoError(t, err)
		require.NoError(t, c.Commit())
		require.NoError(t, c.Finish())
	}
	end := a.Usage().Used
	require.NoError(t, a.Close())
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(end))
	data, err := os.ReadFile(name)
	require.NoError(t, err)

	deep := check.Checker{Deep: true}
	flips := 0
	look := func(at int) {
		_, err := f.WriteAt([]byte{data[at] ^ 1<<(at%8)}, int64(at))
		require.NoError(t, err)
		if r := deep.File(t.Context(), name); r.Good() {
			requireValues(t, name, want)
		} else {
			flips++
			require.Contains(t, r.Problems[0].String(), name, at)
		}
		_, err = f.WriteAt(data[at:at+1], int64(at))
		require.NoError(t, err)
	}
	for at := range data {
		// the superblock, the ends of the table and the headers, closely; the rest, here
		// and there
		if at < 64 || at >= 4096 && at < 4096+64 || at >= 65536-192 && at < 65536+256 || at >= 65536+4096 && at < 65536+4096+256 || at%509 == 0 {
			look(at)
		}
	}
	require.Greater(t, flips, 300, "most of these bits matter")
	r := deep.File(t.Context(), name)
	require.True(t, r.Good(), "%v", r.Problems)
}

func requireValues(t *testing.T, name string, want *soa.Dict) {
	a, err := arena.Open(name, arena.Options{ReadOnly: true})
	require.NoError(t, err)
	defer a.Close()
	for _, key := range a.Keys() {
		v, err := a.Get(key)
		require.NoError(t, err)
		d := soa.NewDict()
		require.NoError(t, v.Read(t.Context(), d, nil, arena.ReadOptions{}))
		require.True(t, want.Equal(d), key)
		require.NoError(t, v.Close())
	}
	require.Equal(t, []string{"a", "b"}, a.Keys())
}
