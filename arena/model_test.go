package arena_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// modelVersion is what the model knows of a version.
type modelVersion struct {
	stamp string
	value *soa.Dict
	state string // prepared, committed or removed
}

// modelChange is a change that is pending.
type modelChange struct {
	c         *arena.Change
	key       string
	version   *modelVersion // nil for a removal
	removes   *modelVersion
	committed bool
}

// model is an arena, and what should be in it: of each key all versions, the oldest
// first.
type model struct {
	a       *arena.Arena
	opts    arena.Options
	keys    map[string][]*modelVersion
	pending map[string]*modelChange
	open    map[*arena.Value]*modelVersion
	stamps  int
}

// current returns what readers should find: the newest version that is committed or
// removed, if it is committed.
func (m *model) current(key string) *modelVersion {
	for _, v := range slices.Backward(m.keys[key]) {
		switch v.state {
		case "committed":
			return v
		case "removed":
			return nil
		}
	}
	return nil
}

// keep makes the version v, nil for none, the only one of key.
func (m *model) keep(key string, v *modelVersion) {
	delete(m.keys, key)
	if v != nil {
		m.keys[key] = []*modelVersion{v}
	}
}

func (m *model) drop(key string, v *modelVersion) {
	m.keys[key] = slices.DeleteFunc(m.keys[key], func(w *modelVersion) bool { return w == v })
	if len(m.keys[key]) == 0 {
		delete(m.keys, key)
	}
}

func (m *model) check(t *rapid.T) {
	checkSpace(t, m.a, slices.Collect(maps.Keys(m.open))...)
	var keys, recoverable []string
	versions := 0
	for _, key := range slices.Sorted(maps.Keys(m.keys)) {
		current := m.current(key)
		if current != nil {
			keys = append(keys, key)
		} else {
			recoverable = append(recoverable, key)
		}
		var want []arena.Version
		for _, v := range slices.Backward(m.keys[key]) {
			want = append(want, arena.Version{Stamp: v.stamp, Current: v == current})
		}
		versions += len(want)
		require.Equal(t, want, m.a.Versions(key), key)
	}
	require.Equal(t, keys, nilIfEmpty(m.a.Keys()))
	require.Equal(t, recoverable, nilIfEmpty(m.a.Recoverable()))
	u := m.a.Usage()
	require.Equal(t, len(keys), u.Values)
	require.Equal(t, versions, u.Versions)
	if len(m.open) == 0 && m.opts.Recycle != 0 {
		require.LessOrEqual(t, u.Free, max(m.opts.Recycle, u.Used/8)+arena.PageLen)
	}
}

func nilIfEmpty(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	return s
}

func (m *model) read(t *rapid.T, v *arena.Value, want *modelVersion) {
	require.Equal(t, want.stamp, v.Stamp())
	d := soa.NewDict()
	require.NoError(t, v.Read(t.Context(), d, nil, arena.ReadOptions{}))
	require.True(t, d.Equal(want.value), "%v, not %v", d, want.value)
	require.NoError(t, v.View(t.Context(), nil, arena.ReadOptions{}, func(d *soa.Dict) error {
		require.True(t, d.Equal(want.value))
		return nil
	}))
}

// TestModel makes random changes, opening the file again in between, with what is
// pending, and compares the arena with the model at each step.
func TestModel(t *testing.T) {
	testkit.NoLeaks(t)
	dir := memoryFolder(t)
	files := 0
	rapid.Check(t, func(t *rapid.T) {
		files++
		key := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		m := &model{keys: map[string][]*modelVersion{}, pending: map[string]*modelChange{}, open: map[*arena.Value]*modelVersion{}}
		m.opts = arena.Mapped(arena.Options{
			Recycle: rapid.SampledFrom([]int64{0, -1, 64 << 10}).Draw(t, "recycle"),
			Limit:   rapid.SampledFrom([]int64{0, 4 << 20}).Draw(t, "limit"),
			Sync:    rapid.Bool().Draw(t, "sync"),
		}, rapid.SampledFrom([]arena.Mapping{arena.MapNone, arena.MapSlots, arena.MapShort, arena.MapAll}).Draw(t, "mapping"))
		var err error
		m.a, err = arena.Create(filepath.Join(dir, fmt.Sprint(files)), m.opts)
		require.NoError(t, err)
		defer func() {
			for v := range m.open {
				require.NoError(t, v.Close())
			}
			require.NoError(t, m.a.Remove())
		}()
		anyPending := func(t *rapid.T, committed bool) *modelChange {
			var some []string
			for key, c := range m.pending {
				if c.committed == committed {
					some = append(some, key)
				}
			}
			if len(some) == 0 {
				t.Skip("nothing pending")
			}
			slices.Sort(some)
			return m.pending[rapid.SampledFrom(some).Draw(t, "pending")]
		}
		t.Repeat(map[string]func(*rapid.T){
			"": m.check,
			"stage": func(t *rapid.T) {
				m.stamps++
				key := key.Draw(t, "key")
				v := &modelVersion{fmt.Sprint(m.stamps), drawDict(t), "prepared"}
				c, err := m.a.Stage(t.Context(), key, v.stamp, v.value)
				if m.pending[key] != nil {
					require.ErrorIs(t, err, arena.ErrPending)
					return
				}
				if m.opts.Limit != 0 && err != nil {
					require.ErrorIs(t, err, arena.ErrNoSpace)
					return
				}
				require.NoError(t, err)
				m.keys[key] = append(m.keys[key], v)
				m.pending[key] = &modelChange{c: c, key: key, version: v}
			},
			"remove": func(t *rapid.T) {
				key := key.Draw(t, "key")
				c, err := m.a.StageRemove(key)
				switch {
				case m.current(key) == nil:
					require.ErrorIs(t, err, arena.ErrNotFound)
				case m.pending[key] != nil:
					require.ErrorIs(t, err, arena.ErrPending)
				default:
					require.NoError(t, err)
					m.pending[key] = &modelChange{c: c, key: key, removes: m.current(key)}
				}
			},
			"commit": func(t *rapid.T) {
				p := anyPending(t, false)
				require.NoError(t, p.c.Commit())
				p.committed = true
				if p.version != nil {
					p.version.state = "committed"
				} else {
					p.removes.state = "removed"
				}
			},
			"undo": func(t *rapid.T) {
				p := anyPending(t, rapid.Bool().Draw(t, "committed"))
				require.NoError(t, p.c.Undo())
				if p.version != nil {
					m.drop(p.key, p.version)
				} else {
					p.removes.state = "committed"
				}
				delete(m.pending, p.key)
			},
			"finish": func(t *rapid.T) {
				p := anyPending(t, true)
				require.NoError(t, p.c.Finish())
				m.keep(p.key, p.version)
				delete(m.pending, p.key)
			},
			"restore": func(t *rapid.T) {
				key := key.Draw(t, "key")
				if len(m.keys[key]) == 0 || m.pending[key] != nil {
					t.Skip("none")
				}
				v := rapid.SampledFrom(m.keys[key]).Draw(t, "version")
				require.NoError(t, m.a.Restore(t.Context(), key, v.stamp))
				v.state = "committed"
				m.keep(key, v)
			},
			"sweep": func(t *rapid.T) {
				require.NoError(t, m.a.Sweep())
				for key := range m.keys {
					if m.pending[key] == nil {
						m.keep(key, m.current(key))
					}
				}
			},
			"get": func(t *rapid.T) {
				key := key.Draw(t, "key")
				v, err := m.a.Get(key)
				if m.current(key) == nil {
					require.ErrorIs(t, err, arena.ErrNotFound)
					return
				}
				require.NoError(t, err)
				m.open[v] = m.current(key)
				m.read(t, v, m.current(key))
			},
			"read again": func(t *rapid.T) {
				for v, want := range m.open {
					m.read(t, v, want)
				}
			},
			"close values": func(t *rapid.T) {
				for v := range m.open {
					require.NoError(t, v.Close())
				}
				clear(m.open)
			},
			"reopen": func(t *rapid.T) {
				require.NoError(t, m.a.Verify(t.Context()))
				require.NoError(t, m.a.Close())
				for v := range m.open {
					require.NoError(t, v.Close())
				}
				clear(m.open)
				clear(m.pending)
				m.a, err = arena.Open(m.a.Name(), m.opts)
				require.NoError(t, err)
				m.a.Warm()
			},
		})
	})
}

// drawDict draws a small Dict or a large one.
func drawDict(t *rapid.T) *soa.Dict {
	if rapid.IntRange(0, 4).Draw(t, "large") == 0 {
		return of(rapid.Int64().Draw(t, "first"), rapid.IntRange(10_000, 150_000).Draw(t, "rows"))
	}
	return testkit.DictGen(testkit.DictOptions{Ragged: true}).Draw(t, "dict")
}
