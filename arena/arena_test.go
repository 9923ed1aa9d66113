package arena_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestChange(t *testing.T) {
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		first, second := anyDict(), of(7, 1000)
		c := stage(t, a, "k", "1", first)
		require.Empty(t, a.Keys())
		require.Equal(t, []string{"k"}, a.Recoverable())
		_, err := a.Get("k")
		require.ErrorIs(t, err, arena.ErrNotFound)
		require.NoError(t, c.Commit())
		require.Equal(t, []string{"k"}, a.Keys())
		require.True(t, get(t, a, "k").Equal(first))
		require.NoError(t, c.Finish())
		require.NoError(t, c.Undo(), "too late: it does nothing")

		c = stage(t, a, "k", "2", second)
		_, err = a.Stage(t.Context(), "k", "3", first)
		require.ErrorIs(t, err, arena.ErrPending)
		_, err = a.StageRemove("k")
		require.ErrorIs(t, err, arena.ErrPending)
		require.ErrorIs(t, a.Restore(t.Context(), "k", "1"), arena.ErrPending)
		require.Error(t, c.Finish(), "before Commit")
		require.NoError(t, c.Commit())
		require.Error(t, c.Commit(), "twice")
		require.True(t, get(t, a, "k").Equal(second))
		require.Equal(t, []arena.Version{{Stamp: "2", Current: true}, {Stamp: "1"}}, a.Versions("k"))
		require.NoError(t, c.Undo())
		require.True(t, get(t, a, "k").Equal(first))
		require.Equal(t, []arena.Version{{Stamp: "1", Current: true}}, a.Versions("k"))

		c = stage(t, a, "k", "2", second)
		require.NoError(t, c.Undo())
		require.True(t, get(t, a, "k").Equal(first))

		_, err = a.StageRemove("k", "none")
		require.ErrorIs(t, err, arena.ErrNotFound)
		_, err = a.StageRemove("k", "k")
		require.ErrorIs(t, err, arena.ErrPending)
		set(t, a, "j", "j", second)
		c, err = a.StageRemove("k", "j")
		require.NoError(t, err)
		require.True(t, get(t, a, "k").Equal(first))
		require.NoError(t, c.Commit())
		require.Empty(t, a.Keys())
		require.Equal(t, []string{"j", "k"}, a.Recoverable())
		require.NoError(t, c.Undo())
		require.True(t, get(t, a, "k").Equal(first))
		c, err = a.StageRemove("k", "j")
		require.NoError(t, err)
		require.NoError(t, c.Commit())
		require.NoError(t, c.Finish())
		require.Empty(t, a.Recoverable())
		require.Nil(t, a.Versions("k"))
		checkSpace(t, a)
	})
}

// TestWhatStaysOnDisk opens files again whose last process ended in each state of a
// change.
func TestWhatStaysOnDisk(t *testing.T) {
	old, next := of(1, 10), of(2, 20)
	removal := func(t *testing.T, a *arena.Arena) *arena.Change {
		c, err := a.StageRemove("k")
		require.NoError(t, err)
		return c
	}
	staging := func(t *testing.T, a *arena.Arena) *arena.Change { return stage(t, a, "k", "next", next) }
	tests := map[string]struct {
		begin   func(t *testing.T, a *arena.Arena) *arena.Change
		steps   []func(*arena.Change) error
		current *soa.Dict
		want    []arena.Version
	}{
		"staged":    {staging, nil, old, []arena.Version{{Stamp: "next"}, {Stamp: "old", Current: true}}},
		"committed": {staging, []func(*arena.Change) error{(*arena.Change).Commit}, next, []arena.Version{{Stamp: "next", Current: true}, {Stamp: "old"}}},
		"finished":  {staging, []func(*arena.Change) error{(*arena.Change).Commit, (*arena.Change).Finish}, next, []arena.Version{{Stamp: "next", Current: true}}},
		"undone":    {staging, []func(*arena.Change) error{(*arena.Change).Commit, (*arena.Change).Undo}, old, []arena.Version{{Stamp: "old", Current: true}}},
		"removed":   {removal, []func(*arena.Change) error{(*arena.Change).Commit}, nil, []arena.Version{{Stamp: "old"}}},
		"gone":      {removal, []func(*arena.Change) error{(*arena.Change).Commit, (*arena.Change).Finish}, nil, nil},
		"unremoved": {removal, []func(*arena.Change) error{(*arena.Change).Commit, (*arena.Change).Undo}, old, []arena.Version{{Stamp: "old", Current: true}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			each(t, arena.Options{Recycle: -1}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
				set(t, a, "k", "old", old)
				c := test.begin(t, a)
				for _, step := range test.steps {
					require.NoError(t, step(c))
				}
				check := func(b *arena.Arena) {
					checkSpace(t, b)
					require.Equal(t, test.want, b.Versions("k"))
					if test.current == nil {
						require.Empty(t, b.Keys())
					} else {
						require.True(t, get(t, b, "k").Equal(test.current))
					}
					require.NoError(t, b.Verify(t.Context()))
				}
				require.NoError(t, a.Close())
				require.Error(t, c.Commit())

				before, err := os.ReadFile(a.Name())
				require.NoError(t, err)
				r := open(t, a.Name(), arena.Options{ReadOnly: true})
				require.Equal(t, test.want, r.Versions("k"))
				require.NoError(t, r.Verify(t.Context()))
				require.NoError(t, r.Close())
				after, err := os.ReadFile(a.Name())
				require.NoError(t, err)
				require.Equal(t, before, after, "looking changes nothing")

				b := open(t, a.Name(), opts)
				check(b)
				for _, v := range test.want { // each version can be had, from each state
					copied := copyOf(t, b.Name())
					c := open(t, copied, opts)
					require.NoError(t, c.Restore(t.Context(), "k", v.Stamp))
					want := map[string]*soa.Dict{"old": old, "next": next}[v.Stamp]
					for range 2 {
						require.True(t, get(t, c, "k").Equal(want))
						require.Equal(t, []arena.Version{{Stamp: v.Stamp, Current: true}}, c.Versions("k"))
						checkSpace(t, c)
						c = reopen(t, c, opts)
					}
					require.NoError(t, c.Close())
				}
				require.NoError(t, b.Sweep())
				require.Empty(t, b.Recoverable())
				checkSpace(t, b)
				b = reopen(t, b, opts)
				require.LessOrEqual(t, len(b.Versions("k")), 1)
				if test.current != nil {
					require.True(t, get(t, b, "k").Equal(test.current))
				} else {
					require.Empty(t, b.Keys())
				}
				require.ErrorIs(t, b.Restore(t.Context(), "k", "another"), arena.ErrNotFound)
				require.ErrorIs(t, b.Restore(t.Context(), "none", "old"), arena.ErrNotFound)
				require.NoError(t, b.Close())
			})
		})
	}
}

func copyOf(t *testing.T, name string) string {
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	copied := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.WriteFile(copied, content, 0o600))
	return copied
}

// A value that was removed, of which an older version is left from a crash, must not
// come back as that one.
func TestRemovedStaysRemoved(t *testing.T) {
	a := create(t, arena.Options{})
	set(t, a, "k", "1", of(1, 1))
	c := stage(t, a, "k", "2", of(2, 1))
	require.NoError(t, c.Commit())
	a = reopen(t, a, arena.Options{})
	require.Len(t, a.Versions("k"), 2)
	c, err := a.StageRemove("k")
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	a = reopen(t, a, arena.Options{})
	require.Empty(t, a.Keys())
	require.Len(t, a.Versions("k"), 2)
	require.NoError(t, a.Sweep())
	a = reopen(t, a, arena.Options{})
	require.Empty(t, a.Keys())
	require.Empty(t, a.Recoverable())
	require.NoError(t, a.Close())
}

// TestRemovedStaysRemovedWhenKilled kills Sweep at each write, with an older version
// left beside the one that was removed.
func TestRemovedStaysRemovedWhenKilled(t *testing.T) {
	hits := faultfs.Sweep(t, faultfs.Fault{Op: faultfs.WriteAt, Skip: 6, Span: faultfs.Crash}, func(t *testing.T, f *faultfs.FS) {
		plain := arena.Mapped(arena.Options{}, arena.MapNone)
		faulty := plain
		faulty.FS = f
		name := filepath.Join(t.TempDir(), "arena")
		a, err := arena.Create(name, faulty)
		require.NoError(t, err)
		set(t, a, "k", "1", of(1, 1))
		c := stage(t, a, "k", "2", of(2, 1))
		if c.Commit() == nil {
			a = reopen(t, a, faulty)
			if c, err = a.StageRemove("k"); err == nil && c.Commit() == nil {
				require.NoError(t, a.Close())
				a = open(t, name, faulty)
				_ = a.Sweep()
				f.Heal()
				_ = a.Close()
				require.Empty(t, open(t, name, plain).Keys())
			}
		}
		_ = a.Close()
	})
	require.Greater(t, hits, 3)
}

// An Undo that failed leaves a version in the file that is newer than the current one.
func TestRemovalAfterAFailedUndo(t *testing.T) {
	f := faultfs.New(fsys.OS)
	opts := arena.Mapped(arena.Options{FS: f}, arena.MapNone)
	a := create(t, opts)
	set(t, a, "k", "1", of(1, 1))
	c := stage(t, a, "k", "2", of(2, 1))
	require.NoError(t, c.Commit())
	f.Inject(faultfs.Fault{Op: faultfs.WriteAt, Span: faultfs.Always})
	require.Error(t, c.Undo())
	f.Heal()
	require.True(t, get(t, a, "k").Equal(of(1, 1)))
	require.Equal(t, []arena.Version{{Stamp: "2"}, {Stamp: "1", Current: true}}, a.Versions("k"))
	c, err := a.StageRemove("k")
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	require.Empty(t, reopen(t, a, opts).Keys())
}

func TestRestoreReadsFirst(t *testing.T) {
	a := create(t, arena.Options{})
	set(t, a, "k", "1", of(1, 1000))
	require.NoError(t, stage(t, a, "k", "2", of(2, 1000)).Commit())
	v, err := a.Get("k")
	require.NoError(t, err)
	at := v.Fields()[0].Offset
	require.NoError(t, v.Close())
	a = reopen(t, a, arena.Options{})
	require.NoError(t, a.Restore(t.Context(), "k", "2"))
	c := stage(t, a, "k", "3", of(3, 1000)) // only staged, in the place of 1
	_ = c
	a = reopen(t, a, arena.Options{})
	require.Equal(t, []arena.Version{{Stamp: "3"}, {Stamp: "2", Current: true}}, a.Versions("k"))
	other, err := arena.Open(a.Name(), arena.Options{ReadOnly: true})
	require.NoError(t, err)
	require.NoError(t, other.Close())
	f, err := os.OpenFile(a.Name(), os.O_RDWR, 0)
	require.NoError(t, err)
	for _, off := range []int64{arena.FirstLen, arena.FirstLen + 2*8192 + 4096, at} {
		_, err = f.WriteAt([]byte{0xff}, off+900)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	require.ErrorIs(t, a.Restore(t.Context(), "k", "3"), arena.ErrChecksum)
	require.Equal(t, []arena.Version{{Stamp: "3"}, {Stamp: "2", Current: true}}, a.Versions("k"), "and nothing changed")
}

// TestManyWritersAddTables makes goroutines find the table full at once.
func TestManyWritersAddTables(t *testing.T) {
	const writers, each = 8, 400
	a := create(t, arena.Options{})
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				c, err := a.Stage(t.Context(), keyName(w*each+i), "s", of(int64(w*each+i), 3))
				if err == nil {
					err = errors.Join(c.Commit(), c.Finish())
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	checkSpace(t, a)
	a = reopen(t, a, arena.Options{})
	require.Len(t, a.Keys(), writers*each)
	require.NoError(t, a.Verify(t.Context()))
	checkSpace(t, a)
}

func TestReadersKeepTheirValue(t *testing.T) {
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		old := of(1, 100_000)
		set(t, a, "k", "1", old)
		v, err := a.Get("k")
		require.NoError(t, err)
		for i := range 5 {
			set(t, a, "k", "more", of(int64(i), 100_000))
		}
		c, err := a.StageRemove("k")
		require.NoError(t, err)
		require.NoError(t, c.Commit())
		require.NoError(t, c.Finish())

		require.Equal(t, "1", v.Stamp())
		d := soa.NewDict()
		require.NoError(t, v.Read(t.Context(), d, nil, arena.ReadOptions{}))
		require.True(t, d.Equal(old))
		held := a.Usage().Used
		require.NoError(t, v.Close())
		require.ErrorIs(t, v.Close(), arena.ErrClosed)
		require.ErrorIs(t, v.Read(t.Context(), d, nil, arena.ReadOptions{}), arena.ErrClosed)
		require.Less(t, a.Usage().Used, held)
		checkSpace(t, a)
	})
}

func TestRead(t *testing.T) {
	values := map[int]*soa.Dict{}
	for _, rows := range []int{0, 1, 1000, 20_000, 220_000} { // the last is shared by goroutines
		values[rows] = testkit.RandomDict(3, rows)
	}
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		for rows, want := range values {
			set(t, a, "k", "1", want)
			require.True(t, get(t, a, "k").Equal(want))

			v, err := a.Get("k")
			require.NoError(t, err)
			require.Equal(t, want.Names(), v.Names())
			require.EqualValues(t, want.NBytes(), v.NBytes())
			for i, f := range v.Fields() {
				arr, _ := want.Get(f.Name)
				require.Equal(t, arena.Field{Name: want.Names()[i], DType: arr.DType(), Shape: arr.Shape(), Bytes: int64(arr.NBytes()), Offset: f.Offset}, f)
				require.Zero(t, f.Offset%64)
			}
			for _, names := range [][]string{{"mask", "x"}, {"vy"}, {"phi", "id", "z", "y"}} {
				for _, unchecked := range []bool{false, true} {
					into := values[max(rows, 1)].Clone()
					into.Set("other", soa.Of([]int8{1}))
					arr, _ := into.Get(names[0])
					memory := &arr.Bytes()[0]
					part, err := want.Select(names...)
					require.NoError(t, err)
					opts := arena.ReadOptions{Unchecked: unchecked}
					require.NoError(t, v.Read(t.Context(), into, names, opts))
					require.True(t, into.Equal(part), "%d rows: %v", rows, names)
					if arr, _ := into.Get(names[0]); arr.NBytes() > 0 {
						require.Same(t, memory, &arr.Bytes()[0])
					}
					require.NoError(t, v.View(t.Context(), names, opts, func(d *soa.Dict) error {
						require.True(t, d.Equal(part))
						return nil
					}))
				}
			}
			require.NoError(t, v.Close())
		}
		require.NoError(t, a.Verify(t.Context()))
	})
}

func TestReadErrors(t *testing.T) {
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		want := anyDict()
		set(t, a, "k", "1", want)
		v, err := a.Get("k")
		require.NoError(t, err)
		into := of(1, 3)
		var field *soa.FieldError
		require.ErrorAs(t, v.Read(t.Context(), into, []string{"cube", "nope"}, arena.ReadOptions{}), &field)
		require.Equal(t, "nope", field.Field)
		require.ErrorIs(t, v.Read(t.Context(), into, []string{"cube", "cube"}, arena.ReadOptions{}), soa.ErrField)
		require.True(t, into.Equal(of(1, 3)))
		own := errors.New("own")
		require.Equal(t, own, v.View(t.Context(), nil, arena.ReadOptions{}, func(*soa.Dict) error { return own }))
		require.NoError(t, v.Close())
	})
}

func TestNames(t *testing.T) {
	a := create(t, arena.Options{Label: "rank 3 of 8"})
	require.Equal(t, "rank 3 of 8", a.Label())
	long := strings.Repeat("x", 1<<16)
	named := soa.NewDict()
	named.Set(long, soa.Of([]int8{1}))
	for name, d := range map[string]*soa.Dict{"": anyDict(), long: anyDict(), "k": named} {
		_, err := a.Stage(t.Context(), name, "s", d)
		require.ErrorIs(t, err, arena.ErrName)
	}
	zero := soa.NewDict()
	zero.Set("zero", soa.Array{})
	_, err := a.Stage(t.Context(), "k", "s", zero)
	require.ErrorIs(t, err, soa.ErrDType)
	require.Empty(t, a.Recoverable())

	for _, key := range []string{long[1:], "\x00", "ключ", "a/../b"} {
		set(t, a, key, key, anyDict())
	}
	set(t, a, "nil", "", nil)
	a = reopen(t, a, arena.Options{})
	require.Equal(t, "rank 3 of 8", a.Label())
	for _, key := range a.Keys() {
		if key != "nil" {
			require.True(t, get(t, a, key).Equal(anyDict()))
		}
	}
	require.Len(t, a.Keys(), 5)
	require.Zero(t, get(t, a, "nil").Len())
	require.NoError(t, a.Close())
	_, err = arena.Create(a.Name()+"2", arena.Options{Label: long})
	require.ErrorIs(t, err, arena.ErrName)
	require.NoFileExists(t, a.Name()+"2")
}

func TestOneOpenerAtATime(t *testing.T) {
	testkit.NoLeaks(t)
	a := create(t, arena.Options{})
	_, err := arena.Open(a.Name(), arena.Options{})
	require.ErrorIs(t, err, arena.ErrInUse)
	_, err = arena.Create(a.Name(), arena.Options{})
	require.ErrorIs(t, err, fs.ErrExist)
	var typed *arena.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, a.Name(), typed.File)

	r, err := arena.Open(a.Name(), arena.Options{ReadOnly: true})
	require.NoError(t, err)
	for _, err := range []error{r.Sweep(), r.Restore(t.Context(), "k", "s"), func() error { _, err := r.Stage(t.Context(), "k", "", nil); return err }()} {
		require.ErrorIs(t, err, arena.ErrReadOnly)
	}
	_, err = r.StageRemove("k")
	require.ErrorIs(t, err, arena.ErrReadOnly)
	require.NoError(t, r.Close())

	info, err := os.Stat(a.Name())
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	require.NoError(t, a.Remove())
	require.NoFileExists(t, a.Name())
	require.ErrorIs(t, a.Close(), arena.ErrClosed)
	require.ErrorIs(t, a.Remove(), arena.ErrClosed)
	_, err = a.Get("k")
	require.ErrorIs(t, err, arena.ErrClosed)
	_, err = a.Stage(t.Context(), "k", "", nil)
	require.ErrorIs(t, err, arena.ErrClosed)
	_, err = arena.Open(a.Name(), arena.Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestASymlinkIsRefused(t *testing.T) {
	target := create(t, arena.Options{})
	require.NoError(t, target.Close())
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(target.Name(), link))
	_, err := arena.Open(link, arena.Options{})
	require.Error(t, err)
	_, err = arena.Create(link, arena.Options{})
	require.ErrorIs(t, err, fs.ErrExist)
}

// TestCloseDuringAView closes the arena, and the value, in a call that uses both.
func TestCloseDuringAView(t *testing.T) {
	testkit.NoLeaks(t)
	a := create(t, arena.Options{})
	set(t, a, "k", "1", of(5, 1000))
	v, err := a.Get("k")
	require.NoError(t, err)
	require.NoError(t, v.View(t.Context(), nil, arena.ReadOptions{}, func(d *soa.Dict) error {
		require.NoError(t, a.Close())
		require.NoError(t, v.Close())
		require.True(t, d.Equal(of(5, 1000)))
		return nil
	}))
	open(t, a.Name(), arena.Options{}) // the lock is free
}

// TestThousands makes several tables.
func TestThousands(t *testing.T) {
	n := 5000
	if testing.Short() {
		n = 2500
	}
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		for i := range n {
			set(t, a, keyName(i), "s", of(int64(i), i%50))
		}
		checkSpace(t, a)
		b := reopen(t, a, opts)
		require.Len(t, b.Keys(), n)
		for i := range n {
			require.True(t, get(t, b, keyName(i)).Equal(of(int64(i), i%50)))
		}
		c, err := b.StageRemove(b.Keys()...)
		require.NoError(t, err)
		require.NoError(t, c.Commit())
		require.NoError(t, c.Finish())
		checkSpace(t, b)
		require.NoError(t, b.Close())
	})
}

var raceEnabled bool // set by detector_test.go

// TestFewAllocations: a small value costs the same few allocations whatever its bytes
// and fields.
func TestFewAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, _ arena.Options) {
		d, into := anyDict(), soa.NewDict()
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { mustSet(t, a, "key", d) }), 2.0)
		v, err := a.Get("key")
		require.NoError(t, err)
		read := func() { require.NoError(t, v.Read(t.Context(), into, nil, arena.ReadOptions{})) }
		read()
		require.LessOrEqual(t, testing.AllocsPerRun(100, read), 1.0)
		require.NoError(t, v.Close())
	})
}
