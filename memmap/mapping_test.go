package memmap

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
)

// mappings returns how many there are now.
func mappings() int {
	table.mu.Lock()
	defer table.mu.Unlock()
	return len(table.live)
}

// noMappings checks that the test leaves none.
func noMappings(t *testing.T) {
	testkit.NoLeaks(t)
	before := mappings()
	t.Cleanup(func() {
		require.Equal(t, before, mappings(), "mappings left")
		if before == 0 {
			require.Empty(t, table.shared)
		}
	})
}

func values[T soa.Element](t testing.TB, a *Array[T]) []T {
	t.Helper()
	v, err := a.Values()
	require.NoError(t, err)
	return v
}

func open[T soa.Element](t testing.TB, path string, mode Mode) *Array[T] {
	t.Helper()
	a, err := Open[T](path, mode)
	require.NoError(t, err)
	t.Cleanup(func() { a.Close() })
	return a
}

func newArray(t testing.TB, dtype soa.DType, shape ...int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, Create(path, dtype, shape, Options{}))
	return path
}

func TestSharing(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Int64, 1000)
	rw := open[int64](t, path, ReadWrite)
	again := open[int64](t, path, ReadWrite)
	ro := open[int64](t, path, ReadOnly)
	other := open[int64](t, filepath.Join(filepath.Dir(path), ".", "a"), ReadOnly)
	require.Equal(t, 1, mappings(), "one mapping for all")

	values(t, rw)[999] = 7
	require.EqualValues(t, 7, values(t, again)[999])
	require.EqualValues(t, 7, values(t, ro)[999])
	require.EqualValues(t, 7, values(t, other)[999])

	require.NoError(t, rw.Close())
	require.NoError(t, again.Close())
	require.EqualValues(t, 7, values(t, ro)[999], "mapped until the last one closes")
	require.NoError(t, other.Close())
	require.NoError(t, ro.Close())
	require.Equal(t, 0, mappings())
}

func TestReadWriteDoesNotShareReadOnly(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Int32, 10)
	ro := open[int32](t, path, ReadOnly)
	rw := open[int32](t, path, ReadWrite)
	require.Equal(t, 2, mappings())
	values(t, rw)[3] = 5
	require.EqualValues(t, 5, values(t, ro)[3], "later writes are seen")
}

func TestCopyOnWrite(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Uint16, 4)
	a, b := open[uint16](t, path, CopyOnWrite), open[uint16](t, path, CopyOnWrite)
	ro := open[uint16](t, path, ReadOnly)
	values(t, a)[0] = 1
	require.EqualValues(t, 1, values(t, a)[0])
	require.Zero(t, values(t, b)[0])
	require.Zero(t, values(t, ro)[0])
	require.ErrorIs(t, a.Advise(DontNeed), ErrMode)
	require.NoError(t, a.Sync())
	require.EqualValues(t, 1, values(t, a)[0])
}

// A file at the same path is another file: its elements are not those of the one
// that is still mapped, whether or not the sizes are equal.
func TestRecreated(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Int64, 8)
	for _, n := range []int{8, 9} {
		old := open[int64](t, path, ReadWrite)
		values(t, old)[0] = 42
		require.NoError(t, Create(path, soa.Int64, []int{n}, Options{}))
		fresh := open[int64](t, path, ReadWrite)
		require.Len(t, values(t, fresh), n)
		require.Zero(t, values(t, fresh)[0])
		values(t, fresh)[1] = 1
		require.EqualValues(t, 42, values(t, old)[0])
		require.Zero(t, values(t, old)[1])
		require.NoError(t, Remove(path))
		require.EqualValues(t, 42, values(t, old)[0], "who has it open keeps it")
		require.NoError(t, Create(path, soa.Int64, []int{8}, Options{}))
	}
}

func TestPersistence(t *testing.T) {
	noMappings(t)
	for _, o := range []Options{{}, {Reserve: true}, {Sync: true}, {Reserve: true, Sync: true}} {
		path := filepath.Join(t.TempDir(), "a")
		require.NoError(t, Create(path, soa.Float64, []int{3, 5000}, o))
		a := open[float64](t, path, ReadWrite)
		row, err := a.Row(1)
		require.NoError(t, err)
		require.Len(t, row, 5000)
		require.Equal(t, len(row), cap(row))
		for i := range row {
			row[i] = float64(i)
		}
		for _, advice := range []Advice{Normal, Sequential, Random, WillNeed, DontNeed} {
			require.NoError(t, a.Advise(advice))
		}
		require.NoError(t, a.Sync())
		require.NoError(t, a.Close())

		b := open[float64](t, path, ReadOnly)
		require.EqualValues(t, 4999, values(t, b)[9999])
		require.Zero(t, values(t, b)[10000])
		require.NoError(t, b.Close())

		st, err := os.Stat(path + arraySuffix)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, st.Mode().Perm())
	}
}

func TestReserveAllocates(t *testing.T) {
	hole, full := newArray(t, soa.Uint8, 1<<20), filepath.Join(t.TempDir(), "full")
	require.NoError(t, Create(full, soa.Uint8, []int{1 << 20}, Options{Reserve: true}))
	require.Zero(t, diskBytes(t, hole))
	require.GreaterOrEqual(t, diskBytes(t, full), int64(1<<20))
}

// Where the file system cannot reserve, zeros are written.
func TestReserveWritesZeros(t *testing.T) {
	cannot := faultfs.Fault{Op: faultfs.Allocate, Err: syscall.EOPNOTSUPP, Span: faultfs.Always}
	path := filepath.Join(t.TempDir(), "a")
	holes := faultfs.New(fsys.OS)
	holes.Inject(cannot)
	require.NoError(t, create(holes, path, soa.Uint8, []int{3<<20 + 5}, Options{Reserve: true}))
	require.Equal(t, 4+1, holes.Count(faultfs.WriteAt), "zeros by the MiB, and the YAML file")
	require.GreaterOrEqual(t, diskBytes(t, path), int64(3<<20+5))
	for _, v := range values(t, open[uint8](t, path, ReadOnly)) {
		if v != 0 {
			t.Fatal(v)
		}
	}

	full := faultfs.New(fsys.OS)
	full.Inject(cannot)
	full.Inject(faultfs.Fault{Op: faultfs.WriteAt, Skip: 2, Err: syscall.ENOSPC, Short: true})
	require.ErrorIs(t, create(full, path, soa.Uint8, []int{9 << 20}, Options{Reserve: true}), syscall.ENOSPC)
	require.Len(t, values(t, open[uint8](t, path, ReadOnly)), 3<<20+5)
}

// TestResized: a file that another program has made longer is mapped anew.
func TestResized(t *testing.T) {
	noMappings(t)
	name := filepath.Join(t.TempDir(), "any")
	require.NoError(t, os.WriteFile(name, make([]byte, 100), 0o600))
	for _, size := range []int64{100, 300, 50} {
		require.NoError(t, os.Truncate(name, size))
		r, err := Map(name, ReadWrite, 0, -1)
		require.NoError(t, err)
		defer r.Close()
		b, err := r.Bytes()
		require.NoError(t, err)
		require.Len(t, b, int(size))
	}
	require.Equal(t, 3, mappings())
}

func TestEmpty(t *testing.T) {
	noMappings(t)
	for _, shape := range [][]int{{0}, {0, 4}, {4, 0}, {2, 0, 1 << 62}} {
		path := newArray(t, soa.Float32, shape...)
		a := open[float32](t, path, ReadWrite)
		require.Equal(t, shape, a.Shape())
		require.Empty(t, values(t, a))
		require.NoError(t, a.Sync())
		require.NoError(t, a.Advise(WillNeed))
		_, err := a.Row(shape[0])
		require.ErrorIs(t, err, ErrRange)
		if shape[0] > 0 {
			row, err := a.Row(shape[0] - 1)
			require.NoError(t, err)
			require.Empty(t, row)
		}
		require.NoError(t, a.Close())
		require.ErrorIs(t, a.Close(), ErrClosed)
	}
}

func TestClosed(t *testing.T) {
	noMappings(t)
	a := open[int8](t, newArray(t, soa.Int8, 3, 3), ReadWrite)
	require.NoError(t, a.Close())
	_, err := a.Values()
	require.ErrorIs(t, err, ErrClosed)
	_, err = a.Row(0)
	require.ErrorIs(t, err, ErrClosed)
	_, err = a.Dict()
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, a.Sync(), ErrClosed)
	require.ErrorIs(t, a.Advise(Random), ErrClosed)
	require.ErrorIs(t, a.Close(), ErrClosed)
	require.ErrorIs(t, Guard(func() error { panic("not run") }, a), ErrClosed)

	s, err := OpenSparse[float32, int32](fixturePath("sparse_f32"), ReadOnly)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = s.CSR()
	require.ErrorIs(t, err, ErrClosed)
	_, _, err = s.Row(0)
	require.ErrorIs(t, err, ErrClosed)
}

// TestMapRange maps pieces of a file at every kind of offset.
func TestMapRange(t *testing.T) {
	noMappings(t)
	page := int64(os.Getpagesize())
	name := filepath.Join(t.TempDir(), "any")
	content := make([]byte, 3*page+100)
	for i := range content {
		content[i] = byte(i * 7)
	}
	require.NoError(t, os.WriteFile(name, content, 0o600))
	for _, r := range [][2]int64{{0, 1}, {1, 5}, {page - 1, 2}, {page, page}, {2*page + 3, page + 97}, {0, 3*page + 100}, {3*page + 100, 0}} {
		m, err := Map(name, ReadWrite, r[0], r[1])
		require.NoError(t, err)
		b, err := m.Bytes()
		require.NoError(t, err)
		require.Equal(t, string(content[r[0]:][:r[1]]), string(b))
		require.Equal(t, len(b), cap(b))
		require.NoError(t, m.Advise(DontNeed))
		require.NoError(t, m.Sync())
		require.Equal(t, string(content[r[0]:][:r[1]]), string(b))
		require.NoError(t, m.Close())
	}

	whole, err := Map(name, ReadWrite, 0, -1)
	require.NoError(t, err)
	piece, err := Map(name, ReadOnly, page+8, 16)
	require.NoError(t, err)
	require.Equal(t, 1, mappings(), "a mapping of the whole file serves any piece")
	b, err := piece.Bytes()
	require.NoError(t, err)
	a, err := soa.FromBytes(soa.Float64, b, 2)
	require.NoError(t, err)
	require.Equal(t, 16, a.NBytes())
	require.NoError(t, whole.Close())
	require.Equal(t, content[page+8:][:16], b)
	require.NoError(t, piece.Close())

	for _, r := range [][2]int64{{-1, 1}, {0, 3*page + 101}, {3*page + 101, 0}, {3*page + 101, -1}, {0, -2}, {1 << 62, 1 << 62}} {
		_, err := Map(name, ReadOnly, r[0], r[1])
		require.ErrorIs(t, err, ErrRange, "%v", r)
	}
	_, err = Map(filepath.Dir(name), ReadOnly, 0, 0)
	require.ErrorIs(t, err, os.ErrInvalid)
}

// TestConcurrent opens, shares, uses and closes from many goroutines; under the
// race detector.
func TestConcurrent(t *testing.T) {
	noMappings(t)
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	for _, p := range paths {
		require.NoError(t, Create(p, soa.Int64, []int{64, 128}, Options{}))
	}
	shared := open[int64](t, paths[0], ReadWrite)
	var wg sync.WaitGroup
	for g := range 2 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range 200 {
				a, err := Open[int64](paths[i%2], Mode((g+i)%3))
				if err != nil {
					t.Error(err)
					return
				}
				if err := Guard(func() error {
					v, err := a.Values()
					if err == nil && v[i] != 0 {
						t.Errorf("element %d is %d", i, v[i])
					}
					return err
				}, a, shared); err != nil {
					t.Error(err)
				}
				for _, err := range []error{a.Sync(), a.Advise(WillNeed), a.Close()} {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestCloseWhileUsed closes a handle that other goroutines use: each use works or
// is an ErrClosed.
func TestCloseWhileUsed(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Int64, 1<<16)
	for range 50 {
		a, err := Open[int64](path, ReadWrite)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				sum := func() error {
					v, err := a.Values()
					if err != nil {
						return err
					}
					total := int64(0)
					for i := 0; i < len(v); i += 512 {
						total += v[i]
					}
					if total != 0 {
						t.Errorf("the sum is %d", total)
					}
					return nil
				}
				for {
					if err := Guard(sum, a); err != nil {
						if !isClosed(err) {
							t.Error(err)
						}
						return
					}
					if err := a.Sync(); err != nil && !isClosed(err) {
						t.Error(err)
					}
				}
			})
		}
		runtime.Gosched()
		require.NoError(t, a.Close())
		wg.Wait()
	}
}
