package soastore_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// cacheModel is a plain map, and what a cache before it is to hold.
type cacheModel struct {
	opts   soastore.CacheOptions
	values map[string]*soa.Dict
	kept   []keptValue // the least recently used first
	absent map[string]time.Time
	stats  soastore.CacheStats
}

type keptValue struct {
	key      string
	size     int64
	deadline time.Time
}

func (k keptValue) old() bool { return !k.deadline.IsZero() && !time.Now().Before(k.deadline) }

// keep is what happens when a value is read or written and may be kept.
func (m *cacheModel) keep(key string) {
	m.expire()
	m.drop(key)
	v := keptValue{key: key, size: int64(m.values[key].NBytes())}
	if m.opts.MaxAge > 0 {
		v.deadline = time.Now().Add(m.opts.MaxAge)
	}
	if m.opts.MaxSize > 0 && v.size > m.opts.MaxSize {
		return
	}
	for m.opts.MaxSize > 0 && m.size()+v.size > m.opts.MaxSize {
		m.kept = m.kept[1:]
		m.stats.Evictions++
	}
	m.kept = append(m.kept, v)
}

func (m *cacheModel) expire() {
	n := len(m.kept)
	m.kept = slices.DeleteFunc(m.kept, keptValue.old)
	m.stats.Expirations += int64(n - len(m.kept))
}

func (m *cacheModel) drop(key string) {
	m.kept = slices.DeleteFunc(m.kept, func(k keptValue) bool { return k.key == key })
}

func (m *cacheModel) size() (size int64) {
	for _, k := range m.kept {
		size += k.size
	}
	return size
}

// read is what happens at a read, which gives what it returns. whole reads are
// kept.
func (m *cacheModel) read(key string, whole bool) *soa.Dict {
	i := slices.IndexFunc(m.kept, func(k keptValue) bool { return k.key == key && !k.old() })
	until, absent := m.absent[key]
	switch {
	case i >= 0:
		m.stats.Hits++
		v := m.kept[i]
		m.kept = append(slices.Delete(m.kept, i, i+1), v)
	case absent && time.Now().Before(until):
		m.stats.Hits++
		m.stats.Negative++
	default:
		m.stats.Misses++
		if m.values[key] == nil {
			m.expire()
			if m.opts.NegativeAge > 0 {
				m.absent[key] = time.Now().Add(m.opts.NegativeAge)
			}
		} else if whole {
			m.keep(key)
		}
	}
	return m.values[key]
}

// change is what happens before a key is changed.
func (m *cacheModel) change(key string) {
	m.drop(key)
	delete(m.absent, key)
}

// TestCacheModel makes operations that rapid draws, and compares what they give,
// what the cache holds in which order, and what it counts, with a model.
func TestCacheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		runs := 0
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) { // without t's Deadline, which a bubble does not have
			runs++
			opts := soastore.CacheOptions{
				MaxSize:     rapid.SampledFrom([]int64{0, 1, 64, 100, 150}).Draw(rt, "max size"),
				MaxAge:      rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(rt, "max age"),
				NegativeAge: rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(rt, "negative age"),
				CacheOnSet:  rapid.Bool().Draw(rt, "cache on set"),
			}
			kinds := map[string]soastore.Options{
				"memory": {}, "packed": {MemoryCodec: "lz4"}, "files": {Path: filepath.Join(dir, fmt.Sprint(runs))},
			}
			kind := kinds[rapid.SampledFrom(slices.Sorted(maps.Keys(kinds))).Draw(rt, "kind")]
			c := cacheOver(t, inMemory(t), openNPZ(t, kind), opts)
			m := &cacheModel{opts: opts, values: map[string]*soa.Dict{}, absent: map[string]time.Time{}}
			rt.Repeat(map[string]func(*rapid.T){
				"set": func(rt *rapid.T) { m.set(rt, c) },
				"get": func(rt *rapid.T) { m.get(rt, c) }, "get more": func(rt *rapid.T) { m.get(rt, c) },
				"remove": func(rt *rapid.T) { m.remove(rt, c) },
				"clear": func(rt *rapid.T) {
					require.NoError(rt, c.Clear())
					clear(m.values)
					clear(m.absent)
					m.kept = nil
				},
				"clear cache": func(rt *rapid.T) {
					require.NoError(rt, c.ClearCache())
					clear(m.absent)
					m.kept = nil
				},
				"wait": func(rt *rapid.T) { wait(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second) },
				"":     func(rt *rapid.T) { m.check(rt, c) },
			})
			require.NoError(rt, c.Close())
		})
	})
}

func drawKey(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "key")
}

func (m *cacheModel) set(rt *rapid.T, c cached) {
	key := drawKey(rt)
	d := bytesDict(rapid.Byte().Draw(rt, "byte"), rapid.IntRange(0, 120).Draw(rt, "size"))
	m.change(key)
	require.NoError(rt, c.Set(key, d))
	m.values[key] = d
	if m.opts.CacheOnSet {
		m.keep(key)
	}
}

func (m *cacheModel) get(rt *rapid.T, c cached) {
	key, how := drawKey(rt), rapid.SampledFrom([]string{"get", "field", "into", "view", "view field"}).Draw(rt, "how")
	fields := []string{"second"}
	part := how == "field" || how == "view field"
	want := m.read(key, !part)
	if part && want != nil {
		want, _ = want.Select(fields...)
	}
	var got *soa.Dict
	var err error
	keepCopy := func(d *soa.Dict) error { got = d.Clone(); return nil }
	switch how {
	case "get":
		got, err = c.Get(key)
	case "field":
		got, err = c.GetField(key, fields...)
	case "into":
		got = bytesDict(7, 90)
		err = c.GetInto(key, got)
	case "view":
		err = c.View(key, nil, keepCopy)
	case "view field":
		err = c.View(key, fields, keepCopy)
	}
	if want == nil {
		require.ErrorIs(rt, err, soastore.ErrNotFound)
		return
	}
	require.NoError(rt, err)
	require.True(rt, want.Equal(got), "want %v, have %v, or other bytes", want, got)
}

func (m *cacheModel) remove(rt *rapid.T, c cached) {
	key := drawKey(rt)
	want := m.values[key]
	delete(m.values, key)
	m.change(key)
	var err error
	got := want
	if rapid.Bool().Draw(rt, "pop") {
		got, err = c.Pop(key)
	} else {
		err = c.Remove(key)
	}
	if want == nil {
		require.ErrorIs(rt, err, soastore.ErrNotFound)
		return
	}
	require.NoError(rt, err)
	require.True(rt, want.Equal(got))
}

func (m *cacheModel) check(rt *rapid.T, c cached) {
	c.consistent(rt)
	keys := []string{}
	for _, k := range m.kept {
		keys = append(keys, k.key)
	}
	require.Equal(rt, keys, c.keys())
	require.Equal(rt, m.size(), c.Info().Size)
	require.Equal(rt, m.stats, c.CacheStats())
	require.Equal(rt, slices.Sorted(maps.Keys(m.values)), append([]string(nil), c.Keys()...))
}
