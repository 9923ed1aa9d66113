package soa_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestF16Values(t *testing.T) {
	inf := float32(math.Inf(1))
	for f, want := range map[soa.F16]float32{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x7c00: inf, 0xfc00: -inf,
		0x0400: 0x1p-14, 0x0001: 0x1p-24, 0x83ff: -0x3ffp-24, 0x3555: 0.333251953125,
	} {
		require.Equal(t, want, f.Float32(), "%#x", uint16(f))
	}
	require.True(t, math.Signbit(float64(soa.F16(0x8000).Float32())))
}

func TestEveryF16SurvivesFloat32(t *testing.T) {
	for bits := range 1 << 16 {
		f := soa.F16(bits)
		if got := soa.ToF16(f.Float32()); got != f {
			t.Fatalf("%#04x -> %v -> %#04x", bits, f.Float32(), uint16(got))
		}
	}
}

func TestANaNOfAnyPayloadStaysOne(t *testing.T) {
	for _, bits := range []uint32{0x7f800001, 0xff800001, 0x7f801fff, 0x7fc00000, 0xffffffff, 0x7f802000} {
		f := soa.ToF16(math.Float32frombits(bits))
		require.True(t, isNaN16(f), "%#x", bits)
		require.Equal(t, bits>>31, uint32(f>>15), "%#x", bits)
	}
}

func isNaN16(f soa.F16) bool { return f&0x7fff > 0x7c00 }

// float16Inputs returns every F16's value, every midpoint between two of them
// (the ties), the float32 on either side of each of those, and random bits.
func float16Inputs() []float32 {
	inf := float32(math.Inf(1))
	var in []float32
	around := func(v float32) {
		in = append(in, v, math.Nextafter32(v, inf), math.Nextafter32(v, -inf))
	}
	for bits := range 0x7c00 {
		v, next := soa.F16(bits).Float32(), float32(65536) // which is what infinity stands for
		if bits < 0x7bff {
			next = soa.F16(bits + 1).Float32()
		}
		for _, sign := range []float32{1, -1} {
			around(sign * v)
			around(sign * (v + (next-v)/2))
		}
	}
	around(65536)
	around(math.MaxFloat32)
	around(math.SmallestNonzeroFloat32)
	in = append(in, inf, -inf, float32(math.NaN()))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		in = append(in, math.Float32frombits(rng.Uint32()))                                  // any
		in = append(in, math.Float32frombits(0x32000000+rng.Uint32N(0x48000000-0x32000000))) // in F16's range
	}
	return in
}

func TestF16AgreesWithNumPy(t *testing.T) {
	in := float16Inputs()
	dir := t.TempDir()
	wide, half, back := filepath.Join(dir, "f4"), filepath.Join(dir, "f2"), filepath.Join(dir, "back")
	require.NoError(t, os.WriteFile(wide, soa.Of(in).Bytes(), 0o600))
	testkit.Python(t, `
import sys, numpy
wide, half, back = sys.argv[1:]
numpy.seterr(all="ignore")
numpy.fromfile(wide, "f4").astype("f2").tofile(half)
numpy.arange(1 << 16, dtype="u2").view("f2").astype("f4").tofile(back)`, wide, half, back)

	want := values[soa.F16](t, fromFile(t, soa.Float16, half, len(in)))
	for i, v := range in {
		if got := soa.ToF16(v); got != want[i] && !(isNaN16(got) && isNaN16(want[i])) {
			t.Fatalf("%v (%#08x) -> %#04x, NumPy has %#04x", v, math.Float32bits(v), uint16(got), uint16(want[i]))
		}
	}
	for bits, v := range values[float32](t, fromFile(t, soa.Float32, back, 1<<16)) {
		got := soa.F16(bits).Float32()
		if math.Float32bits(got) != math.Float32bits(v) && !(got != got && v != v) {
			t.Fatalf("%#04x -> %v, NumPy has %v", bits, got, v)
		}
	}
}

// fromFile returns the array of n elements that a file consists of.
func fromFile(t *testing.T, dtype soa.DType, name string, n int) soa.Array {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	a, err := soa.New(dtype, n)
	require.NoError(t, err)
	require.Len(t, raw, a.NBytes())
	copy(a.Bytes(), raw)
	return a
}
