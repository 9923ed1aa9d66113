package soastore_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/internal/tier"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// tieredOp is an operation: a collective one, the same on all ranks, or a local one on
// those ranks whose bit is set in Ranks.
type tieredOp struct {
	Name  string
	Key   string
	Seed  int // of a value
	Rows  int
	Ranks int
}

var (
	collectiveOps = []string{"set", "set", "set", "set", "pop", "remove", "flush"}
	localOps      = []string{"get", "field", "into", "view", "evict", "promote", "pin", "unpin", "prefetch", "plan", "fault", "heal"}
)

func drawOps(rt *rapid.T) []tieredOp {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tieredOp {
		return tieredOp{
			Name:  rapid.SampledFrom(append(collectiveOps, localOps...)).Draw(t, "op"),
			Key:   rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key"),
			Seed:  rapid.IntRange(0, 100).Draw(t, "seed"),
			Rows:  rapid.IntRange(0, 120).Draw(t, "rows"),
			Ranks: rapid.IntRange(1, 15).Draw(t, "ranks"),
		}
	}), 1, 25).Draw(rt, "ops")
}

// tieredConfig is how a store of the model test is opened.
type tieredConfig struct {
	Memory, Compressed []int64 // by rank
	Limit              int64
	Async, Copy, NPZ   bool
}

func drawConfig(rt *rapid.T) tieredConfig {
	each := func(name string, sizes ...int64) []int64 {
		return rapid.SliceOfN(rapid.SampledFrom(sizes), 4, 4).Draw(rt, name)
	}
	return tieredConfig{
		Memory:     each("memory", 1, 700, 1500, 4000),
		Compressed: each("compressed", 0, 0, 800, 2000),
		Limit:      rapid.SampledFrom([]int64{0, 200 << 10}).Draw(rt, "limit"),
		Async:      rapid.Bool().Draw(rt, "async"),
		Copy:       rapid.Bool().Draw(rt, "copy"),
		NPZ:        rapid.Bool().Draw(rt, "npz"),
	}
}

// TestTieredModel makes random operations on a plain map and on a store with little
// room, while files cannot be written on some ranks.
func TestTieredModel(t *testing.T) {
	testkit.NoLeaks(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "ranks")
		config, ops := drawConfig(rt), drawOps(rt)
		ranksIn(rt, n, t.TempDir(), func(e *storetest.Env) { newTieredModel(e, config).run(ops) })
	})
}

// tieredModel is one rank's store, and what should be in it.
type tieredModel struct {
	e      *storetest.Env
	s      *soastore.Tiered
	fs     *faultfs.FS
	opts   soastore.TierOptions
	values map[string]*soa.Dict
	failed bool // some rank could not write a file, since the last Flush that succeeded
}

func newTieredModel(e *storetest.Env, c tieredConfig) *tieredModel {
	m := &tieredModel{e: e, fs: faultfs.New(fsys.OS), values: map[string]*soa.Dict{}}
	m.opts = soastore.TierOptions{
		Memory: c.Memory[e.C.Rank()], Compressed: c.Compressed[e.C.Rank()], Async: c.Async, CopyOnSet: c.Copy, Keep: true,
		Paths: []soastore.Path{{Path: filepath.Join(e.Dir, "tmp"), Limit: c.Limit}},
		Files: soastore.WithFS(soastore.Options{}, m.fs),
	}
	if c.NPZ {
		m.opts.Open = soastore.NewNPZ
	}
	m.s = openTiered(e, m.opts)
	return m
}

func (m *tieredModel) run(ops []tieredOp) {
	for _, op := range ops {
		m.step(op)
		m.check()
	}
	m.fs.Heal()
	m.e.Left() // so have all ranks
	if m.opts.Paths[0].Limit == 0 {
		require.NoError(m.e, m.s.Flush())
	} else if err := m.s.Flush(); err != nil {
		require.ErrorIs(m.e, err, soastore.ErrNoSpace)
		m.drop()
	}
	m.check()
	m.account()
	m.reopen()
}

// drop removes all values, of which some are on a disk that is full.
func (m *tieredModel) drop() {
	require.NoError(m.e, m.s.Clear())
	clear(m.values)
}

// step makes one operation.
func (m *tieredModel) step(op tieredOp) {
	e, s := m.e, m.s
	want, there := m.values[op.Key]
	var err error
	switch op.Name {
	case "set":
		want = rows(op.Seed, e.C.Rank(), op.Rows*(1+e.C.Rank())%121)
		err = s.Set(op.Key, want)
		e.SameText(fmt.Sprint(err))
		if m.refused(err) {
			return
		}
		m.values[op.Key] = want
	case "pop", "remove":
		var got *soa.Dict
		if op.Name == "pop" {
			got, err = s.Pop(op.Key)
		} else {
			err = s.Remove(op.Key)
		}
		e.SameText(fmt.Sprint(err))
		if m.unknown(there, err) {
			return
		}
		require.NoError(e, err)
		require.True(e, got == nil || want.Equal(got))
		delete(m.values, op.Key)
	case "flush":
		err = s.Flush()
		e.SameText(fmt.Sprint(err))
		if !m.refused(err) {
			require.Zero(e, s.Stats().Unwritten)
		}
	case "fault":
		m.failed = true // some rank, so all know
		if m.chosen(op) {
			span := faultfs.Always
			if op.Seed%2 == 0 {
				span = faultfs.Once
			}
			for _, kind := range []faultfs.Op{faultfs.Allocate, faultfs.WriteAt, faultfs.WritevAt} {
				m.fs.Inject(faultfs.Fault{Op: kind, Err: syscall.ENOSPC, Short: true, Span: span})
			}
		}
	case "heal":
		m.fs.Heal()
	default:
		if m.chosen(op) {
			m.local(op, want, there)
		}
	}
}

func (m *tieredModel) chosen(op tieredOp) bool { return op.Ranks>>m.e.C.Rank()&1 == 1 }

// refused reports whether a call that puts values away failed, which only a disk that
// is full excuses.
func (m *tieredModel) refused(err error) bool {
	if err == nil {
		return false
	}
	require.ErrorIs(m.e, err, soastore.ErrNoSpace)
	require.True(m.e, m.failed || m.opts.Paths[0].Limit > 0, "%v", err)
	return true
}

// unknown checks that a call fails if there is no such key, and only then for that.
func (m *tieredModel) unknown(there bool, err error) bool {
	require.Equal(m.e, !there, errors.Is(err, soastore.ErrNotFound), "%v", err)
	return !there
}

// local makes an operation that no other rank takes part in.
func (m *tieredModel) local(op tieredOp, want *soa.Dict, there bool) {
	e, s := m.e, m.s
	var got *soa.Dict
	var err error
	switch op.Name {
	case "get":
		got, err = s.Get(op.Key)
	case "field":
		if got, err = s.GetField(op.Key, "id"); there {
			want, _ = want.Select("id")
		}
	case "into":
		got = rows(0, 0, op.Rows)
		err = s.GetInto(op.Key, got)
	case "view":
		err = s.View(op.Key, []string{"id", "x"}, func(d *soa.Dict) error { got = d.Clone(); return nil })
		if there {
			want, _ = want.Select("id", "x")
		}
	case "prefetch":
		err = s.Prefetch(op.Key)
	case "plan":
		var plan []soastore.Access
		for i := range op.Seed % 9 {
			plan = append(plan, soastore.Access{Key: op.Key})
			for key := range m.values {
				plan = append(plan, soastore.Access{Key: key, Fields: []string{"x", "id"}[i%2 : i%2+1]})
			}
		}
		there = there || plan == nil
		err = s.Plan(plan, soastore.PlanOptions{})
	default:
		m.move(op, there)
		return
	}
	if m.unknown(there, err) {
		return
	}
	require.NoError(e, err, "%+v", op)
	require.True(e, got == nil || want.Equal(got), "%+v gives %v", op, got)
}

// move makes an operation that moves a value, which may find no room.
func (m *tieredModel) move(op tieredOp, there bool) {
	err := map[string]func(string) error{
		"evict": m.s.Evict, "promote": m.s.Promote, "pin": m.s.Pin, "unpin": m.s.Unpin,
	}[op.Name](op.Key)
	if m.unknown(there, err) || err == nil {
		return
	}
	require.True(m.e, errors.Is(err, soastore.ErrNoSpace) || op.Name == "evict" && errors.Is(err, tier.ErrPinned), "%+v: %v", op, err)
}

// check compares the store with the map, and looks at its budgets.
func (m *tieredModel) check() {
	e, s := m.e, m.s
	require.Equal(e, keysOf(m.values), s.Keys())
	e.SameText(fmt.Sprint(s.Keys()))
	m.budgets()
	bytes := int64(0)
	for key, want := range m.values {
		bytes += int64(want.NBytes())
		require.NoError(e, s.View(key, nil, func(d *soa.Dict) error {
			require.True(e, want.Equal(d), "%s is %v", key, d)
			return nil
		}))
	}
	m.budgets()
	require.Equal(e, bytes, s.Stats().Bytes)
}

func (m *tieredModel) budgets() {
	st := m.s.Stats()
	for _, t := range st.Tiers {
		if t.Name != "disk" || t.Budget > 0 {
			require.LessOrEqual(m.e, t.Stored, t.Budget, t.Name)
		}
	}
	for _, p := range st.Paths {
		require.True(m.e, p.Limit == 0 || p.Used <= p.Limit)
		require.True(m.e, p.Limit == 0 || onDisk(m.e, p.Path) <= p.Limit)
	}
}

// account compares what the store says it has on disk, where all values are, with what
// is there.
func (m *tieredModel) account() {
	e, st := m.e, m.s.Stats()
	require.Equal(e, len(m.values), oneTier(e, m.s, "disk").Values)
	require.Equal(e, st.Bytes, oneTier(e, m.s, "disk").Raw)
	require.NoError(e, m.s.Close())
	path := m.opts.Paths[0].Path
	if m.opts.Open != nil {
		require.Equal(e, st.Paths[0].Used, onDisk(e, path))
		return
	}
	if len(m.values) == 0 { // an arena in which nothing ever was is not kept
		return
	}
	a, err := arena.Open(fmt.Sprintf("%s.tmp.rank-%d.arena", path, e.C.Rank()), arena.Options{ReadOnly: true})
	require.NoError(e, err)
	require.Equal(e, st.Paths[0].Used, a.Usage().Used)
	require.Len(e, a.Keys(), len(m.values))
	require.NoError(e, a.Close())
}

// reopen takes the values in again, and removes them.
func (m *tieredModel) reopen() {
	m.opts.Reopen = true
	m.s = openTiered(m.e, m.opts)
	m.check()
	require.NoError(m.e, m.s.Clear())
	require.NoError(m.e, m.s.Close())
}

// TestTieredFlushAfterFailure: a Flush succeeds once the disk does, also if a write in the
// background that began before is still failing.
func TestTieredFlushAfterFailure(t *testing.T) {
	config := tieredConfig{Memory: []int64{700, 1}, Compressed: []int64{0, 800}, Async: true}
	ops := []tieredOp{{Name: "fault", Seed: 1, Ranks: 3}, {Name: "set", Key: "b", Rows: 8}}
	for range 100 {
		onRanks(t, 2, func(e *storetest.Env) { newTieredModel(e, config).run(ops) })
	}
}
