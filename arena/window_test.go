package arena

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
)

// TestWindowTakesOver sets values again and again, by system calls at first and then
// through the mapping, and reads them both ways.
func TestWindowTakesOver(t *testing.T) {
	for _, rows := range []int{100, block / 8, 3*block/8 + 17} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			a, err := Create(filepath.Join(t.TempDir(), "arena"), Options{mapping: mapAll})
			require.NoError(t, err)
			defer func() { require.NoError(t, a.Remove()) }()
			into, mapped := soa.NewDict(), false
			for i := range 4*block/(8*rows) + 6 {
				s := make([]uint64, rows)
				for k := range s {
					s[k] = uint64(i*rows + k)
				}
				d := soa.NewDict()
				d.Set("x", soa.Of(s))
				c, err := a.Stage(t.Context(), "k", "s", d)
				require.NoError(t, err)
				mapped = a.window.toWrite(c.new.ext.off, 1) != nil
				require.NoError(t, c.Commit())
				require.NoError(t, c.Finish())
				v, err := a.Get("k")
				require.NoError(t, err)
				require.NoError(t, v.Read(t.Context(), into, nil, ReadOptions{}))
				require.NoError(t, v.Close())
				require.True(t, into.Equal(d), "round %d", i)
			}
			require.True(t, mapped)
		})
	}
}

func TestReach(t *testing.T) {
	f, err := fsys.OS.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_RDWR|os.O_CREATE)
	require.NoError(t, err)
	defer f.Close()
	content := bytes.Repeat([]byte("abcdefghi"), 4*aroundLen/9)
	_, err = f.WriteAt(content, 0)
	require.NoError(t, err)
	m, err := f.MapShared(8 * aroundLen)
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Unmap()) }()
	end := int64(len(content))
	for _, at := range []struct {
		off int64
		n   int
	}{{0, 1}, {end - 1, 1}, {aroundLen - 1, 2}, {64, aroundLen}, {3, 2*aroundLen + 5}, {0, int(end)}} {
		require.Equal(t, content[at.off:at.off+int64(at.n)], reach(m, at.off, at.n))
	}
	require.Error(t, m.Guard(func() error { reach(m, 6*aroundLen, 1); return nil }), "beyond the end of the file")
}

// TestOften writes a block again and again at different speeds: the second time that
// it was written within a short time, stores take over, and until it was not.
func TestOften(t *testing.T) {
	now := time.Duration(0)
	clock := func() time.Duration { return now }
	var b blockUse
	pass := func(took time.Duration) (first, last bool) {
		const steps = 32
		for i := range steps {
			now += took / steps
			last = b.write(block/steps, clock)
			if i == 0 {
				first = last
			}
		}
		return first, last
	}
	for _, p := range []struct {
		took        time.Duration
		first, last bool
	}{
		{time.Hour, false, false},
		{oftenMost, false, true},
		{oftenMost / 10, true, true},
		{2 * oftenMost, true, false},
		{2 * oftenMost, false, false},
		{oftenMost / 2, false, true},
	} {
		first, last := pass(p.took)
		require.Equal(t, p.first, first, "%v", p)
		require.Equal(t, p.last, last, "%v", p)
	}
}
