package render_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/render"
)

func TestText(t *testing.T) {
	f32 := math.Float32frombits
	for _, test := range []struct {
		a          soa.Array
		text, json string
	}{
		{soa.Of([]float64{0}), "0", "0"},
		{soa.Of([]float64{math.Copysign(0, -1)}), "-0.0", "-0.0"},
		{soa.Of([]float64{0.1}), "0.1", "0.1"},
		{soa.Of([]float64{1e15}), "1000000000000000", "1000000000000000"},
		{soa.Of([]float64{1e16}), "1e+16", "1e+16"},
		{soa.Of([]float64{1e-5}), "1e-05", "1e-05"},
		{soa.Of([]float64{math.Inf(1)}), "Infinity", `"Infinity"`},
		{soa.Of([]float32{float32(math.Inf(-1))}), "-Infinity", `"-Infinity"`},
		{soa.Of([]float32{f32(0x7fc00000)}), "NaN", `"NaN"`},
		{soa.Of([]float32{f32(0xffc00000)}), "-NaN", `"-NaN"`},
		{soa.Of([]float32{f32(0x7fc00001)}), "NaN(0x7fc00001)", `"NaN(0x7fc00001)"`},
		{soa.Of([]soa.F16{0x7e01}), "NaN(0x7e01)", `"NaN(0x7e01)"`},
		{soa.Of([]complex64{1 - 2i}), "1-2j", "[1,-2]"},
		{soa.Of([]complex128{complex(math.Inf(1), math.NaN())}), "Infinity+NaN(0x7ff8000000000001)j", `["Infinity","NaN(0x7ff8000000000001)"]`},
		{soa.Of([]bool{true}), "true", "true"},
		{soa.Of([]int8{-128}), "-128", "-128"},
		{soa.Of([]uint64{math.MaxUint64}), "18446744073709551615", "18446744073709551615"},
	} {
		require.Equal(t, test.text, string(render.Text(test.a)(nil, 0)))
		require.Equal(t, test.json, string(render.JSON(test.a)(nil, 0)))
	}
}

// Every float32 reads back at its own precision, and by way of a float64.
func TestFloat32ReadsBackEitherWay(t *testing.T) {
	check := func(t require.TestingT, bits uint32) {
		v := math.Float32frombits(bits)
		if v != v {
			return
		}
		text := string(render.Text(soa.Of([]float32{v}))(nil, 0))
		wide, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		narrow, err := strconv.ParseFloat(text, 32)
		require.NoError(t, err)
		require.Equal(t, bits, math.Float32bits(float32(wide)), text)
		require.Equal(t, bits, math.Float32bits(float32(narrow)), text)
	}
	check(t, math.Float32bits(7.038531e-26))
	check(t, 0x15ae43fd)
	rapid.Check(t, func(r *rapid.T) { check(r, rapid.Uint32().Draw(r, "bits")) })
}
