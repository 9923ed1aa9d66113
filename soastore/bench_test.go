package soastore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// BenchmarkStore measures one rank's Set of a fresh key, GetInto, GetField of one
// column, View, and a Set that replaces, of every kind of store; next to each MB/s
// stands its ratio to writing or reading the same bytes as one plain file, or, in
// memory, to a copy, measured in turn with it.
func BenchmarkStore(b *testing.B) {
	d := testkit.RandomDict(1, 400_000)
	for _, kind := range storetest.Kinds {
		b.Run(kind.Name, func(b *testing.B) {
			p, err := partition.New(comm.Self(), partition.Options{})
			require.NoError(b, err)
			opts := soastore.Options{CopyOnSet: true}
			if kind.Files {
				opts = soastore.Options{Path: filepath.Join(b.TempDir(), "tmp")}
			}
			s, err := kind.Open(p, opts)
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			if errors.Is(s.Set("k", d), soastore.ErrNoSpace) {
				b.Skip("its memory is less than the value")
			}
			require.NoError(b, s.Remove("k"))
			benchStore(b, s, d, plainFile(b, d, kind.Files))
		})
	}
}

// plain is what a store is measured against.
type plain struct{ write, read func() }

func plainFile(b *testing.B, d *soa.Dict, files bool) plain {
	var all []byte
	for _, a := range d.All() {
		all = append(all, a.Bytes()...)
	}
	to := make([]byte, len(all))
	copy(to, all)
	if !files {
		memcpy := func() { copy(to, all) }
		return plain{memcpy, memcpy}
	}
	name := filepath.Join(b.TempDir(), "plain")
	write := func() {
		os.Remove(name)
		require.NoError(b, os.WriteFile(name, all, 0o600))
	}
	write()
	return plain{write, func() {
		f, err := os.Open(name)
		require.NoError(b, err)
		_, err = f.ReadAt(to, 0)
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}}
}

func benchStore(b *testing.B, s storetest.Store, d *soa.Dict, base plain) {
	size := d.NBytes()
	compare := func(name string, bytes int, plain, call, after func()) {
		b.Run(name, func(b *testing.B) {
			var own, other time.Duration
			for b.Loop() {
				t0 := time.Now()
				call()
				own += time.Since(t0)
				after()
				t0 = time.Now()
				plain()
				other += time.Since(t0)
			}
			b.ReportMetric(0, "ns/op") // of both together, which says nothing
			b.ReportMetric(float64(bytes)*float64(b.N)/own.Seconds()/1e6, "MB/s")
			b.ReportMetric(float64(bytes)/float64(size)*other.Seconds()/own.Seconds(), "of-plain")
		})
	}
	nothing := func() {}
	set := func() { require.NoError(b, s.Set("k", d)) }
	compare("SetNew", size, base.write, set, func() { require.NoError(b, s.Remove("k")) })
	set()
	compare("Replace", size, base.write, set, nothing)
	into := soa.NewDict()
	require.NoError(b, s.GetInto("k", into))
	compare("GetInto", size, base.read, func() { require.NoError(b, s.GetInto("k", into)) }, nothing)
	compare("Get", size, base.read, func() {
		_, err := s.Get("k")
		require.NoError(b, err)
	}, nothing)
	compare("GetField", size/d.Len(), base.read, func() {
		_, err := s.GetField("k", "y")
		require.NoError(b, err)
	}, nothing)
	compare("View", size, base.read, func() {
		require.NoError(b, s.View("k", nil, func(*soa.Dict) error { return nil }))
	}, nothing)
}

// BenchmarkSmall measures a key of 10 fields of 100 elements each: put away, read
// and removed. The cost is that of the calls, to the file system and to the ranks.
func BenchmarkSmall(b *testing.B) {
	d := tiny()
	for _, kind := range storetest.Kinds {
		for _, n := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("%s/%d ranks", kind.Name, n), func(b *testing.B) {
				dir := b.TempDir()
				require.NoError(b, comm.Run(n, func(c comm.Comm) error {
					return storetest.OneRank(c, kind, dir, func(e *storetest.Env) {
						s := e.Open(soastore.Options{})
						for range b.N {
							require.NoError(e, s.Set("k", d))
							_, err := s.Get("k")
							require.NoError(e, err)
							require.NoError(e, s.Remove("k"))
						}
						require.NoError(e, s.Close())
					})
				}))
			})
		}
	}
}

// BenchmarkTiny measures Set and GetInto of such a key on one rank, and what they
// allocate.
func BenchmarkTiny(b *testing.B) {
	d := tiny()
	for _, kind := range storetest.Kinds {
		p, err := partition.New(comm.Self(), partition.Options{})
		require.NoError(b, err)
		opts := soastore.Options{}
		if kind.Files {
			opts.Path = filepath.Join(b.TempDir(), "tmp")
		}
		s, err := kind.Open(p, opts)
		require.NoError(b, err)
		into := soa.NewDict()
		require.NoError(b, s.Set("k", d))
		require.NoError(b, s.GetInto("k", into))
		for name, call := range map[string]func() error{
			"Set":     func() error { return s.Set("k", d) },
			"GetInto": func() error { return s.GetInto("k", into) },
		} {
			b.Run(kind.Name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		require.NoError(b, s.Close())
	}
}

// tiny returns 10 fields of 100 elements.
func tiny() *soa.Dict {
	d := soa.NewDict()
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		d.Set(name, soa.Of(make([]float32, 100)))
	}
	return d
}
