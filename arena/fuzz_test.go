package arena

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/stretchr/testify/require"
)

// FuzzOpen opens files whose slots and headers say anything, with the checksums that
// belong to it: the rest of the file has values that must stay as they are.
func FuzzOpen(f *testing.F) {
	d := soa.NewDict()
	d.Set("x", soa.Of([]int64{1, 2, 3}))
	d.Set("flags", soa.Shaped([]bool{true, false}, 2, 1))
	name := filepath.Join(f.TempDir(), "arena") // of this process, which runs one input at a time
	a, err := Create(name, Options{Recycle: -1, mapping: mapNone})
	require.NoError(f, err)
	for _, key := range []string{"first", "second"} {
		c, err := a.Stage(context.Background(), key, "s", d)
		require.NoError(f, err)
		require.NoError(f, c.Commit())
		require.NoError(f, c.Finish())
	}
	id := a.super.id
	v := a.keys["second"].current
	head := v.append(nil, id, v.seq)
	f.Add(uint64(v.at), uint64(v.seq), uint64(v.ext.off), uint64(v.ext.len), uint64(v.size), uint64(v.head), uint8(committed), uint64(v.ext.off), head)
	f.Add(uint64(page), uint64(9), uint64(firstLen), uint64(tableLen), uint64(0), uint64(0), uint8(linked), uint64(firstLen), head)
	f.Add(uint64(page+5*slotLen), uint64(9), uint64(firstLen), uint64(page), uint64(9), uint64(44), uint8(removed), uint64(firstLen), head[:30])
	require.NoError(f, a.Close())
	base, err := os.ReadFile(name)
	require.NoError(f, err)

	f.Fuzz(func(t *testing.T, at, seq, off, length, size, headLen uint64, st uint8, where uint64, head []byte) {
		content := append(append([]byte{}, base...), make([]byte, 4*page)...)
		s := slot{at: int64(page + at%60000/slotLen*slotLen), seq: seq, ext: extent{int64(off), int64(length)}, size: int64(size), head: int64(headLen), state: state(st % uint8(numStates))}
		s.put(content[s.at:], id)
		if len(head) >= 8 {
			sign := head[:len(head)-8]
			head = native.AppendUint64(append([]byte{}, sign...), crc64.Update(id, sign))
		}
		copy(content[firstLen+where%uint64(len(content)-firstLen):], head)
		require.NoError(t, os.WriteFile(name, content, 0o600))
		for _, opts := range []Options{{ReadOnly: true}, {mapping: mapNone}} {
			use(t, name, opts)
		}
	})
}

// use does all that can be done with a file, whatever comes of it.
func use(t *testing.T, name string, opts Options) {
	a, err := Open(name, opts)
	if err != nil {
		return
	}
	_ = a.Verify(t.Context())
	for _, key := range a.Keys() {
		v, err := a.Get(key)
		require.NoError(t, err)
		d := soa.NewDict()
		if v.Read(t.Context(), d, nil, ReadOptions{}) == nil {
			require.NoError(t, v.View(t.Context(), nil, ReadOptions{Unchecked: true}, func(seen *soa.Dict) error {
				require.True(t, seen.Equal(d))
				return nil
			}))
		}
		require.NoError(t, v.Close())
	}
	if !opts.ReadOnly {
		_ = a.Sweep()
		d := soa.NewDict()
		d.Set("y", soa.Of(make([]int32, 5000)))
		for _, key := range []string{"first", "third"} {
			c, err := a.Stage(t.Context(), key, "s", d)
			require.NoError(t, err)
			require.NoError(t, c.Commit())
			require.NoError(t, c.Finish())
		}
		u := a.Usage()
		require.Equal(t, u.File, u.Used+u.Free+u.Holes)
		require.NoError(t, a.Verify(t.Context()))
	}
	require.NoError(t, a.Close())
}
