package npz

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// python returns a Python that has NumPy.
func python(t testing.TB) string {
	t.Helper()
	name := findPython()
	if name == "" && os.Getenv("CI") != "" {
		t.Fatal("no python3 with numpy")
	}
	if name == "" {
		t.Skip("no python3 with numpy")
	}
	return name
}

var findPython = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			return name
		}
	}
	return ""
})

// runPython runs a script with arguments and returns what it prints.
func runPython(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(python(t), append([]string{"-c", script}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return out
}

// describe is Python that says of arrays what testdata/manifest.json does.
const describe = `
import hashlib, io, json, sys, zipfile, numpy as np
def describe(a):
    le = np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"))
    return dict(dtype=a.dtype.str, shape=list(a.shape), fortran=bool(a.flags.f_contiguous and not a.flags.c_contiguous),
                sha_c_order_le=hashlib.sha256(le.tobytes()).hexdigest())
`

// everything writes arrays of all types, shapes, orders and byte orders, with
// each version of the format, stored, deflated and to a stream that cannot seek.
const everything = describe + `
rng, arrays = np.random.default_rng(1), {}
for code in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split():
    for shape in [(), (0,), (1,), (17,), (3, 4), (2, 0, 3), (2, 3, 4), (1, 5), (2, 1, 3, 2), (70, 1000)]:
        if shape == (70, 1000) and code not in ("b1", "f4", "c16"): continue # several blocks
        for order in "CF":
            for end in "<>":
                dt = np.dtype(end + code)
                n = int(np.prod(shape))
                raw = rng.integers(0, 2, n, dtype="u1").tobytes() if code == "b1" else rng.bytes(n * dt.itemsize)
                a = np.asarray(np.frombuffer(raw, dt).reshape(shape), order=order)
                arrays["%s%s %s %s" % (end, code, order, shape)] = a
class Stream(io.RawIOBase):
    def __init__(self, f): self.f = f
    def writable(self): return True
    def write(self, b): return self.f.write(b)
def save(name, version, method, stream=False):
    with open(name, "wb") as f, zipfile.ZipFile(Stream(f) if stream else f, "w", method) as z:
        for k, a in arrays.items():
            with z.open(k + ".npy", "w", force_zip64=True) as m:
                np.lib.format.write_array(m, a, version=version)
dir = sys.argv[1]
np.savez(dir + "/savez.npz", **arrays)
np.savez_compressed(dir + "/savez_compressed.npz", **arrays)
save(dir + "/v2.npz", (2, 0), zipfile.ZIP_STORED)
save(dir + "/v3.npz", (3, 0), zipfile.ZIP_DEFLATED)
save(dir + "/streamed.npz", (1, 0), zipfile.ZIP_DEFLATED, True)
save(dir + "/streamed_stored.npz", (1, 0), zipfile.ZIP_STORED, True)
print(json.dumps({k: describe(a) for k, a in arrays.items()}))
`

func TestReadsWhatNumPyWrites(t *testing.T) {
	dir := t.TempDir()
	var fields map[string]expected
	require.NoError(t, json.Unmarshal(runPython(t, everything, dir), &fields))
	files, err := filepath.Glob(filepath.Join(dir, "*.npz"))
	require.NoError(t, err)
	require.Len(t, files, 6)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f, err := Open(name)
			require.NoError(t, err)
			defer func() { require.NoError(t, f.Close()) }()
			require.NoError(t, f.Verify(context.Background()))
			require.Len(t, f.Names(), len(fields))
			for field, want := range fields {
				checkField(t, f.Reader, field, want)
			}
			mem, err := os.ReadFile(name)
			require.NoError(t, err)
			read, viewed := soa.NewDict(), (*soa.Dict)(nil)
			require.NoError(t, f.Read(context.Background(), read))
			viewed, err = f.View(context.Background(), mem)
			require.NoError(t, err)
			requireDict(t, read, viewed)
		})
	}
}

// loadAll loads files with NumPy and with zipfile's own check of the checksums.
const loadAll = describe + `
all = {}
for name in sys.argv[1:]:
    assert zipfile.ZipFile(name).testzip() is None
    with np.load(name) as z:
        all[name] = {k: describe(z[k]) for k in z.files}
print(json.dumps(all))
`

func TestNumPyReadsWhatIsWritten(t *testing.T) {
	dir, d := t.TempDir(), soa.NewDict()
	for dtype := soa.Bool; dtype.Valid(); dtype++ {
		for _, shape := range [][]int{{}, {0}, {1}, {17}, {3, 4}, {2, 0, 3}, {2, 3, 4}, {70, 1000}} {
			a, err := soa.New(dtype, shape...)
			require.NoError(t, err)
			for i := range a.Bytes() {
				a.Bytes()[i] = byte(i * 7)
				if dtype == soa.Bool {
					a.Bytes()[i] &= 1
				}
			}
			d.Set(dtype.String()+string(appendTuple(nil, shape)), a)
		}
	}
	d.Set("file", soa.Of([]int8{1})) // numpy.savez cannot write this one
	d.Set("a/b ü.c", soa.Of([]int8{2}))
	names := []string{filepath.Join(dir, "0.npz"), filepath.Join(dir, "1.npz"), filepath.Join(dir, "9.npz")}
	for i, level := range []int{0, 1, 9} {
		require.NoError(t, os.WriteFile(names[i], written(t, d, Options{Level: level, Comment: "c"}), 0o600))
	}
	var all map[string]map[string]expected
	require.NoError(t, json.Unmarshal(runPython(t, loadAll, names...), &all))
	require.Len(t, all, len(names))
	for _, fields := range all {
		require.Len(t, fields, d.Len())
		for name, a := range d.All() {
			require.Equal(t, descrOf(a.DType()), fields[name].DType)
			requireArray(t, fields[name], a)
		}
	}
}

const loadOne = describe + `print(json.dumps(describe(np.load(sys.argv[1]))))`

func TestNumPyReadsNPY(t *testing.T) {
	a := soa.Shaped([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	var file bytes.Buffer
	require.NoError(t, WriteArray(&file, a))
	back, err := ReadArray(bytes.NewReader(file.Bytes()), int64(file.Len()))
	require.NoError(t, err)
	require.True(t, a.Equal(back))

	name := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, os.WriteFile(name, file.Bytes(), 0o600))
	var want expected
	require.NoError(t, json.Unmarshal(runPython(t, loadOne, name), &want))
	require.Equal(t, "<f8", want.DType)
	requireArray(t, want, a)
}
