package npz

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// expected is what testdata/manifest.json says of an array.
type expected struct {
	DType   any    `json:"dtype"`
	Shape   []int  `json:"shape"`
	Fortran bool   `json:"fortran"`
	SHA     string `json:"sha_c_order_le"`
}

func manifest(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	b, err := os.ReadFile("testdata/manifest.json")
	require.NoError(t, err)
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b, &m))
	return m
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func reader(t testing.TB, file []byte) *Reader {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	return r
}

func TestFixtures(t *testing.T) {
	files := 0
	for name, raw := range manifest(t) {
		var fields map[string]expected
		if !strings.HasSuffix(name, ".npz") || json.Unmarshal(raw, &fields) != nil {
			continue // .npy, or a sentence
		}
		files++
		t.Run(name, func(t *testing.T) {
			r := reader(t, fixture(t, name))
			require.NoError(t, r.Verify(context.Background()))
			require.Len(t, r.Names(), len(fields))
			for field, want := range fields {
				checkField(t, r, field, want)
			}
		})
	}
	require.Equal(t, 8, files)
}

func checkField(t *testing.T, r *Reader, field string, want expected) {
	f, err := r.Field(field)
	require.NoError(t, err)
	require.Equal(t, want.Shape, f.Shape)
	require.Equal(t, want.Fortran, f.Fortran)
	d := soa.NewDict()
	err = r.Read(context.Background(), d, field)
	if descr, ok := want.DType.(string); !ok || !f.DType.Valid() {
		require.Contains(t, []string{"|S5", "<U4", "<M8[D]", "[('pos', '<f4', (3,)), ('id', '<i8')]"}, f.Descr)
		require.ErrorIs(t, err, ErrDType)
		var fe *FieldError
		require.ErrorAs(t, err, &fe)
		require.Equal(t, FieldError{field, f.Descr, ErrDType}, *fe)
		require.Contains(t, err.Error(), field)
		require.Contains(t, err.Error(), f.Descr)
		return
	} else {
		require.Equal(t, descr, f.Descr)
		require.Equal(t, descr[0] == '>', f.BigEndian)
	}
	require.NoError(t, err)
	a, ok := d.Get(field)
	require.True(t, ok)
	requireArray(t, want, a)
}

func requireArray(t *testing.T, want expected, a soa.Array) {
	t.Helper()
	require.Equal(t, want.Shape, a.Shape())
	p := bytes.Clone(a.Bytes())
	if soa.NativeBigEndian() {
		swapBytes(p, a.DType())
	}
	sum := sha256.Sum256(p)
	require.Equal(t, want.SHA, hex.EncodeToString(sum[:]))
}

func TestFixturesNPY(t *testing.T) {
	for _, name := range []string{"v1.npy", "v2.npy"} {
		var want expected
		require.NoError(t, json.Unmarshal(manifest(t)[name], &want))
		file := fixture(t, name)
		a, err := ReadArray(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		requireArray(t, want, a)
		for cut := range file {
			_, err := ReadArray(bytes.NewReader(file[:cut]), int64(cut))
			require.ErrorIs(t, err, ErrFormat)
		}
	}
	file := fixture(t, "v3_structured.npy")
	_, err := ReadArray(bytes.NewReader(file), int64(len(file)))
	require.ErrorIs(t, err, ErrDType)
	require.ErrorContains(t, err, "[('é', '<f4')]")
}

// Damaged and hostile files are refused, by the error that says why, and cost no
// more memory than a few times their size.
func TestFixturesRefused(t *testing.T) {
	for name, want := range map[string]error{
		"bad_bomb.npz":          ErrFormat,
		"bad_dup.npz":           ErrFormat,
		"bad_flip.npz":          ErrChecksum,
		"bad_header.npz":        ErrFormat,
		"bad_hugeshape.npz":     ErrFormat,
		"bad_negshape.npz":      ErrFormat,
		"bad_overflowshape.npz": ErrFormat,
		"bad_shortdata.npz":     ErrFormat,
		"bad_truncated.npz":     ErrFormat,
		"object_refuse.npz":     ErrDType,
	} {
		t.Run(name, func(t *testing.T) {
			file := fixture(t, name)
			var err error
			cost := allocated(func() {
				var r *Reader
				if r, err = NewReader(bytes.NewReader(file), int64(len(file))); err == nil {
					err = r.Read(context.Background(), soa.NewDict())
				}
			})
			require.ErrorIs(t, err, want)
			require.Less(t, cost, uint64(4*len(file)+128<<10), "bytes allocated")
		})
	}
}

// allocated returns the bytes that fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
