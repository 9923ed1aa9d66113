package tier

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/npz"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files is a Below of NPZ files, one for each value. It records calls, and can be made
// to fail and to wait.
type files struct {
	dir string

	mu      sync.Mutex
	puts    []string // IDs of values put, in order
	reads   []string // "id.field" of fields read or viewed, in order
	deletes []string
	before  func(ctx context.Context, op, id string) error // called before each operation
}

func newFiles(t testing.TB) *files { return &files{dir: t.TempDir()} }

func (f *files) name(id string) string { return filepath.Join(f.dir, url.PathEscape(id)+".npz") }

// on makes every operation call fn first, nil for nothing.
func (f *files) on(fn func(ctx context.Context, op, id string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = fn
}

// enter is called before each operation.
func (f *files) enter(ctx context.Context, op, id string) error {
	f.mu.Lock()
	before := f.before
	f.mu.Unlock()
	if before != nil {
		return before(ctx, op, id)
	}
	return nil
}

func (f *files) record(list *[]string, entries ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*list = append(*list, entries...)
}

// recorded returns what a list has, and empties it.
func (f *files) recorded(list *[]string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := *list
	*list = nil
	return got
}

func (f *files) Put(ctx context.Context, id string, d *soa.Dict) (size int64, err error) {
	if err := f.enter(ctx, "put", id); err != nil {
		return 0, err
	}
	file, err := os.OpenFile(f.name(id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err // a value that is there is never put again
	}
	size, err = npz.Write(ctx, file, d, npz.Options{})
	if err = errors.Join(err, file.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(f.name(id)))
	}
	f.record(&f.puts, id)
	return size, nil
}

func (f *files) Read(ctx context.Context, id string, into *soa.Dict, names []string) error {
	if err := f.enter(ctx, "read", id); err != nil {
		return err
	}
	return f.read(ctx, id, into, names)
}

func (f *files) read(ctx context.Context, id string, into *soa.Dict, names []string) error {
	file, err := npz.Open(f.name(id))
	if err != nil {
		return err
	}
	defer file.Close()
	if names == nil {
		names = file.Names()
	}
	for _, name := range names {
		f.record(&f.reads, id+"."+name)
	}
	return file.Read(ctx, into, names...)
}

func (f *files) View(ctx context.Context, id string, names []string, fn func(*soa.Dict) error) error {
	if err := f.enter(ctx, "view", id); err != nil {
		return err
	}
	d := soa.NewDict()
	if err := f.read(ctx, id, d, names); err != nil {
		return err
	}
	return fn(d)
}

func (f *files) Delete(id string) error {
	if err := f.enter(context.Background(), "delete", id); err != nil {
		return err
	}
	f.record(&f.deletes, id)
	return os.Remove(f.name(id))
}

// fieldsOf returns the fields of d.
func fieldsOf(d *soa.Dict) (fields []Field) {
	for name, a := range d.All() {
		fields = append(fields, Field{name, a.DType(), a.Shape()})
	}
	return fields
}

// has returns the IDs of the values that there are, sorted.
func (f *files) has(t tb) []string {
	entries, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	ids := []string{}
	for _, e := range entries {
		id, err := url.PathUnescape(e.Name()[:len(e.Name())-len(".npz")])
		require.NoError(t, err)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

var errDisk = errors.New("disk failed")

// failing makes an operation fail on the values, or on all.
func failing(what string, ids ...string) func(context.Context, string, string) error {
	return func(_ context.Context, op, id string) error {
		if op == what && (len(ids) == 0 || slices.Contains(ids, id)) {
			return errDisk
		}
		return nil
	}
}

// gate makes an operation on some values wait until it is opened, or its context ends.
type gate struct {
	op   string
	ids  []string // none for all
	open chan struct{}
}

func newGate(op string, ids ...string) *gate { return &gate{op, ids, make(chan struct{})} }

func (g *gate) wait(ctx context.Context, op, id string) error {
	if op != g.op || len(g.ids) > 0 && !slices.Contains(g.ids, id) {
		return nil
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lz4 is the codec of all tests.
func lz4(soa.DType) codec.Codec {
	c, err := codec.New(codec.LZ4, codec.Options{})
	if err != nil {
		panic(err)
	}
	return c
}

// tb is a *testing.T or a *rapid.T.
type tb interface {
	require.TestingT
	Helper()
}

// tiers are Tiers under test, with what is below and what each value is.
type tiers struct {
	*Tiers
	files *files // nil for none
	want  map[string]*soa.Dict
}

// newTiers returns Tiers over files.
func newTiers(t testing.TB, opts Options) *tiers { return tiersOver(t, newFiles(t), opts) }

// inMemory returns Tiers over nothing.
func inMemory(t testing.TB, opts Options) *tiers { return tiersOver(t, nil, opts) }

func tiersOver(t testing.TB, f *files, opts Options) *tiers {
	t.Helper()
	if opts.Compressed != 0 {
		opts.Codec = lz4
	}
	var below Below
	if f != nil {
		below = f
	}
	tt, err := New(below, opts)
	require.NoError(t, err)
	t.Cleanup(tt.Close)
	return &tiers{tt, f, map[string]*soa.Dict{}}
}

// noise returns n bytes that nothing compresses.
func noise(seed byte, n int) []byte {
	b := make([]byte, n)
	x := uint64(seed)*0x9E3779B97F4A7C15 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return b
}

// noisy returns a value of columns of noise of so many bytes, named "a", "b", ...
func noisy(seed byte, sizes ...int) *soa.Dict {
	d := soa.NewDict()
	for i, n := range sizes {
		d.Set(string(rune('a'+i)), soa.Of(noise(seed+byte(i)*31, n)))
	}
	return d
}

// smooth returns a value like noisy, of bytes that compress well.
func smooth(seed byte, sizes ...int) *soa.Dict {
	d := soa.NewDict()
	for i, n := range sizes {
		d.Set(string(rune('a'+i)), soa.Of(slices.Repeat([]byte{seed + byte(i)}, n)))
	}
	return d
}

// put puts a value, which must succeed.
func (tt *tiers) put(t tb, id string, d *soa.Dict) {
	t.Helper()
	require.NoError(t, tt.tryPut(t, context.Background(), id, d))
}

// tryPut puts a value, and checks that there is nothing of it if that fails.
func (tt *tiers) tryPut(t tb, ctx context.Context, id string, d *soa.Dict) error {
	t.Helper()
	err := tt.Put(ctx, id, d)
	require.Equal(t, err == nil, tt.Has(id))
	if err == nil {
		tt.want[id] = d
	} else if tt.files != nil {
		require.NotContains(t, tt.files.has(t), id)
	}
	return err
}

// remove deletes values.
func (tt *tiers) remove(t tb, ids ...string) {
	t.Helper()
	require.NoError(t, tt.Delete(ids...))
	for _, id := range ids {
		delete(tt.want, id)
	}
}

// get checks what a Get returns.
func (tt *tiers) get(t tb, id string, names ...string) {
	t.Helper()
	d, err := tt.Get(context.Background(), id, names)
	require.NoError(t, err)
	tt.equal(t, id, names, d)
}

func (tt *tiers) equal(t tb, id string, names []string, d *soa.Dict) {
	t.Helper()
	want := tt.want[id]
	if names != nil {
		var err error
		want, err = want.Select(names...)
		require.NoError(t, err)
	}
	require.True(t, want.Equal(d), "value %q: want %v, have %v, or other elements", id, want, d)
}

// raw returns where values are that are raw as a whole.
func (tt *tiers) raw(t tb) []string {
	t.Helper()
	return tt.where(t, func(p Place) bool { return len(p.Packed)+len(p.Absent) == 0 })
}

func (tt *tiers) where(t tb, which func(Place) bool) []string {
	t.Helper()
	ids := []string{}
	for _, id := range tt.IDs() {
		p, ok := tt.Where(id)
		require.True(t, ok)
		if which(p) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (tt *tiers) below(t tb) []string {
	t.Helper()
	return tt.where(t, func(p Place) bool { return p.Below })
}

// check holds the tiers to all that is always so, and, if nothing is under way, to all
// that is so then.
func (tt *tiers) check(t require.TestingT, idle bool) {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	dirty, disk := map[*value]bool{}, TierStats{}
	for id, v := range tt.values {
		require.Equal(t, id, v.id)
		if v.below {
			disk.add(v, 1)
		} else if !v.gone() {
			dirty[v] = true
		}
		for _, c := range v.columns {
			if c.in == nil {
				require.True(t, v.below || c.consumed, "a column of %q is lost", id)
				require.True(t, c.below(), "a column of %q holds what no pool has", id)
			}
		}
		if idle {
			require.Nil(t, v.write)
			require.Zero(t, v.reads)
		}
	}
	tt.checkPool(t, tt.Tiers.raw, idle)
	tt.checkPool(t, tt.packed, idle)
	require.Equal(t, []any{disk.Values, disk.Columns, disk.Raw, disk.Stored},
		[]any{tt.disk.Values, tt.disk.Columns, tt.disk.Raw, tt.disk.Stored})
	for e := tt.tried; e != nil; e = e.Prev() {
		v := e.Value.(*value)
		require.True(t, v.write != nil || v.failure != nil, "no writer will look at %q", v.id)
	}
	bytes, n := int64(0), 0
	for e := tt.dirty.Front(); e != nil; e = e.Next() {
		v := e.Value.(*value)
		if !v.gone() { // else a read of it is under way
			require.True(t, dirty[v], "%q is taken to be dirty", v.id)
			n++
		}
		for _, c := range v.columns {
			if !c.consumed || tt.opts.Whole && tt.Tiers.below != nil {
				bytes += c.bytes
			}
		}
	}
	require.Len(t, dirty, n)
	for v := range tt.unreported {
		require.True(t, dirty[v], "%q has been put below since it failed", v.id)
	}
	require.Equal(t, bytes, tt.dirtyBytes)
}

func (tt *tiers) checkPool(t require.TestingT, p *pool, idle bool) {
	if p.limit >= 0 {
		require.LessOrEqual(t, p.held+p.reserved, p.limit)
	}
	require.GreaterOrEqual(t, p.reserved, int64(0))
	var held, raw int64
	columns, values := 0, map[*value]bool{}
	for _, v := range tt.values {
		for _, c := range v.columns {
			if c.in != p {
				continue
			}
			columns++
			values[v] = true
			raw += c.bytes
			if p == tt.packed {
				require.NotNil(t, c.packed)
				held += int64(len(c.packed.bytes) + c.packed.array.NBytes())
			} else {
				require.Nil(t, c.packed)
				held += int64(c.array.NBytes())
			}
			if idle {
				require.Equal(t, c.evictable(), c.at >= 0)
				require.Nil(t, c.flight)
				require.Zero(t, c.taken)
			}
		}
	}
	require.Equal(t, held, p.held)
	require.Equal(t, []any{columns, len(values), raw}, []any{p.stats.Columns, p.stats.Values, p.stats.Raw})
	for i, c := range p.victims {
		require.Equal(t, i, c.at)
		require.Same(t, p, c.in)
		require.False(t, before(c, p.victims[max(0, (i-1)/2)]), "no heap")
	}
	if idle {
		require.Zero(t, p.reserved)
		require.Zero(t, p.wanted)
	}
}

// whole checks the elements of every column where it is, moving nothing, and what is
// below.
func (tt *tiers) whole(t require.TestingT) {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	require.Equal(t, len(tt.want), len(tt.values))
	for id, want := range tt.want {
		v := tt.values[id]
		require.NotNil(t, v, id)
		onDisk := soa.NewDict()
		if v.below {
			file, err := npz.Open(tt.files.name(id))
			require.NoError(t, err)
			if len(v.columns) > 0 {
				require.NoError(t, file.Read(context.Background(), onDisk))
			}
			require.NoError(t, file.Close())
			require.Equal(t, v.there.columns, onDisk.Len())
			for _, c := range v.columns {
				have, ok := onDisk.Get(c.field.Name)
				w, _ := want.Get(c.field.Name)
				require.True(t, w.Equal(have) || !ok && c.consumed && !tt.opts.Whole, "%q.%s is wrong below", id, c.field.Name)
			}
		}
		for _, c := range v.columns {
			if c.in == nil {
				continue
			}
			a := c.array
			if c.packed != nil && c.packed.codec != nil {
				b, err := c.packed.codec.Decode(nil, c.packed.bytes)
				require.NoError(t, err)
				a, err = soa.New(c.field.DType, c.field.Shape...)
				require.NoError(t, err)
				require.Equal(t, len(b), copy(a.Bytes(), b))
			} else if c.packed != nil {
				a = c.packed.array
			}
			w, _ := want.Get(c.field.Name)
			require.True(t, w.Equal(a), "%q.%s", id, c.field.Name)
		}
	}
}

func (tt *tiers) ids() []string { return slices.Sorted(maps.Keys(tt.want)) }

var background = context.Background()

// ticks is a clock that goes on at each look at it.
func ticks() func() time.Duration {
	var mu sync.Mutex
	now := time.Duration(0)
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		now += time.Second
		return now
	}
}
