package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/npz"
)

// writeNPZ writes d to a new file.
func writeNPZ(t require.TestingT, name string, d *soa.Dict) {
	f, err := os.Create(name)
	require.NoError(t, err)
	_, err = npz.Write(context.Background(), f, d, npz.Options{})
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// manyRows returns the name of a file whose text is longer than a pipe takes.
func manyRows(t testing.TB) string {
	n := make([]int64, 200_000)
	for i := range n {
		n[i] = int64(i)
	}
	d := soa.NewDict()
	d.Set("n", soa.Of(n))
	name := filepath.Join(t.TempDir(), "many.npz")
	writeNPZ(t, name, d)
	return name
}

// odd has the values that text formats lose.
func odd() *soa.Dict {
	f32 := func(bits uint32) float32 { return math.Float32frombits(bits) }
	f64 := math.Float64frombits
	d := soa.NewDict()
	d.Set("f4", soa.Of([]float32{0, f32(1 << 31), 7.038531e-26, f32(0x7fc00000), f32(0xffc00000), f32(0x7fc00001), f32(0xff800001), f32(1), math.MaxFloat32, float32(math.Inf(-1)), 16777216, 1e9}))
	d.Set("f8", soa.Of([]float64{0, math.Copysign(0, -1), 0.1, f64(0x7ff8000000000000), f64(0xfff8000000000000), f64(0x7ff8000000000001), f64(0xfff0000000000001), f64(1), math.MaxFloat64, math.Inf(1), 1 << 53, 1e15 + 0.5}))
	d.Set("f2", soa.Of([]soa.F16{0, 0x8000, 1, 0x7e00, 0xfe00, 0x7e01, 0xfc01, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x0400}))
	d.Set("i8", soa.Of([]int64{math.MinInt64, math.MaxInt64, 1<<53 + 1, 0, 0, 0, 0, 0, 0, 0, 0, -1}))
	d.Set("u8", soa.Of([]uint64{math.MaxUint64, 1<<63 + 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}))
	d.Set("b", soa.Of([]bool{true, false, true, false, true, false, true, false, true, false, true, false}))
	d.Set("c8", soa.Of([]complex64{complex(f32(0x7fc00001), f32(1<<31)), complex(float32(math.Inf(1)), -1), 1 + 2i, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
	d.Set("c16", soa.Of([]complex128{complex(f64(0x7ff8000000000007), math.Copysign(0, -1)), complex(math.Inf(-1), 0.1), 1e300i, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
	d.Set("v3", soa.Shaped([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5}, 12, 3))
	d.Set("m", soa.Shaped(make([]int8, 48), 12, 2, 2))
	return d
}

func TestCSVReadsBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "odd.npz")
	writeNPZ(t, name, odd())
	requireBits(t, odd(), fromCSV(t, odd(), must(t, "cat", name, "--format", "csv")))
}

func TestJSONReadsBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "any.npz")
	check := func(t require.TestingT, d *soa.Dict, stdout string) {
		requireBits(t, d, fromJSON(t, d, stdout))
	}
	writeNPZ(t, name, odd())
	check(t, odd(), must(t, "cat", name, "--format", "json"))
	any := testkit.DictGen(testkit.DictOptions{Ragged: true})
	rapid.Check(t, func(r *rapid.T) {
		d := any.Draw(r, "dict")
		writeNPZ(r, name, d)
		check(r, d, must(t, "cat", name, "--format", "json"))
	})
}

func TestCSVOfAnythingReadsBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "any.npz")
	columns := testkit.DictGen(testkit.DictOptions{DTypes: []soa.DType{
		soa.Bool, soa.Int8, soa.Uint16, soa.Int64, soa.Uint64, soa.Float16, soa.Float32, soa.Float64, soa.Complex64, soa.Complex128}})
	rapid.Check(t, func(r *rapid.T) {
		d := columns.Draw(r, "dict")
		writeNPZ(r, name, d)
		requireBits(r, d, fromCSV(r, d, must(t, "cat", name, "--format", "csv")))
	})
}

// Python reads float32 columns by way of float64.
func TestPythonReadsBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "odd.npz")
	d := odd()
	d.Set("r4", soa.Of(randomFloats(12)))
	writeNPZ(t, name, d)
	text := filepath.Join(t.TempDir(), "odd.json")
	require.NoError(t, os.WriteFile(text, []byte(must(t, "cat", name, "--format", "json")), 0o600))
	out := testkit.Python(t, `
import json, sys, numpy as np
doc, ref = json.load(open(sys.argv[1])), np.load(sys.argv[2])
assert list(doc) == ref.files, (list(doc), ref.files)
for k in ref.files:
    f, want = doc[k], ref[k]
    assert f["dtype"] == want.dtype.name and tuple(f["shape"]) == want.shape, k
    if want.dtype.kind == "c" or k == "f2":
        continue
    pairs = [(v, w) for v, w in zip(np.array(f["values"], dtype=object).ravel(), want.ravel()) if not str(v).startswith(("NaN(", "-NaN"))]
    have = np.array([float(v) if isinstance(v, str) else v for v, _ in pairs], dtype=want.dtype)
    assert have.tobytes() == np.array([w for _, w in pairs], dtype=want.dtype).tobytes(), k
print("same")`, text, name)
	require.Equal(t, "same\n", out)
}

func randomFloats(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(uint32(i+1) * 0x0badcafe & 0x7f7fffff)
	}
	return out
}

// requireBits requires that every array of d has the bits that were read.
func requireBits(t require.TestingT, d *soa.Dict, have map[string][]byte) {
	require.Len(t, have, d.Len())
	for name, a := range d.All() {
		require.True(t, bytes.Equal(a.Bytes(), have[name]), "%s: %v: %x, not %x", name, a, have[name], a.Bytes())
	}
}

func fromCSV(t require.TestingT, d *soa.Dict, text string) map[string][]byte {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, name := range d.Names() {
		out[name] = []byte{}
	}
	if d.Len() == 0 {
		return out
	}
	for _, record := range records[1:] {
		for i, cell := range record {
			column := records[0][i]
			field, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(column, ".real"), ".imag"), "[")
			a, ok := d.Get(field)
			require.True(t, ok, column)
			out[field] = appendElement(t, out[field], a.DType(), cell)
		}
	}
	return out
}

func fromJSON(t require.TestingT, d *soa.Dict, text string) map[string][]byte {
	var doc map[string]struct {
		DType  string
		Shape  []int
		Values any
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&doc))
	out := map[string][]byte{}
	for name, f := range doc {
		a, ok := d.Get(name)
		require.True(t, ok, name)
		require.Equal(t, a.DType().String(), f.DType)
		require.True(t, slices.Equal(a.Shape(), f.Shape), "%s: %v, not %v", name, f.Shape, a.Shape())
		out[name] = appendValues(t, []byte{}, a.DType(), f.Values)
	}
	return out
}

func appendValues(t require.TestingT, dst []byte, dtype soa.DType, v any) []byte {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			dst = appendValues(t, dst, dtype, e)
		}
		return dst
	case json.Number:
		return appendElement(t, dst, dtype, v.String())
	case bool:
		return appendElement(t, dst, dtype, strconv.FormatBool(v))
	default:
		return appendElement(t, dst, dtype, v.(string))
	}
}

// appendElement appends the bits that the text of a number, or of a part of a
// complex one, names.
func appendElement(t require.TestingT, dst []byte, dtype soa.DType, text string) []byte {
	part, size := dtype, dtype.Size()
	if dtype.IsComplex() {
		part, size = soa.Float64, size/2
		if size == 4 {
			part = soa.Float32
		}
	}
	var bits uint64
	var err error
	switch {
	case dtype == soa.Bool:
		var v bool
		if v, err = strconv.ParseBool(text); v {
			bits = 1
		}
	case dtype.IsSigned():
		var v int64
		v, err = strconv.ParseInt(text, 10, 8*size)
		bits = uint64(v)
	case dtype.IsUnsigned():
		bits, err = strconv.ParseUint(text, 10, 8*size)
	default:
		bits, err = parseFloat(part, text)
	}
	require.NoError(t, err)
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], bits<<((8-size)*8*bigEndian()))
	return append(dst, b[:size]...)
}

func bigEndian() int {
	if soa.NativeBigEndian() {
		return 1
	}
	return 0
}

func parseFloat(dtype soa.DType, text string) (uint64, error) {
	plain := map[soa.DType]uint64{soa.Float16: 0x7e00, soa.Float32: 0x7fc00000, soa.Float64: 0x7ff8000000000000}[dtype]
	sign := uint64(1) << (8*dtype.Size() - 1)
	if hex, ok := strings.CutPrefix(text, "NaN("); ok {
		return strconv.ParseUint(strings.TrimSuffix(hex, ")"), 0, 8*dtype.Size())
	}
	switch text {
	case "NaN":
		return plain, nil
	case "-NaN":
		return plain | sign, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	switch dtype {
	case soa.Float64:
		return math.Float64bits(v), err
	case soa.Float32:
		return uint64(math.Float32bits(float32(v))), err
	}
	return uint64(soa.ToF16(float32(v))), err
}

// A shape without rows takes no room, whatever else it says.
func TestRowsWiderThanMemory(t *testing.T) {
	wide, err := soa.New(soa.Float32, 0, 1<<40)
	require.NoError(t, err)
	many, err := soa.New(soa.Int8, 0, 1<<40, 0)
	require.NoError(t, err)
	d := soa.NewDict()
	d.Set("wide", wide)
	d.Set("many", many)
	name := filepath.Join(t.TempDir(), "wide.npz")
	writeNPZ(t, name, d)
	fails(t, 1, []string{`"wide"`, "columns"}, "cat", name, "--format", "csv")
	must(t, "cat", name, "--fields", "many", "--format", "csv")
	must(t, "stats", name)
	requireBits(t, d, fromJSON(t, d, must(t, "cat", name, "--format", "json")))
}
