package tier

import (
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
