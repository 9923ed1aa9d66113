package summary_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/summary"
	"github.com/soastore/soa/internal/testkit"
)

func of(arrays ...soa.Array) summary.Result {
	s := summary.New(arrays[0].DType())
	for _, a := range arrays {
		s.Add(a)
	}
	return s.Result()
}

func value[T soa.Element](t require.TestingT, a soa.Array) T {
	v, err := soa.Values[T](a)
	require.NoError(t, err)
	require.Len(t, v, 1)
	return v[0]
}

func TestExtremesOfIntegersAreExact(t *testing.T) {
	r := of(soa.Of([]int64{math.MaxInt64 - 1, math.MinInt64 + 1}), soa.Of([]int64{0}))
	require.Equal(t, int64(math.MinInt64+1), value[int64](t, r.Min))
	require.Equal(t, int64(math.MaxInt64-1), value[int64](t, r.Max))
	require.EqualValues(t, 3, r.Count)
	require.InDelta(t, 0, r.Mean, 1)
	require.InEpsilon(t, math.MaxInt64*math.Sqrt(2./3), r.Std, 1e-15)

	r = of(soa.Of([]uint64{math.MaxUint64, math.MaxUint64 - 2, math.MaxUint64 - 4}))
	require.Equal(t, uint64(math.MaxUint64-4), value[uint64](t, r.Min))
	require.InEpsilon(t, math.Sqrt(8./3), r.Std, 1e-15, "a float64 cannot tell these apart")
}

func TestOffsetDoesNotCancel(t *testing.T) {
	x := make([]float64, 100_000)
	for i := range x {
		x[i] = 1e9 + float64(i%2)
	}
	r := of(soa.Of(x[:33_333]), soa.Of(x[33_333:]))
	require.InDelta(t, 1e9+0.5, r.Mean, 1e-6)
	require.InEpsilon(t, 0.5, r.Std, 1e-9)
}

func TestNaNsAreApart(t *testing.T) {
	nan := math.NaN()
	r := of(soa.Of([]float64{nan, 3, nan, 1}))
	require.EqualValues(t, 2, r.Count)
	require.EqualValues(t, 2, r.NaNs)
	require.Equal(t, 1.0, value[float64](t, r.Min))
	require.Equal(t, 2.0, r.Mean)
	require.Equal(t, 1.0, r.Std)

	r = of(soa.Of([]float32{float32(nan)}), soa.Of([]float32{}))
	require.Zero(t, r.Count)
	require.Zero(t, r.Min.Len())
	require.True(t, math.IsNaN(r.Mean) && math.IsNaN(r.Std))
}

func TestInfinities(t *testing.T) {
	up, down := math.Inf(1), math.Inf(-1)
	for _, test := range []struct {
		x              []float64
		min, max, mean float64
	}{
		{[]float64{1, up, -7}, -7, up, up}, {[]float64{down, 5}, down, 5, down}, {[]float64{up, down}, down, up, math.NaN()},
	} {
		r := of(soa.Of(test.x))
		require.Equal(t, test.min, value[float64](t, r.Min))
		require.Equal(t, test.max, value[float64](t, r.Max))
		require.Equal(t, fmt.Sprint(test.mean), fmt.Sprint(r.Mean))
		require.True(t, math.IsNaN(r.Std))
	}
	r := of(soa.Of([]float64{math.MaxFloat64, math.MaxFloat64}))
	require.InEpsilon(t, math.MaxFloat64, r.Mean, 1e-15, "the sum overflows, the mean does not")
}

func TestOtherTypes(t *testing.T) {
	r := of(soa.Of([]bool{true, false, true, true}))
	require.False(t, value[bool](t, r.Min))
	require.True(t, value[bool](t, r.Max))
	require.Equal(t, 0.75, r.Mean)

	r = of(soa.Of([]complex64{3 + 4i, 0, complex64(complex(math.NaN(), 0))}))
	require.Equal(t, 5.0, value[float64](t, r.Max))
	require.Equal(t, 2.5, r.Mean)
	require.EqualValues(t, 1, r.NaNs)

	r = of(soa.Of([]soa.F16{soa.ToF16(0.5), soa.ToF16(-2), 0x7e01}))
	require.Equal(t, float32(-2), value[float32](t, r.Min))
	require.Equal(t, -0.75, r.Mean)
}

// However integers are cut into arrays, mean and deviation are those of exact
// arithmetic.
func TestIntegersAgainstExactArithmetic(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x := rapid.SliceOfN(rapid.Int64(), 1, 50).Draw(r, "x")
		cut := rapid.IntRange(0, len(x)).Draw(r, "cut")
		have := of(soa.Of(x[:cut]), soa.Of(x[cut:]))
		sum, squares, n := new(big.Int), new(big.Int), big.NewInt(int64(len(x)))
		for _, v := range x {
			b := big.NewInt(v)
			sum.Add(sum, b)
			squares.Add(squares, b.Mul(b, b))
		}
		mean, _ := new(big.Rat).SetFrac(sum, n).Float64()
		squares.Sub(squares.Mul(squares, n), sum.Mul(sum, sum))
		variance, _ := new(big.Rat).SetFrac(squares, n.Mul(n, n)).Float64()
		std := math.Sqrt(variance)
		require.InDelta(r, mean, have.Mean, 1e-13*(std+math.Abs(float64(x[0]))))
		require.InDelta(r, std, have.Std, 1e-13*std)
	})
}

func TestAgainstNumPy(t *testing.T) {
	x := make([]float64, 10_007)
	var text strings.Builder
	for i := range x {
		x[i] = math.Exp(10*math.Sin(float64(i))) - 300
		fmt.Fprintf(&text, "%x ", math.Float64bits(x[i]))
	}
	out := testkit.Python(t, `
import sys, struct, numpy as np
x = np.array([struct.unpack(">d", bytes.fromhex(w.zfill(16)))[0] for w in sys.argv[1].split()])
print(repr(float(x.mean())), repr(float(x.std())))`, text.String()[:17*1000])
	var mean, std float64
	_, err := fmt.Sscan(out, &mean, &std)
	require.NoError(t, err)
	r := of(soa.Of(x[:1000]))
	require.InEpsilon(t, mean, r.Mean, 1e-13)
	require.InEpsilon(t, std, r.Std, 1e-13)
}

func BenchmarkAdd(b *testing.B) {
	x := make([]float32, 1<<20)
	for i := range x {
		x[i] = float32(i)
	}
	a := soa.Of(x)
	b.SetBytes(int64(a.NBytes()))
	for b.Loop() {
		summary.New(soa.Float32).Add(a)
	}
}
