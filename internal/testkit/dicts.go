package testkit

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/soastore/soa"
	"pgregory.net/rapid"
)

// DictOptions limits what [DictGen] draws. The zero value is for a column store:
// one-dimensional numeric columns of equal length.
type DictOptions struct {
	// Ragged lets each array have its own shape of 0 to 3 dimensions, and be of any
	// element type. The default is columns of equal length.
	Ragged bool
	// DTypes are the element types. The default is all integers, float32 and
	// float64; with Ragged, all there are.
	DTypes []soa.DType
	// MaxFields is the most arrays. The default is 8.
	MaxFields int
	// MaxRows is the most rows of a column, and the largest extent of a ragged
	// array. The default is 64; with Ragged, 6.
	MaxRows int
}

var (
	numeric = []soa.DType{soa.Int8, soa.Int16, soa.Int32, soa.Int64,
		soa.Uint8, soa.Uint16, soa.Uint32, soa.Uint64, soa.Float32, soa.Float64}
	others = []soa.DType{soa.Bool, soa.Float16, soa.Complex64, soa.Complex128}
)

func (o DictOptions) withDefaults() DictOptions {
	rows, dtypes := 64, numeric
	if o.Ragged {
		rows, dtypes = 6, slices.Concat(others, numeric)
	}
	if o.DTypes == nil {
		o.DTypes = dtypes
	}
	if o.MaxRows == 0 {
		o.MaxRows = rows
	}
	if o.MaxFields == 0 {
		o.MaxFields = 8
	}
	return o
}

// DictGen returns a generator of Dicts. Names are identifiers. Elements are
// arbitrary bits, NaNs and infinities among them, and shrink to zero.
func DictGen(o DictOptions) *rapid.Generator[*soa.Dict] {
	o = o.withDefaults()
	name := rapid.StringMatching(`[a-zA-Z_][a-zA-Z0-9_]{0,11}`)
	return rapid.Custom(func(t *rapid.T) *soa.Dict {
		d := soa.NewDict()
		dims := []int{rapid.IntRange(0, o.MaxRows).Draw(t, "rows")}
		for _, n := range rapid.SliceOfNDistinct(name, 0, o.MaxFields, rapid.ID[string]).Draw(t, "names") {
			if o.Ragged {
				dims = rapid.SliceOfN(rapid.IntRange(0, o.MaxRows), 0, 3).Draw(t, "shape")
			}
			dtype := rapid.SampledFrom(o.DTypes).Draw(t, "dtype")
			d.Set(n, bits(dtype, dims, rapid.Uint64().Draw(t, "seed")))
		}
		return d
	})
}

// bits returns an array of zeros for seed 0, else of bits drawn from seed.
func bits(dtype soa.DType, dims []int, seed uint64) soa.Array {
	a, err := soa.New(dtype, dims...)
	if err != nil {
		panic(fmt.Sprintf("testkit: %v", err)) // a generator's own shape
	}
	if seed == 0 {
		return a
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range a.Bytes() {
		a.Bytes()[i] = byte(rng.Uint32())
		if dtype == soa.Bool {
			a.Bytes()[i] &= 1
		}
	}
	return a
}

// RandomDict returns the same rows for the same seed: particles of a box of edge
// 256. Its columns are the positions x, y, z (float32, 0 <= x < 256), the
// velocities vx, vy, vz (float32, normally distributed), phi (float64), id
// (int64, distinct for different rows and for seeds below 2^31) and mask
// (uint16).
func RandomDict(seed uint64, rows int) *soa.Dict {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	rng := rand.New(rand.NewChaCha8(key))
	d := soa.NewDict()
	for _, name := range []string{"x", "y", "z"} {
		d.Set(name, column(rows, func(int) float32 { return rng.Float32() * 256 }))
	}
	for _, name := range []string{"vx", "vy", "vz"} {
		d.Set(name, column(rows, func(int) float32 { return float32(rng.NormFloat64()) }))
	}
	d.Set("phi", column(rows, func(int) float64 { return rng.Float64() }))
	d.Set("id", column(rows, func(i int) int64 { return int64(seed)<<32 + int64(i) }))
	d.Set("mask", column(rows, func(int) uint16 { return uint16(rng.Uint32()) }))
	return d
}

func column[T soa.Element](rows int, value func(i int) T) soa.Array {
	s := make([]T, rows)
	for i := range s {
		s[i] = value(i)
	}
	return soa.Of(s)
}
