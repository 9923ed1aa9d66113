package genericio_test

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// inside reports whether a's memory is a part of mem.
func inside(a soa.Array, mem []byte) bool {
	p, lo := uintptr(unsafe.Pointer(unsafe.SliceData(a.Bytes()))), uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	return p >= lo && p < lo+uintptr(len(mem))
}

func mapFile(t *testing.T, data []byte) *fsys.Mapping {
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	f, err := fsys.OS.OpenFile(name, os.O_RDONLY)
	require.NoError(t, err)
	defer f.Close()
	m, err := f.Map(int64(len(data)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Unmap()) })
	return m
}

func TestViewOfAnAlignedFileCopiesNothing(t *testing.T) {
	dicts := []*soa.Dict{testkit.RandomDict(1, 1001), testkit.RandomDict(2, 7)}
	f := write(t, dicts, func(int) genericio.Spec { return genericio.Spec{Align: 64} })
	m, r := mapFile(t, f.data), f.reader(t)
	for rank, want := range dicts {
		d, err := r.View(ctx, m.Data, rank)
		require.NoError(t, err)
		requireEqual(t, want, d, rank)
		for name, a := range d.All() {
			v, _ := r.Variable(name)
			require.True(t, r.Viewable(rank, v))
			require.True(t, inside(a, m.Data), name)
		}
	}
}

func TestViewOfTheReferenceFiles(t *testing.T) {
	shared := 0
	for _, f := range fixtures {
		if f.file == "parts.gio" {
			continue
		}
		m := mapFile(t, load(t, f.file))
		r, err := newReader(m.Data)
		require.NoError(t, err)
		for rank := range f.ranks {
			d, err := r.View(ctx, m.Data, rank)
			require.NoError(t, err)
			requireEqual(t, f.want(rank), d, f.file, rank)
			for name, a := range d.All() {
				v, _ := r.Variable(name)
				if a.NBytes() > 0 {
					require.Equal(t, r.Viewable(rank, v), inside(a, m.Data), "%s %d %s", f.file, rank, name)
				}
				if inside(a, m.Data) {
					shared++
				}
			}
		}
	}
	require.NotZero(t, shared)
}

// Memory that is not itself aligned is copied out of.
func TestViewOfUnalignedMemory(t *testing.T) {
	want := testkit.RandomDict(1, 100)
	f := write(t, []*soa.Dict{want}, func(int) genericio.Spec { return genericio.Spec{Align: 64} })
	mem := append(make([]byte, 1, len(f.data)+1), f.data...)[1:]
	d, err := f.reader(t).View(ctx, mem, 0)
	require.NoError(t, err)
	requireEqual(t, want, d)
}

func TestViewChecks(t *testing.T) {
	f := write(t, []*soa.Dict{testkit.RandomDict(1, 100)}, func(int) genericio.Spec { return genericio.Spec{Align: 64} })
	r := f.reader(t)
	_, err := r.View(ctx, f.data, 1)
	require.ErrorIs(t, err, genericio.ErrRank)
	_, err = r.View(ctx, f.data, 0, "nothing")
	require.ErrorIs(t, err, soa.ErrField)
	f.data[r.Block(0, 2).Offset] ^= 1
	_, err = r.View(ctx, f.data, 0, "x")
	require.NoError(t, err)
	_, err = r.View(ctx, f.data, 0)
	require.ErrorIs(t, err, genericio.ErrChecksum)
	_, err = r.View(ctx, f.data[:len(f.data)-1], 0, "mask")
	require.ErrorIs(t, err, genericio.ErrFormat)
}
