package arena_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
)

// benchFolders are where the benchmarks write: the disk, and memory.
func benchFolders(b *testing.B) map[string]string {
	folders := map[string]string{"disk": b.TempDir()}
	dir := memoryFolder(b)
	if t, err := fsys.OS.TypeOf(dir); err == nil && t.Kind == fsys.Memory {
		folders["shm"] = dir
	}
	return folders
}

func columns(n, rows int) *soa.Dict {
	d := soa.NewDict()
	for i := range n {
		s := make([]float64, rows)
		for j := range s {
			s[j] = float64(i * j)
		}
		d.Set(string(rune('a'+i)), soa.Of(s))
	}
	return d
}

// against runs two contestants by turns and reports how fast the first was and the
// ratio of the speeds.
func against(b *testing.B, bytes int64, first, second func()) {
	var times [2]time.Duration
	for range 6 { // warm: space is recycled, pages are there
		first()
		second()
	}
	for b.Loop() {
		for i, fn := range []func(){first, second} {
			start := time.Now()
			fn()
			times[i] += time.Since(start)
		}
	}
	b.ReportMetric(float64(bytes)*float64(b.N)/times[0].Seconds()/1e6, "MB/s")
	b.ReportMetric(times[1].Seconds()/times[0].Seconds(), "of-second")
	b.ReportMetric(0, "ns/op")
}

func benchArena(b *testing.B, dir string) *arena.Arena {
	a, err := arena.Create(filepath.Join(dir, "arena"), arena.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, a.Remove()) })
	return a
}

func mustSet(b testing.TB, a *arena.Arena, key string, d *soa.Dict) {
	c, err := a.Stage(context.Background(), key, "stamp", d)
	if err == nil {
		err = c.Commit()
	}
	if err == nil {
		err = c.Finish()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// rawFile returns a function that writes d's columns over those of a file of its own,
// into two places by turns, as an arena does.
func rawFile(b *testing.B, dir string, d *soa.Dict) (write, read func()) {
	f, err := fsys.OS.OpenFile(filepath.Join(dir, "raw"), os.O_RDWR|os.O_CREATE)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, f.Close()) })
	size := int64(d.NBytes())
	at := int64(0)
	into := d.Clone()
	each := func(d *soa.Dict, fn func(p []byte, off int64) (int, error)) {
		off := at
		for _, a := range d.All() {
			p := a.Bytes()
			for len(p) > 0 {
				n := min(len(p), 4<<20)
				if _, err := fn(p[:n], off); err != nil {
					b.Fatal(err)
				}
				p, off = p[n:], off+int64(n)
			}
		}
	}
	write = func() { at = size - at; each(d, f.WriteAt) }
	write()
	return write, func() { each(into, f.ReadAt) }
}

func BenchmarkLargeSet(b *testing.B) {
	d := columns(8, 4<<20) // 256 MiB
	for name, dir := range benchFolders(b) {
		b.Run(name+"/pwrite", func(b *testing.B) {
			a := benchArena(b, dir)
			write, _ := rawFile(b, dir, d)
			against(b, int64(d.NBytes()), func() { mustSet(b, a, "key", d) }, write)
		})
	}
	for name, dir := range benchFolders(b) {
		b.Run(name+"/memcpy", func(b *testing.B) {
			a := benchArena(b, dir)
			to := [2]*soa.Dict{d.Clone(), d.Clone()}
			i := 0
			against(b, int64(d.NBytes()), func() { mustSet(b, a, "key", d) }, func() {
				i = 1 - i
				for name, from := range d.All() {
					arr, _ := to[i].Get(name)
					copy(arr.Bytes(), from.Bytes())
				}
			})
		})
	}
}

func BenchmarkLargeRead(b *testing.B) {
	d := columns(8, 4<<20)
	for name, dir := range benchFolders(b) {
		a := benchArena(b, dir)
		mustSet(b, a, "key", d)
		v, err := a.Get("key")
		require.NoError(b, err)
		into := d.Clone()
		_, raw := rawFile(b, dir, d)
		b.Run(name+"/read", func(b *testing.B) {
			against(b, int64(d.NBytes()), func() {
				if err := v.Read(b.Context(), into, nil, arena.ReadOptions{}); err != nil {
					b.Fatal(err)
				}
			}, raw)
		})
		b.Run(name+"/view", func(b *testing.B) {
			against(b, int64(d.NBytes()), func() {
				if err := v.View(b.Context(), nil, arena.ReadOptions{}, func(*soa.Dict) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}, raw)
		})
		require.NoError(b, v.Close())
	}
}

// BenchmarkDirect compares sets past the system's cache with sets through it.
func BenchmarkDirect(b *testing.B) {
	d := columns(8, 4<<20)
	dir := b.TempDir()
	set := func(name string, direct bool) func() {
		a, err := arena.Create(filepath.Join(dir, name), arena.Options{Direct: direct})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, a.Remove()) })
		return func() { mustSet(b, a, "key", d) }
	}
	against(b, int64(d.NBytes()), set("direct", true), set("cached", false))
}

func BenchmarkTiny(b *testing.B) {
	d := columns(8, 96) // 6 KB
	for name, dir := range benchFolders(b) {
		b.Run(name+"/set", func(b *testing.B) {
			a := benchArena(b, dir)
			b.ReportAllocs()
			for b.Loop() {
				mustSet(b, a, "key", d)
			}
		})
		b.Run(name+"/pwrite", func(b *testing.B) {
			write, _ := rawFile(b, dir, d)
			for b.Loop() {
				write()
			}
		})
		b.Run(name+"/read", func(b *testing.B) {
			a := benchArena(b, dir)
			mustSet(b, a, "key", d)
			into := soa.NewDict()
			b.ReportAllocs()
			for b.Loop() {
				v, err := a.Get("key")
				if err == nil {
					err = v.Read(b.Context(), into, nil, arena.ReadOptions{})
				}
				if err == nil {
					err = v.Close()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTinyKeys sets a thousand keys in turn, new ones or again, with nothing of
// them in the processor's caches, and reports how long one takes in the fastest round,
// and so of calls that write as many pages at once, new ones or those of before.
func BenchmarkTinyKeys(b *testing.B) {
	const keys = 1000
	values := make([]*soa.Dict, keys)
	for i := range values {
		values[i] = columns(10, 50) // 4000 bytes, and so two pages
	}
	for name, dir := range benchFolders(b) {
		b.Run(name+"/again", func(b *testing.B) { benchTinyKeys(b, dir, values, false) })
		b.Run(name+"/new", func(b *testing.B) { benchTinyKeys(b, dir, values, true) })
	}
}

func benchTinyKeys(b *testing.B, dir string, values []*soa.Dict, fresh bool) {
	opts := arena.Options{}
	if fresh {
		opts.Recycle = -1
	}
	a, err := arena.Create(filepath.Join(dir, "arena"), opts)
	require.NoError(b, err)
	defer a.Remove()
	raw, err := fsys.OS.OpenFile(filepath.Join(dir, "raw"), os.O_RDWR|os.O_CREATE)
	require.NoError(b, err)
	defer raw.Close()
	all := make([]string, len(values))
	for i := range all {
		all[i] = keyName(i)
	}
	pages := make([]byte, 2*arena.PageLen)
	set := func() {
		for i, key := range all {
			mustSet(b, a, key, values[i])
		}
	}
	write := func() {
		for i := range all {
			_, err := raw.WriteAt(pages, int64(i*len(pages)))
			require.NoError(b, err)
		}
	}
	best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	caches := make([]byte, 64<<20)
	for b.Loop() {
		for k, round := range []func(){set, write} {
			for i := 0; i < len(caches); i += 64 {
				caches[i]++
			}
			start := time.Now()
			round()
			best[k] = min(best[k], time.Since(start))
		}
		if fresh {
			c, err := a.StageRemove(all...)
			require.NoError(b, err)
			require.NoError(b, c.Commit())
			require.NoError(b, c.Finish())
			require.NoError(b, raw.Truncate(0))
		}
	}
	b.ReportMetric(best[0].Seconds()*1e6/float64(len(all)), "µs/Set")
	b.ReportMetric(best[1].Seconds()*1e6/float64(len(all)), "µs/write")
	b.ReportMetric(0, "ns/op")
}
