package arena

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
)

// A power failure may leave some of what was written and not the rest, in any order.
// These tests make such files: they put back what a slot was before.

func numbers(first int64, n int) *soa.Dict {
	s := make([]int64, n)
	for i := range s {
		s[i] = first + int64(i)
	}
	d := soa.NewDict()
	d.Set("x", soa.Of(s))
	return d
}

func newFile(t *testing.T, opts Options) *Arena {
	a, err := Create(filepath.Join(t.TempDir(), "arena"), opts)
	require.NoError(t, err)
	return a
}

// put sets key and returns its version, in memory that nothing else uses.
func put(t *testing.T, a *Arena, key string, d *soa.Dict) *version {
	c, err := a.Stage(t.Context(), key, "s", d)
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	require.NoError(t, c.Finish())
	v := *c.new
	v.sums = slices.Clone(v.sums)
	return &v
}

func drop(t *testing.T, a *Arena, key string) {
	c, err := a.StageRemove(key)
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	require.NoError(t, c.Finish())
}

func again(t *testing.T, a *Arena, change func(f *os.File)) *Arena {
	require.NoError(t, a.Close())
	f, err := os.OpenFile(a.Name(), os.O_RDWR, 0)
	require.NoError(t, err)
	change(f)
	require.NoError(t, f.Close())
	b, err := Open(a.Name(), Options{Recycle: -1})
	require.NoError(t, err)
	return b
}

// recordOf returns what is written of s.
func recordOf(a *Arena, s slot) (rec [slotLen]byte) {
	s.put(rec[:], a.super.id)
	return rec
}

// rewrite writes the slot of a version as it once was.
func rewrite(t *testing.T, f *os.File, rec [slotLen]byte, at int64) {
	_, err := f.WriteAt(rec[:], at)
	require.NoError(t, err)
}

func equals(t *testing.T, a *Arena, key string, want *soa.Dict) {
	v, err := a.Get(key)
	require.NoError(t, err)
	d := soa.NewDict()
	require.NoError(t, v.Read(t.Context(), d, nil, ReadOptions{}))
	require.True(t, d.Equal(want))
	require.NoError(t, v.Close())
}

// TestASlotComesBack is for a slot that was freed, and counts again, in whose extent
// other values have been, and are.
func TestASlotComesBack(t *testing.T) {
	a := newFile(t, Options{})
	put(t, a, "first", numbers(0, 5000))
	old := put(t, a, "past", numbers(1, 5000))
	put(t, a, "last", numbers(3, 10)) // so that the file stays as long
	at, ext := old.at, old.ext
	drop(t, a, "past")
	next := put(t, a, "next", numbers(2, 3000))
	require.Equal(t, ext.off, next.ext.off, "in the same place")
	for _, newerStays := range []bool{true, false} {
		if !newerStays {
			drop(t, a, "next")
		}
		a = again(t, a, func(f *os.File) {
			p := make([]byte, page)
			head := next.append(p[:0], a.super.id, next.seq) // which was given back
			_, err := f.WriteAt(p[:len(head)], next.ext.off)
			require.NoError(t, err)
			if at == next.at {
				at += 20 * slotLen
			}
			s := old.slot
			s.at, s.state = at, committed
			rewrite(t, f, recordOf(a, s), at)
		})
		want := []string{"first", "last"}
		if newerStays {
			want = append(want, "next")
			equals(t, a, "next", numbers(2, 3000))
		}
		require.Equal(t, want, a.Keys())
		equals(t, a, "first", numbers(0, 5000))
		require.NoError(t, a.Verify(t.Context()), "the slot was freed")
		a = again(t, a, func(*os.File) {})
		require.Equal(t, want, a.Keys())
		require.NoError(t, a.Verify(t.Context()))
	}
	require.NoError(t, a.Close())
}

// TestASlotElsewhere is for bytes of a slot in another slot's place.
func TestASlotElsewhere(t *testing.T) {
	a := newFile(t, Options{})
	v := put(t, a, "k", numbers(1, 10))
	rec, at := recordOf(a, v.slot), v.at
	a = again(t, a, func(f *os.File) {
		rewrite(t, f, rec, at+5*slotLen)
		rewrite(t, f, [slotLen]byte{}, at)
	})
	require.Empty(t, a.Keys())
	require.ErrorIs(t, a.Verify(t.Context()), ErrChecksum)
	require.NoError(t, a.Sweep())
	require.NoError(t, a.Verify(t.Context()))
	require.NoError(t, a.Close())
}

// TestSeqsAreNew: not even a value that never got a slot shares its seq, which its
// header has, with a later one.
func TestSeqsAreNew(t *testing.T) {
	f := faultfs.New(fsys.OS)
	a := newFile(t, Options{FS: f, mapping: mapNone})
	put(t, a, "k", numbers(1, 10))
	f.Inject(faultfs.Fault{Op: faultfs.WriteAt, Skip: 1, Span: faultfs.Crash}) // after the header
	_, err := a.Stage(t.Context(), "j", "s", numbers(2, 10))
	require.Error(t, err)
	lost := a.seq
	f.Heal()
	a = again(t, a, func(*os.File) {})
	require.Greater(t, put(t, a, "i", numbers(3, 10)).seq, lost)
	require.NoError(t, a.Close())
}

// TestSync holds the order of writes and syncs: data, sync, slot; state, sync.
func TestSync(t *testing.T) {
	f := faultfs.New(fsys.OS)
	a := newFile(t, Options{FS: f, Sync: true, mapping: mapNone})
	put(t, a, "k", numbers(1, 10))
	n := len(f.Calls())
	ops := func() (ops []faultfs.Op) {
		for _, c := range f.Calls()[n:] {
			ops = append(ops, c.Op)
		}
		n = len(f.Calls())
		return ops
	}
	c, err := a.Stage(t.Context(), "k", "2", numbers(2, 10))
	require.NoError(t, err)
	require.Equal(t, []faultfs.Op{faultfs.WriteAt, faultfs.Sync, faultfs.WriteAt}, ops())
	require.NoError(t, c.Commit())
	require.Equal(t, []faultfs.Op{faultfs.WriteAt, faultfs.Sync}, ops())
	require.NoError(t, c.Undo())
	require.Equal(t, []faultfs.Op{faultfs.WriteAt, faultfs.Sync}, ops())
	c, err = a.StageRemove("k")
	require.NoError(t, err)
	require.Empty(t, ops())
	require.NoError(t, c.Commit())
	require.Equal(t, []faultfs.Op{faultfs.WriteAt, faultfs.Sync}, ops())
	require.NoError(t, c.Finish())
	require.Equal(t, []faultfs.Op{faultfs.WriteAt}, ops())
	require.NoError(t, a.Close())
}

// TestOneTableAtATime is for a goroutine that finds the table full while another adds
// the next one.
func TestOneTableAtATime(t *testing.T) {
	a := newFile(t, Options{})
	last, free := a.lastTab, len(a.slots)
	require.NoError(t, a.growTable(last))
	added := a.lastTab
	require.Equal(t, free+tableLen/slotLen-1, len(a.slots))
	require.NoError(t, a.growTable(last))
	require.Equal(t, added, a.lastTab)
	require.Equal(t, free+tableLen/slotLen-1, len(a.slots))
	require.NoError(t, a.Close())
}
