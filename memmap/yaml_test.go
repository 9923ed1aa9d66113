package memmap

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

func TestDecodeInfo(t *testing.T) {
	dense := Info{DType: soa.Int32, Shape: []int{3, 4}}
	for name, text := range map[string]string{
		"exact":        "dtype: int32\nshape:\n- 3\n- 4\nversion:\n- 1\n- 0\n",
		"flow style":   "{version: [1, 0], shape: [3, 4], dtype: int32}",
		"quotes":       "dtype: \"int32\"\nshape: [0x3, 4]\nversion: [1, 0]\n",
		"comments":     "# mine\ndtype: int32 # yes\nshape: [3, 4]\nversion: [1, 0]\n",
		"newer, minor": "dtype: int32\nshape: [3, 4]\nversion: [1, 7]\nunits: cm\n",
	} {
		t.Run(name, func(t *testing.T) {
			in, err := decodeInfo(fsys.Path{Stem: "a.yaml"}, []byte(text), nil)
			require.NoError(t, err)
			require.Equal(t, dense, in)
		})
	}
	require.Equal(t, "dtype: int32\nshape:\n- 3\n- 4\nversion:\n- 1\n- 0\n", string(encodeInfo(dense)))
}

// TestWrongYAML: the error of each is a *FormatError that names the field.
func TestWrongYAML(t *testing.T) {
	const sparse = "data_dtype: int8\nindices_dtype: int32\nindptr_dtype: int64\nnnz: 2\nshape: [2, 3]\nversion: [1, 0]\n"
	_, err := decodeInfo(fsys.Path{}, []byte(sparse), nil)
	require.NoError(t, err)
	for _, c := range []struct{ name, text, field string }{
		{"empty", "", ""},
		{"not YAML", "{", ""},
		{"not a mapping", "- 1\n", ""},
		{"two documents", "dtype: int8\nshape: [1]\nversion: [1, 0]\n---\n{}\n", ""},
		{"twice", "dtype: int8\ndtype: int8\nshape: [1]\nversion: [1, 0]\n", ""},
		{"no version", "dtype: int8\nshape: [1]\n", "version"},
		{"other version", "dtype: int8\nshape: [1]\nversion: [2, 0]\n", "version"},
		{"version of one", "dtype: int8\nshape: [1]\nversion: [1]\n", "version"},
		{"version no list", "dtype: int8\nshape: [1]\nversion: 1\n", "version"},
		{"version null", "dtype: int8\nshape: [1]\nversion: [1, ~]\n", "version"},
		{"version negative", "dtype: int8\nshape: [1]\nversion: [1, -1]\n", "version"},
		{"unknown dtype", "dtype: str\nshape: [1]\nversion: [1, 0]\n", "dtype"},
		{"dtype a list", "dtype: [int8]\nshape: [1]\nversion: [1, 0]\n", "dtype"},
		{"no shape", "dtype: int8\nversion: [1, 0]\n", "shape"},
		{"no dimensions", "dtype: int8\nshape: []\nversion: [1, 0]\n", "shape"},
		{"too many", "dtype: int8\nshape: [1" + strings.Repeat(", 1", 32) + "]\nversion: [1, 0]\n", "shape"},
		{"negative", "dtype: int8\nshape: [-1]\nversion: [1, 0]\n", "shape"},
		{"fraction", "dtype: int8\nshape: [1.5]\nversion: [1, 0]\n", "shape"},
		{"whole float", "dtype: int8\nshape: [1.0]\nversion: [1, 0]\n", "shape"},
		{"text", "dtype: int8\nshape: ['1']\nversion: [1, 0]\n", "shape"},
		{"null", "dtype: int8\nshape: [~]\nversion: [1, 0]\n", "shape"},
		{"alias", "dtype: int8\nshape: [&a 1, *a]\nversion: [1, 0]\n", "shape"},
		{"too large", "dtype: int8\nshape: [99999999999999999999]\nversion: [1, 0]\n", "shape"},
		{"overflow", "dtype: int64\nshape: [4294967296, 4294967296]\nversion: [1, 0]\n", "shape"},
		{"unknown field", "dtype: int8\nshape: [1]\nversion: [1, 0]\nunits: cm\n", "units"},
		{"both kinds", "dtype: int8\n" + sparse, "data_dtype"},
		{"no data dtype", strings.Replace(sparse, "data_dtype: int8\n", "", 1), "data_dtype"},
		{"indices float", strings.Replace(sparse, "indices_dtype: int32", "indices_dtype: float32", 1), "indices_dtype"},
		{"indptr bytes", strings.Replace(sparse, "indptr_dtype: int64", "indptr_dtype: int8", 1), "indptr_dtype"},
		{"no nnz", strings.Replace(sparse, "nnz: 2\n", "", 1), "nnz"},
		{"nnz negative", strings.Replace(sparse, "nnz: 2\n", "nnz: -2\n", 1), "nnz"},
		{"sparse 1-D", strings.Replace(sparse, "[2, 3]", "[2]", 1), "shape"},
		{"sparse 3-D", strings.Replace(sparse, "[2, 3]", "[2, 3, 4]", 1), "shape"},
		{"sparse rows", strings.Replace(sparse, "[2, 3]", "[9223372036854775807, 3]", 1), "shape"},
		{"sparse indptr", strings.Replace(sparse, "[2, 3]", "[4611686018427387904, 3]", 1), "shape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			require.NoError(t, os.WriteFile(path+yamlSuffix, []byte(c.text), 0o600))
			_, err := OpenFile(path, ReadOnly)
			var format *FormatError
			require.ErrorAs(t, err, &format)
			require.ErrorIs(t, err, ErrFormat)
			require.Equal(t, path+yamlSuffix, format.Path)
			require.Equal(t, c.field, format.Field, err)
			_, err = Exists(path)
			require.ErrorIs(t, err, ErrFormat)
		})
	}
}

// TestPlainInfo: what encodeInfo writes of a dense array is read without the YAML
// package, and nothing else is.
func TestPlainInfo(t *testing.T) {
	for _, in := range []Info{
		{DType: soa.Bool, Shape: []int{0}},
		{DType: soa.Complex128, Shape: make([]int, maxDims)},
		{DType: soa.Float32, Shape: []int{1 << 40, 1, 3}},
	} {
		text := string(encodeInfo(in))
		got, ok := plainInfo([]byte(text), nil)
		require.True(t, ok, text)
		require.Equal(t, in, got)
		slow, _, err := decode([]byte(text))
		require.NoError(t, err)
		require.Equal(t, in, slow)
		for i := range text {
			if text[i] < '0' || text[i] > '9' { // another number is another shape
				_, ok := plainInfo([]byte(text[:i]+"~"+text[i+1:]), nil)
				require.False(t, ok, "byte %d", i)
			}
			_, ok := plainInfo([]byte(text[:i]), nil)
			require.False(t, ok, "cut at %d", i)
		}
	}
	for _, text := range []string{
		"", "dtype: int8\nshape:\nversion:\n- 1\n- 0\n",
		"dtype: int8\nshape:\n- 01\nversion:\n- 1\n- 0\n", "dtype: int8\nshape:\n- -1\nversion:\n- 1\n- 0\n",
		"dtype: int8\nshape:\n- 1\nversion:\n- 1\n- 1\n", "dtype: invalid\nshape:\n- 1\nversion:\n- 1\n- 0\n",
		string(encodeInfo(Info{DType: soa.Int8, Shape: make([]int, maxDims+1)})),
	} {
		_, ok := plainInfo([]byte(text), nil)
		require.False(t, ok, text)
	}
}

func TestLongYAML(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	text := "dtype: int8\nshape: [0]\nversion: [1, 0]\n"
	pad := bytes.Repeat([]byte("#"), maxYAML-len(text))
	require.NoError(t, os.WriteFile(path+arraySuffix, nil, 0o600))
	require.NoError(t, os.WriteFile(path+yamlSuffix, append([]byte(text), pad...), 0o600))
	_, err := Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+yamlSuffix, append([]byte(text+"#"), pad...), 0o600))
	_, err = Stat(path)
	require.ErrorIs(t, err, ErrFormat)
}

// FuzzDecodeInfo: any text gives a *FormatError or an Info that can be encoded and
// decoded again.
func FuzzDecodeInfo(f *testing.F) {
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(names) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("{version: [1, 9], shape: [&a 0, *a], dtype: bool, x: {y: [*a]}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > maxYAML {
			return
		}
		in, err := decodeInfo(fsys.Path{Stem: "a.yaml"}, text, nil)
		if err != nil {
			var format *FormatError
			if !errors.As(err, &format) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if plain, ok := plainInfo(text, nil); ok { // then the YAML package says the same
			slow, _, err := decode(text)
			require.NoError(t, err)
			require.Equal(t, slow, plain)
		}
		again, err := decodeInfo(fsys.Path{Stem: "a.yaml"}, encodeInfo(in), nil)
		require.NoError(t, err)
		require.Equal(t, in, again)
	})
}
