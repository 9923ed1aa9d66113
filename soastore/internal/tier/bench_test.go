package tier

import (
	"context"
	"fmt"
	"testing"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// wide returns a value of 19 columns of so many bytes each, which compress by half.
func wide(n int) *soa.Dict {
	d := soa.NewDict()
	for i := range 19 {
		column := noise(byte(i), n)
		for j := range column {
			if j%4 < 2 {
				column[j] = 0
			}
		}
		a, err := soa.FromBytes(soa.Uint32, soa.Of(column).Clone().Bytes(), n/4)
		if err != nil {
			panic(err)
		}
		d.Set(fmt.Sprint(i), a)
	}
	return d
}

// BenchmarkGet reads one column, or all 19, from where they are.
func BenchmarkGet(b *testing.B) {
	const n = 1 << 20
	for name, opts := range map[string]Options{
		"raw": {Memory: -1}, "packed": {Compressed: -1}, "below": {},
	} {
		for _, names := range [][]string{{"7"}, nil} {
			b.Run(fmt.Sprintf("%s/columns=%d", name, max(1, 19*(1-len(names)))), func(b *testing.B) {
				tt := newTiers(b, opts)
				tt.put(b, "x", wide(n))
				b.SetBytes(int64(n * max(1, 19*(1-len(names)))))
				b.ReportAllocs()
				for b.Loop() {
					_, err := tt.Get(background, "x", names)
					require.NoError(b, err)
				}
			})
		}
	}
}

// BenchmarkPut puts values of which each has to make room: beside it, what is below is
// written directly, or packed directly.
func BenchmarkPut(b *testing.B) {
	const n = 1 << 18
	d := wide(n)
	run := func(name string, put func(b *testing.B, i int)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(19 * n)
			for i := 0; b.Loop(); i++ {
				put(b, i)
			}
		})
	}
	size := int64(d.NBytes())
	f, tt := newFiles(b), newTiers(b, Options{Memory: 2 * size})
	run("write directly", func(b *testing.B, i int) {
		_, err := f.Put(background, fmt.Sprint(i, b.N), d)
		require.NoError(b, err)
		require.NoError(b, f.Delete(fmt.Sprint(i, b.N)))
	})
	run("evict below", func(b *testing.B, i int) {
		require.NoError(b, tt.Put(background, fmt.Sprint(i), d))
		if i > 2 {
			require.NoError(b, tt.Delete(fmt.Sprint(i-3)))
		}
	})
	run("pack directly", func(b *testing.B, i int) {
		for _, a := range d.All() {
			_, err := lz4(a.DType()).Encode(nil, a.Bytes(), a.DType().Size())
			require.NoError(b, err)
		}
	})
	packs := newTiers(b, Options{Memory: 2 * size, Compressed: -1})
	run("evict packed", func(b *testing.B, i int) {
		require.NoError(b, packs.Put(background, fmt.Sprint(i), d))
		if i > 2 {
			require.NoError(b, packs.Delete(fmt.Sprint(i-3)))
		}
	})
}

// nowhere is a Below that takes everything and reads zeros of one shape.
type nowhere struct{ d *soa.Dict }

func (n nowhere) Put(context.Context, string, *soa.Dict) (int64, error) { return 1, nil }

func (n nowhere) Read(_ context.Context, _ string, into *soa.Dict, names []string) error {
	if names == nil {
		names = n.d.Names()
	}
	for _, name := range names {
		a, _ := n.d.Get(name)
		into.Set(name, a.Clone())
	}
	return nil
}

func (n nowhere) View(_ context.Context, _ string, _ []string, fn func(*soa.Dict) error) error {
	return fn(n.d)
}

func (n nowhere) Delete(string) error { return nil }

// BenchmarkMany measures calls on one of many small values: they should take the same
// time however many there are, and however long the plan.
func BenchmarkMany(b *testing.B) {
	d := soa.NewDict()
	for _, name := range []string{"a", "b", "c", "d"} {
		d.Set(name, soa.Of(make([]float32, 100)))
	}
	size := int64(d.NBytes())
	for _, n := range []int{100, 10_000, 100_000} {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprint(i)
		}
		// open returns Tiers with the values, of which a part is in memory.
		open := func(b *testing.B, memory int64) *Tiers {
			t, err := New(nowhere{d}, Options{Memory: memory})
			require.NoError(b, err)
			b.Cleanup(t.Close)
			for _, id := range ids {
				require.NoError(b, t.Put(background, id, d))
			}
			return t
		}
		plan := func(b *testing.B, t *Tiers) {
			accesses := make([]Access, n)
			for i, id := range ids {
				accesses[i].ID = id
			}
			require.NoError(b, t.Plan(accesses, PlanOptions{}))
		}
		read := func(b *testing.B, t *Tiers) {
			into := soa.NewDict()
			for i := 0; b.Loop(); i++ {
				require.NoError(b, t.Read(background, ids[i%n], into, nil))
			}
		}
		for name, run := range map[string]func(b *testing.B){
			"read":           func(b *testing.B) { read(b, open(b, -1)) },
			"read, evicting": func(b *testing.B) { read(b, open(b, size*int64(n)/2)) },
			"read, no room":  func(b *testing.B) { read(b, open(b, size-1)) },
			"planned":        func(b *testing.B) { t := open(b, -1); plan(b, t); read(b, t) },
			"planned, evicting": func(b *testing.B) {
				t := open(b, size*int64(n)/2)
				plan(b, t)
				read(b, t)
			},
			"last in the plan": func(b *testing.B) { // memory is full of what is needed earlier
				t := open(b, size*int64(n)/2)
				plan(b, t)
				into := soa.NewDict()
				for b.Loop() {
					require.NoError(b, t.Read(background, ids[n-1], into, nil))
				}
			},
			"short plan": func(b *testing.B) {
				t := open(b, -1)
				for b.Loop() {
					require.NoError(b, t.Plan([]Access{{ID: ids[0]}}, PlanOptions{}))
				}
			},
			"put, delete": func(b *testing.B) {
				t := open(b, size*int64(n))
				for i := 0; b.Loop(); i++ {
					require.NoError(b, t.Delete(ids[i%n]))
					require.NoError(b, t.Put(background, ids[i%n], d))
				}
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), run)
		}
	}
}
