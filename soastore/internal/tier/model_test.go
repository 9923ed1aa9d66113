package tier

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// model is a plain map beside Tiers of tiny budgets.
type model struct {
	*tiers
	t       testing.TB
	opts    Options
	n       int    // values put so far
	failing string // the operation that fails below
	failed  bool   // some did
	drop    bool   // the plan says so
	left    map[string]map[string]int
	done    map[string]map[string]bool // consumed
}

// TestModel makes operations that rapid draws, with failures below, and after each holds
// the tiers to their budgets and accounts, and to the elements of every column.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) { // without t's Deadline, which a bubble does not have
			m := newModel(t, rt)
			defer m.Close()
			rt.Repeat(map[string]func(*rapid.T){
				"put": m.put, "put more": m.put, "get": m.get, "get more": m.get,
				"move": m.move, "delete": m.remove, "flush": m.flush, "plan": m.plan, "prefetch": m.prefetch,
				"fail": m.fail, "reopen": m.reopen,
				"": m.verify,
			})
		})
	})
}

func newModel(t testing.TB, rt *rapid.T) *model {
	m := &model{t: t, left: map[string]map[string]int{}, done: map[string]map[string]bool{}}
	m.opts = Options{
		Memory:     rapid.SampledFrom([]int64{0, 40, 100, 300, -1}).Draw(rt, "memory"),
		Compressed: rapid.SampledFrom([]int64{0, 30, 100, 300, -1}).Draw(rt, "compressed"),
	}
	if rapid.Bool().Draw(rt, "weighed") {
		m.opts.Weight = func(id, field string, bytes int64) float64 { return float64((len(field) + int(bytes)) % 3) }
	}
	var f *files
	if m.opts.Memory == 0 && m.opts.Compressed == 0 || rapid.Bool().Draw(rt, "files") {
		f = newFiles(t)
		m.opts.Async = rapid.Bool().Draw(rt, "async")
		m.opts.Whole = rapid.Bool().Draw(rt, "whole")
	}
	m.tiers = tiersOver(t, f, m.opts)
	return m
}

// drawValue draws one: of any types and shapes, or of columns that compress well, or not.
func drawValue(rt *rapid.T, n int) *soa.Dict {
	sizes := func() []int { return rapid.SliceOfN(rapid.IntRange(0, 200), 0, 3).Draw(rt, "sizes") }
	switch rapid.IntRange(0, 2).Draw(rt, "kind") {
	case 0:
		return testkit.DictGen(testkit.DictOptions{Ragged: true, MaxFields: 3, MaxRows: 4}).Draw(rt, "value")
	case 1:
		return smooth(byte(n), sizes()...)
	}
	return noisy(byte(n), sizes()...)
}

// id draws one of a value that there is; "" if there is none.
func (m *model) id(rt *rapid.T) string {
	if ids := m.ids(); len(ids) > 0 {
		return rapid.SampledFrom(ids).Draw(rt, "id")
	}
	return ""
}

// names draws some of a value's fields.
func (m *model) names(rt *rapid.T, id string) []string {
	all := m.want[id].Names()
	if len(all) == 0 || rapid.Bool().Draw(rt, "all") {
		return nil
	}
	return rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID[string]).Draw(rt, "names")
}

func (m *model) put(rt *rapid.T) {
	id := fmt.Sprint(m.n)
	m.n++
	err := m.tryPut(rt, background, id, drawValue(rt, m.n))
	if err != nil {
		require.True(rt, errors.Is(err, ErrNoSpace) || errors.Is(err, errDisk), "%v", err)
		require.True(rt, m.files == nil || m.failed, "%v", err)
	}
}

// get makes one of the reads.
func (m *model) get(rt *rapid.T) {
	id := m.id(rt)
	if id == "" {
		return
	}
	names := m.names(rt, id)
	d, err := soa.NewDict(), error(nil)
	switch rapid.IntRange(0, 2).Draw(rt, "read") {
	case 0:
		d, err = m.Get(background, id, names)
	case 1:
		if rapid.Bool().Draw(rt, "reuse") {
			d = m.want[id].Clone()
		}
		err = m.Read(background, id, d, names)
	case 2:
		err = m.View(background, id, names, func(seen *soa.Dict) error { d = seen.Clone(); return nil })
	}
	if names == nil {
		names = m.want[id].Names()
	}
	if slices.ContainsFunc(names, func(name string) bool { return m.done[id][name] }) {
		require.ErrorIs(rt, err, ErrConsumed)
		return
	}
	if err != nil {
		require.ErrorIs(rt, err, errDisk)
		return
	}
	want, err := m.want[id].Select(names...)
	require.NoError(rt, err)
	require.True(rt, want.Equal(d), "%q: want %v, have %v, or other elements", id, want, d)
	m.made(id, names)
}

// made counts planned reads.
func (m *model) made(id string, names []string) {
	for _, name := range names {
		if m.left[id][name] == 0 {
			continue
		}
		if m.left[id][name]--; m.left[id][name] == 0 && m.drop {
			if m.done[id] == nil {
				m.done[id] = map[string]bool{}
			}
			m.done[id][name] = true
		}
	}
}

func (m *model) move(rt *rapid.T) {
	id := m.id(rt)
	if id == "" {
		return
	}
	var err error
	switch rapid.IntRange(0, 4).Draw(rt, "how") {
	case 0:
		err = m.Evict(background, id)
	case 1:
		err = m.Promote(background, id)
	case 2:
		if err = m.Pin(background, id); err == nil {
			p, _ := m.Where(id)
			require.True(rt, p.Pinned)
			for _, name := range append(p.Packed, p.Absent...) {
				require.True(rt, m.done[id][name], name)
			}
		}
	case 3:
		err = m.Unpin(id)
	case 4:
		target := rapid.Int64Range(0, 300).Draw(rt, "target")
		if err = m.EvictTo(background, target); err == nil && !m.opts.Async {
			require.LessOrEqual(rt, m.Stats().Memory.Stored, target)
		}
	}
	if err != nil {
		require.True(rt, errors.Is(err, ErrNoSpace) || errors.Is(err, ErrPinned) || errors.Is(err, errDisk), "%v", err)
	}
}

func (m *model) remove(rt *rapid.T) {
	if id := m.id(rt); id != "" {
		m.tiers.remove(rt, id)
		delete(m.left, id)
		delete(m.done, id)
	}
}

func (m *model) flush(rt *rapid.T) {
	err := m.Flush(background)
	if m.failing != "put" {
		require.NoError(rt, err)
		if m.files != nil {
			require.Zero(rt, m.Stats().Dirty)
		}
	} else if err != nil {
		require.ErrorIs(rt, err, errDisk)
	}
}

func (m *model) plan(rt *rapid.T) {
	accesses, left := m.accesses(rt), map[string]map[string]int{}
	drop := rapid.Bool().Draw(rt, "drop")
	err := m.Plan(accesses, PlanOptions{DropAfterLastRead: drop})
	for _, a := range accesses {
		names := a.Fields
		if names == nil {
			names = m.want[a.ID].Names()
		}
		if left[a.ID] == nil {
			left[a.ID] = map[string]int{}
		}
		for _, name := range names {
			left[a.ID][name]++
			if m.done[a.ID][name] {
				require.ErrorIs(rt, err, ErrConsumed)
				return
			}
		}
	}
	require.NoError(rt, err)
	m.left, m.drop = left, drop
}

func (m *model) prefetch(rt *rapid.T) {
	if err := m.Prefetch(m.accesses(rt)...); err != nil {
		require.ErrorIs(rt, err, ErrConsumed)
	}
}

func (m *model) accesses(rt *rapid.T) (all []Access) {
	if len(m.want) == 0 {
		return nil
	}
	for range rapid.IntRange(0, 12).Draw(rt, "accesses") {
		id := m.id(rt)
		all = append(all, Access{id, m.names(rt, id)})
	}
	return all
}

func (m *model) fail(rt *rapid.T) {
	if m.files == nil {
		return
	}
	m.failing = rapid.SampledFrom([]string{"", "put", "read", "view"}).Draw(rt, "what")
	m.failed = m.failed || m.failing != ""
	m.files.on(failing(m.failing))
}

// reopen puts all below, and adopts it in other Tiers.
func (m *model) reopen(rt *rapid.T) {
	if !m.opts.Whole {
		return
	}
	m.files.on(nil)
	m.failing, m.failed = "", false
	require.NoError(rt, m.Flush(background))
	m.Close()
	old := m.tiers
	m.tiers = tiersOver(m.t, old.files, m.opts)
	m.left, m.done = map[string]map[string]int{}, map[string]map[string]bool{}
	for id, d := range old.want {
		p, _ := old.Where(id)
		if !p.Below { // its last planned read came first
			continue
		}
		require.NoError(rt, m.Adopt(id, fieldsOf(d), p.Disk))
		m.want[id] = d
	}
}

func (m *model) verify(rt *rapid.T) {
	synctest.Wait()
	m.check(rt, true)
	m.whole(rt)
	require.Equal(rt, m.ids(), m.IDs())
	if m.opts.Async && m.failing == "" && !m.failed {
		require.Zero(rt, m.Stats().Dirty)
	}
	gone := []string{}
	for _, id := range m.ids() {
		p, _ := m.Where(id)
		for name := range m.done[id] {
			if !p.Below && m.opts.Whole && len(m.done[id]) < m.want[id].Len() {
				continue // it is to be put below whole
			}
			require.NotContains(rt, append(p.Raw, p.Packed...), name, "%q is not read any more", id)
		}
		if n := m.want[id].Len(); n > 0 && len(m.done[id]) == n {
			gone = append(gone, id)
		}
	}
	require.ElementsMatch(rt, gone, m.Consumed())
}
