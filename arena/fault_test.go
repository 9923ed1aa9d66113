package arena_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

// script is a run of changes, and what each key may be at the end of it.
type script struct {
	t    *testing.T
	a    *arena.Arena
	may  map[string][]*soa.Dict // nil is that there is no value
	torn bool                   // a write may have been done in part
}

// step makes a change of key to d, nil for removing it, and undoes it if it fails, or
// if undo says so.
func (s *script) step(key string, d *soa.Dict, undo bool) {
	var c *arena.Change
	var err error
	if d == nil {
		c, err = s.a.StageRemove(key)
	} else {
		c, err = s.a.Stage(s.t.Context(), key, "s", d)
	}
	if err != nil {
		if d == nil && errors.Is(err, arena.ErrNotFound) {
			require.Contains(s.t, s.may[key], d)
		} else {
			require.NotErrorIs(s.t, err, arena.ErrPending)
		}
		return
	}
	before := s.may[key]
	if err = c.Commit(); err == nil && !undo {
		s.may[key] = []*soa.Dict{d}
		_ = c.Finish() // what it cannot free, Sweep does
		return
	}
	if c.Undo() != nil { // the file may have either
		s.may[key] = append([]*soa.Dict{d}, before...)
	}
}

// run makes changes of all kinds: new keys, large and small, replaced, removed,
// undone, and more of them than there is room for.
func (s *script) run() {
	s.step("small", of(1, 10), false)
	s.step("large", of(2, 40_000), false)
	s.step("small", of(3, 700), false)
	s.step("large", of(4, 40_000), true)
	s.step("any", anyDict(), false)
	s.step("large", of(5, 50_000), false)
	s.step("small", nil, true)
	s.step("any", nil, false)
	s.step("huge", of(6, 150_000), false) // beyond the limit
	s.step("new", of(7, 35_000), false)
	s.step("small", of(8, 5), false)
}

// check compares what readers of a find with what they may find.
func (s *script) check(a *arena.Arena) {
	for key, may := range s.may {
		v, err := a.Get(key)
		if errors.Is(err, arena.ErrNotFound) {
			require.Contains(s.t, may, (*soa.Dict)(nil), key)
			continue
		}
		require.NoError(s.t, err)
		require.NoError(s.t, v.Close())
		have, found := get(s.t, a, key), false
		for _, d := range may {
			found = found || d != nil && have.Equal(d)
		}
		require.True(s.t, found, "key %q is %v", key, have)
	}
	for _, key := range a.Keys() {
		require.Contains(s.t, s.may, key)
	}
	if err := a.Verify(s.t.Context()); err != nil { // a slot that was written in part
		require.True(s.t, s.torn)
		require.NotContains(s.t, err.Error(), "key")
	}
	checkSpace(s.t, a)
}

// faults runs the script with the fault hitting each operation of the file in turn.
// What readers find then is the old value or the new one, whole, in this process and
// in one that opens the file again.
func faults(t *testing.T, fault faultfs.Fault, opts arena.Options) {
	faultfs.Sweep(t, fault, func(t *testing.T, f *faultfs.FS) {
		testkit.NoLeaks(t)
		opts := opts
		opts.FS = f
		opts.Limit = 1200 << 10
		name := filepath.Join(memoryFolder(t), "arena")
		s := &script{t: t, may: map[string][]*soa.Dict{}, torn: fault.Short}
		for _, key := range []string{"small", "large", "any", "huge", "new"} {
			s.may[key] = []*soa.Dict{nil}
		}
		a, err := arena.Create(name, opts)
		if err != nil {
			require.NotEmpty(t, f.Fired())
			f.Heal()
			if fault.Span == faultfs.Once && f.Fired()[0].Op != faultfs.Remove {
				require.NoFileExists(t, name)
			}
			return
		}
		s.a = a
		s.run()
		f.Heal()
		if fault.Span == faultfs.Once {
			s.checkMemory()
		}
		_ = a.Close()
		for range 2 {
			b := open(t, name, opts)
			s.check(b)
			require.NoError(t, b.Sweep())
			s.torn = false
			s.check(b)
			s.a = b
			s.step("small", of(9, 9), false)
			s.step("new", of(10, 45_000), false)
			s.check(b)
			require.NoError(t, b.Close())
		}
	})
}

// checkMemory checks that this process goes on, with what it said.
func (s *script) checkMemory() {
	for key, may := range s.may {
		d := may[len(may)-1] // after an Undo that failed: the old one
		if d == nil {
			_, err := s.a.Get(key)
			require.ErrorIs(s.t, err, arena.ErrNotFound, key)
		} else {
			require.True(s.t, get(s.t, s.a, key).Equal(d), key)
		}
	}
	checkSpace(s.t, s.a)
}

func TestFaults(t *testing.T) {
	spans := map[string]faultfs.Fault{
		"once":                 {},
		"once, no space":       {Err: syscall.ENOSPC, Short: true},
		"once, unsupported":    {Err: errors.ErrUnsupported},
		"writing from then on": {Op: faultfs.WriteAt, Span: faultfs.Always, Short: true},
		"killed":               {Span: faultfs.Crash},
		"killed in a write":    {Span: faultfs.Crash, Short: true},
	}
	options := map[string]arena.Options{
		"default": arena.Mapped(arena.Options{}, arena.MapNone),
		"recycle": arena.Mapped(arena.Options{Recycle: -1, Sync: true}, arena.MapNone),
		"mapped":  arena.Mapped(arena.Options{Recycle: 100 << 10}, arena.MapShort),
	}
	for name, fault := range spans {
		for with, opts := range options {
			if with != "default" && (testing.Short() || name != "once" && name != "killed") {
				continue
			}
			t.Run(name+", "+with, func(t *testing.T) { faults(t, fault, opts) })
		}
	}
}

// TestFileCutShort cuts the file while it is mapped: every access is an error then,
// and the process goes on.
func TestFileCutShort(t *testing.T) {
	each(t, arena.Options{}, func(t *testing.T, a *arena.Arena, opts arena.Options) {
		set(t, a, "k", "1", of(1, 1_500_000))
		get(t, a, "k")
		v, err := a.Get("k")
		require.NoError(t, err)
		for _, size := range []int64{arena.FirstLen + 5*arena.PageLen, arena.FirstLen, 0} {
			require.NoError(t, os.Truncate(a.Name(), size))
			for _, unchecked := range []bool{false, true} {
				opts := arena.ReadOptions{Unchecked: unchecked}
				require.Error(t, v.Read(t.Context(), soa.NewDict(), nil, opts))
				err := v.View(t.Context(), nil, opts, func(d *soa.Dict) error {
					s, err := soa.Column[int64](d, "x")
					require.NoError(t, err)
					sum := int64(0)
					for _, n := range s {
						sum += n
					}
					t.Error("all is there: ", sum)
					return nil
				})
				require.Error(t, err)
			}
			require.Error(t, a.Verify(t.Context()))
		}
		_, _ = a.Stage(t.Context(), "j", "1", of(1, 2_000_000)) // beyond the end, or not: no fault
		_, _ = a.Stage(t.Context(), "i", "1", of(1, 10))
		require.NoError(t, v.Close())
	})
}

func TestFullDisk(t *testing.T) {
	for name, m := range mappings {
		t.Run(name, func(t *testing.T) {
			testkit.NoLeaks(t)
			dir := testkit.Tmpfs(t, 8<<20)
			opts := arena.Mapped(arena.Options{}, m)
			a, err := arena.Create(filepath.Join(dir, "arena"), opts)
			require.NoError(t, err)
			a.Warm()
			value := func(i int) *soa.Dict { return of(int64(i), 100_000) } // 800 kB
			n := 0
			for ; ; n++ {
				c, err := a.Stage(t.Context(), keyName(n), "s", value(n))
				if err != nil {
					require.ErrorIs(t, err, arena.ErrNoSpace)
					require.ErrorIs(t, err, syscall.ENOSPC)
					break
				}
				require.NoError(t, c.Commit())
				require.NoError(t, c.Finish())
			}
			require.Equal(t, 10, n, "all of the disk is used")
			checkSpace(t, a)
			for i := range n {
				require.True(t, get(t, a, keyName(i)).Equal(value(i)))
			}
			// Every other key goes: what is free lies in pieces, and what is needed is
			// more than each of them.
			for i := 0; i < n; i += 2 {
				c, err := a.StageRemove(keyName(i))
				require.NoError(t, err)
				require.NoError(t, c.Commit())
				require.NoError(t, c.Finish())
			}
			set(t, a, "big", "s", of(3, 400_000))
			require.True(t, get(t, a, "big").Equal(of(3, 400_000)))
			for i := 1; i < n; i += 2 {
				require.True(t, get(t, a, keyName(i)).Equal(value(i)))
			}
			checkSpace(t, a)
			require.NoError(t, a.Verify(t.Context()))
			a = reopen(t, a, opts)
			require.True(t, get(t, a, "big").Equal(of(3, 400_000)))
			checkSpace(t, a)
			require.NoError(t, a.Close())

			_, err = arena.Create(filepath.Join(testkit.Tmpfs(t, 8<<10), "arena"), opts)
			require.ErrorIs(t, err, arena.ErrNoSpace)
		})
	}
}
