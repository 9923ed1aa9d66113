package arena_test

import (
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func remove(t *testing.T, a *arena.Arena, keys ...string) {
	t.Helper()
	c, err := a.StageRemove(keys...)
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	require.NoError(t, c.Finish())
}

// onDisk returns how many bytes of disk space the file takes.
func onDisk(t *testing.T, name string) int64 {
	var st unix.Stat_t
	require.NoError(t, unix.Stat(name, &st))
	return st.Blocks * 512
}

func TestRecycle(t *testing.T) {
	const rows = 200_000 // 1.6 MB
	for name, test := range map[string]struct{ recycle, least, most int64 }{
		"all":  {1 << 60, 40 << 20, 1 << 62},
		"some": {3 << 20, 3 << 20, 4 << 20},
		"none": {-1, 0, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			dir := memoryFolder(t) // where disk space is counted at once
			a, err := arena.Create(filepath.Join(dir, "arena"), arena.Options{Recycle: test.recycle})
			require.NoError(t, err)
			begin(t, a)
			for i := range 20 {
				set(t, a, keyName(i), "s", of(int64(i), rows))
			}
			for i := range 20 {
				if i != 10 {
					remove(t, a, keyName(i))
				}
			}
			rest := onDisk(t, a.Name()) - rows*8
			require.GreaterOrEqual(t, rest, test.least)
			require.LessOrEqual(t, rest, test.most)
			u := a.Usage()
			require.LessOrEqual(t, u.Free, max(test.most, 0))
			require.True(t, get(t, a, keyName(10)).Equal(of(10, rows)))
			checkSpace(t, a)
			for i := range 5 { // into holes, if there are any
				set(t, a, keyName(i), "s", of(int64(-i), rows))
			}
			for i := range 5 {
				require.True(t, get(t, a, keyName(i)).Equal(of(int64(-i), rows)))
			}
			checkSpace(t, a)
			require.NoError(t, a.Verify(t.Context()))
		})
	}
}

// By default a file keeps what the largest value took, so that values of one size can
// replace each other in the same place.
func TestRecycleDefault(t *testing.T) {
	const rows = 12 << 20 // 96 MiB
	dir := memoryFolder(t)
	a, err := arena.Create(filepath.Join(dir, "arena"), arena.Options{})
	require.NoError(t, err)
	begin(t, a)
	set(t, a, "a", "s", of(1, rows))
	set(t, a, "a", "s", of(2, rows))
	set(t, a, "b", "s", of(3, rows))
	remove(t, a, "a")
	remove(t, a, "b")
	rest := onDisk(t, a.Name())
	require.GreaterOrEqual(t, rest, int64(rows*8))
	require.LessOrEqual(t, rest, int64(rows*8+65<<20))
	checkSpace(t, a)
}

// TestGrowsAhead counts reservations: many small values share one, also in the holes
// that removed ones leave below others, and even where no free space is to be kept.
func TestGrowsAhead(t *testing.T) {
	const values = 500
	f := faultfs.New(fsys.OS)
	a := create(t, arena.Options{FS: f, Recycle: -1})
	set(t, a, "first", "s", of(0, values*1024)) // as long as the others are in sum
	set(t, a, "last", "s", of(0, 1))
	remove(t, a, "first")
	require.NotZero(t, a.Usage().Holes)
	before := f.Count(faultfs.Allocate)
	for i := range 2 * values {
		set(t, a, keyName(i), "s", of(int64(i), 1000))
	}
	require.Less(t, f.Count(faultfs.Allocate)-before, values/4)
	for i := range 2 * values {
		require.True(t, get(t, a, keyName(i)).Equal(of(int64(i), 1000)))
		remove(t, a, keyName(i))
	}
	require.LessOrEqual(t, a.Usage().Free, a.Usage().Used/8)
	checkSpace(t, a)
}

func TestLimit(t *testing.T) {
	each(t, arena.Options{Limit: 5 << 20}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		n := 0
		for ; ; n++ {
			c, err := a.Stage(t.Context(), keyName(n), "s", of(int64(n), 100_000))
			if err != nil {
				require.ErrorIs(t, err, arena.ErrNoSpace)
				require.NotErrorIs(t, err, unix.ENOSPC)
				break
			}
			require.NoError(t, c.Commit())
			require.NoError(t, c.Finish())
		}
		require.Equal(t, 6, n)
		require.LessOrEqual(t, onDisk(t, a.Name()), int64(5<<20))
		for i := 0; i < n; i += 2 {
			remove(t, a, keyName(i))
		}
		set(t, a, "big", "s", of(1, 200_000)) // longer than each of the spans
		require.LessOrEqual(t, a.Blocks(), int64(5<<20))
		for i := 1; i < n; i += 2 {
			require.True(t, get(t, a, keyName(i)).Equal(of(int64(i), 100_000)))
		}
		checkSpace(t, a)
		b := reopen(t, a, opts)
		require.True(t, get(t, b, "big").Equal(of(1, 200_000)))
		_, err := b.Stage(t.Context(), "more", "s", of(1, 300_000))
		require.ErrorIs(t, err, arena.ErrNoSpace)
		checkSpace(t, b)
	})
	_, err := arena.Create(filepath.Join(t.TempDir(), "arena"), arena.Options{Limit: 1000})
	require.ErrorIs(t, err, arena.ErrNoSpace)
}

// TestSteady replaces values of changing size for long: the file does not grow on.
func TestSteady(t *testing.T) {
	a := create(t, arena.Options{})
	for i := range 400 {
		set(t, a, keyName(i%10), "s", of(int64(i), 1+i*7919%50_000))
	}
	require.LessOrEqual(t, a.Usage().File, int64(70<<20), "it grew once")
	checkSpace(t, a)
}

// TestWithoutReserving is for file systems that can neither reserve nor punch.
func TestWithoutReserving(t *testing.T) {
	f := faultfs.New(fsys.OS)
	for _, op := range []faultfs.Op{faultfs.Allocate, faultfs.Punch, faultfs.Lock} {
		f.Inject(faultfs.Fault{Op: op, Span: faultfs.Always, Err: unix.ENOTSUP})
	}
	a := create(t, arena.Options{FS: f, Recycle: -1})
	for range 2 {
		for i := range 10 {
			set(t, a, keyName(i%5), "s", of(int64(i), 50_000))
		}
		for i := range 5 {
			require.True(t, get(t, a, keyName(i)).Equal(of(int64(i+5), 50_000)))
		}
		checkSpace(t, a)
		a = reopen(t, a, arena.Options{FS: f})
	}
}

func TestDirect(t *testing.T) {
	a := create(t, arena.Options{Direct: true})
	for _, rows := range []int{arena.DirectLen/8 - 1, arena.DirectLen / 8, 3_000_000} {
		want := of(7, rows)
		want.Set("flag", soa.Of([]bool{true, false, true}))
		want.Set("empty", soa.Of([]int16{}))
		want.Set("half", soa.Of(make([]soa.F16, rows/3)))
		set(t, a, "k", "s", want)
		require.True(t, get(t, a, "k").Equal(want))
		v, err := a.Get("k")
		require.NoError(t, err)
		for _, names := range [][]string{{"half"}, {"flag", "x"}, {"empty"}} {
			for _, unchecked := range []bool{false, true} {
				d := soa.NewDict()
				require.NoError(t, v.Read(t.Context(), d, names, arena.ReadOptions{Unchecked: unchecked}))
				part, err := want.Select(names...)
				require.NoError(t, err)
				require.True(t, d.Equal(part))
			}
		}
		require.NoError(t, v.Close())
		b := reopen(t, a, arena.Options{})
		require.True(t, get(t, b, "k").Equal(want))
		a = reopen(t, b, arena.Options{Direct: true})
	}
	checkSpace(t, a)
}

// TestDirectRefused makes the system refuse at each operation, as some do for some
// transfers only, or fail.
func TestDirectRefused(t *testing.T) {
	want := of(7, 700_000)
	for _, err := range []error{unix.EINVAL, unix.EIO} {
		faultfs.Sweep(t, faultfs.Fault{Err: err}, func(t *testing.T, f *faultfs.FS) {
			name := filepath.Join(t.TempDir(), "arena")
			a, err := arena.Create(name, arena.Options{FS: f, Direct: true})
			if err != nil {
				require.NotEmpty(t, f.Fired())
				return
			}
			defer a.Close()
			c, err := a.Stage(t.Context(), "k", "s", want)
			if err == nil {
				if err = c.Commit(); err != nil {
					f.Heal()
					require.NoError(t, c.Undo())
				}
			}
			if err != nil {
				require.NotEmpty(t, f.Fired())
				require.Empty(t, a.Keys())
				return
			}
			v, err := a.Get("k")
			require.NoError(t, err)
			defer v.Close()
			d := soa.NewDict()
			if err := v.Read(t.Context(), d, nil, arena.ReadOptions{}); err != nil {
				require.NotEmpty(t, f.Fired())
				return
			}
			require.True(t, d.Equal(want))
		})
	}
}

func TestDirectOfAReplacedFile(t *testing.T) {
	a := create(t, arena.Options{})
	other := create(t, arena.Options{})
	require.NoError(t, a.Close())
	_, err := arena.Open(a.Name(), arena.Options{Direct: true, FS: swapping{fsys.OS, other.Name()}})
	require.ErrorIs(t, err, arena.ErrInUse)
}

// swapping is a file system on which a file has been replaced when it is opened for
// the second time.
type swapping struct {
	fsys.FS
	other string
}

func (s swapping) OpenFile(name string, flag int) (fsys.File, error) {
	if flag&unix.O_DIRECT != 0 {
		name = s.other
	}
	return s.FS.OpenFile(name, flag)
}

// TestNoSpaceLeavesHoles refuses a value for which the file would have to grow from
// what is free at its end, a part of which has no disk space.
func TestNoSpaceLeavesHoles(t *testing.T) {
	a := create(t, arena.Options{Recycle: 400 << 10, Limit: 2 << 20})
	set(t, a, "a", "s", of(1, 100_000))
	set(t, a, "b", "s", of(2, 12_500))
	remove(t, a, "a")
	set(t, a, "c", "s", of(3, 25_000))
	remove(t, a, "b")
	u := a.Usage()
	require.NotZero(t, u.Free)
	require.NotZero(t, u.Holes)
	_, err := a.Stage(t.Context(), "d", "s", of(4, 300_000))
	require.ErrorIs(t, err, arena.ErrNoSpace)
	checkSpace(t, a)
	set(t, a, "d", "s", of(4, 200_000))
	require.True(t, get(t, a, "d").Equal(of(4, 200_000)))
	require.True(t, get(t, a, "c").Equal(of(3, 25_000)))
	checkSpace(t, a)
}
