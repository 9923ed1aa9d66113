package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/memmap"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

const memmapData = "../../memmap/testdata/"

// sparseFiles are those of a matrix of testdata.
var sparseFiles = []string{memmapData + "sparse_f32.yaml", memmapData + "sparse_f32.data", memmapData + "sparse_f32.indices", memmapData + "sparse_f32.indptr"}

func denseFiles(name string) []string {
	return []string{memmapData + name + ".yaml", memmapData + name + ".array"}
}

// rankFolder is the folder of a rank.
func rankFolder(prefix, key, rank string) string {
	return prefix + "_" + key + ".tmp.rank-" + rank + ".memmap"
}

// oddDict has fields that need care: a scalar, no rows, a name that is none for a file, and an
// order that is not that of the names.
func oddDict(t testing.TB) *soa.Dict {
	scalar, err := soa.Of([]float64{3.25}).Reshape()
	require.NoError(t, err)
	d := soa.NewDict()
	d.Set("z", soa.Of([]int32{1, 2, 3}))
	d.Set("scalar", scalar)
	d.Set("a:b é", soa.Shaped([]float32{1, 2, 3, 4}, 2, 2))
	d.Set("none", soa.Shaped([]uint8{}, 0, 3))
	d.Set("ok", soa.Of([]bool{true, false}))
	return d
}

// openMemmap opens the store of one rank at a prefix.
func openMemmap(t testing.TB, prefix string) *soastore.Spill {
	t.Helper()
	p, err := partition.New(comm.Self(), partition.Options{Dimensions: 3})
	require.NoError(t, err)
	s, err := soastore.NewMemmap(p, soastore.Options{Path: prefix, Keep: true, Reopen: true})
	require.NoError(t, err)
	return s
}

func TestMappedArraysByAnyName(t *testing.T) {
	path := memmapData + "float32_2d"
	for _, name := range []string{path, path + ".yaml", path + ".array"} {
		require.Equal(t, must(t, "cat", path), must(t, "cat", name))
		require.Regexp(t, `dense\n`, must(t, "info", name))
		must(t, "stats", name)
		must(t, "verify", name)
	}
	fails(t, 1, []string{"no such file"}, "cat", memmapData+"absent")
	fails(t, 1, []string{"no such file"}, "cat", memmapData+"absent.yaml")
}

// cat says of a mapped array what NumPy does.
func TestNumPyReadsTheSameArrays(t *testing.T) {
	for _, name := range []string{"bool_1d", "float16_2d", "float64_2d", "int8_1d", "uint64_2d"} {
		text := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, os.WriteFile(text, []byte(must(t, "cat", memmapData+name, "--format", "json")), 0o600))
		testkit.Python(t, `
import json, sys, numpy as np
name, path, text = sys.argv[1:]
f = json.load(open(text))[name]
want = np.memmap(path + ".array", f["dtype"], "r", shape=tuple(f["shape"]))
assert np.array_equal(np.array(f["values"], dtype=f["dtype"]), want, equal_nan=want.dtype.kind == "f"), name`, name, memmapData+name, text)
	}
}

func TestFolderKeepsOrderAndScalars(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "run")
	s := openMemmap(t, prefix)
	require.NoError(t, s.Set("a", oddDict(t)))
	require.NoError(t, s.Close())
	folder := rankFolder(prefix, "a", "0")
	requireBits(t, oddDict(t), fromJSON(t, oddDict(t), must(t, "cat", folder, "--format", "json")))
	var doc struct {
		What, Set string
		Fields    []struct {
			Name  string
			Shape []int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, "info", folder, "--format", "json")), &doc))
	require.Equal(t, "folder", doc.What)
	require.Contains(t, doc.Set, "soa set ")
	require.Equal(t, "scalar", doc.Fields[1].Name)
	require.Empty(t, doc.Fields[1].Shape)
	require.Equal(t, []int{0, 3}, doc.Fields[3].Shape)
	require.Len(t, columns(must(t, "stats", folder)), 6)
	must(t, "verify", folder)
}

// What convert writes a store reads as its own, and NumPy reads.
func TestConvertFolderRoundTrip(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "run")
	in, folder, back := prefix+".npz", rankFolder(prefix, "a", "0"), prefix+"-back.npz"
	writeNPZ(t, in, oddDict(t))
	require.Empty(t, must(t, "convert", in, folder))
	fails(t, 1, []string{"--force"}, "convert", in, folder)
	must(t, "convert", in, folder, "--force")
	must(t, "verify", prefix)
	must(t, "convert", folder, back)
	requireBits(t, oddDict(t), fromJSON(t, oddDict(t), must(t, "cat", back, "--format", "json")))
	require.Len(t, names(t, prefix), 3, "nothing partial is left")

	s := openMemmap(t, prefix)
	defer s.Close()
	d, err := s.Get("a")
	require.NoError(t, err)
	require.True(t, oddDict(t).Equal(d))
	require.Equal(t, oddDict(t).Names(), d.Names())
}

func TestConvertForceKeepsOtherFolders(t *testing.T) {
	out := filepath.Join(t.TempDir(), "notes.memmap")
	require.NoError(t, os.Mkdir(out, 0o700))
	touch(t, filepath.Join(out, "notes.txt"))
	fails(t, 1, []string{"notes.txt"}, "convert", gioData+"one.gio", out, "--force")
	require.Len(t, names(t, out), 1)
	require.Equal(t, []string{"notes.txt"}, names(t, filepath.Join(out, "x")))
}

func TestConvertGenericIOAndBack(t *testing.T) {
	dir := t.TempDir()
	folder, back := dir+"/one.memmap", dir+"/one.gio"
	must(t, "convert", gioData+"one.gio", folder)
	must(t, "convert", folder, back)
	require.Equal(t, must(t, "cat", gioData+"one.gio"), must(t, "cat", back))
}

func TestConvertSingleArray(t *testing.T) {
	dir := t.TempDir()
	out := dir + "/x.array"
	must(t, "convert", gioData+"one.gio", out, "--fields", "x")
	require.Equal(t, must(t, "cat", gioData+"one.gio", "--fields", "x"), must(t, "cat", dir+"/x"))
	fails(t, 1, []string{"--force"}, "convert", gioData+"one.gio", out, "--fields", "x")
	fails(t, 1, []string{"--fields"}, "convert", gioData+"one.gio", dir+"/all.array")
	must(t, "convert", npzData+"v1.npy", dir+"/v1.yaml")
	must(t, "convert", dir+"/v1", dir+"/v1.npz")
	testkit.Python(t, `
import sys, numpy as np
assert np.array_equal(np.load(sys.argv[1]), np.load(sys.argv[2])["v1"])`, npzData+"v1.npy", dir+"/v1.npz")
}

func TestSciPyReadsWhatWasConverted(t *testing.T) {
	dir := t.TempDir()
	var args []string
	for name, dtype := range map[string]string{"sparse_f32": "float32", "sparse_i16_trailing_empty": "int16"} {
		for _, codec := range []string{"none", "deflate"} {
			out := dir + "/" + name + codec + ".npz"
			must(t, "convert", memmapData+name, out, "--codec", codec)
			must(t, "verify", out)
			args = append(args, memmapData+name, out, matrixOf(t, name), dtype)
		}
	}
	read := testkit.Python(t, `
import sys, numpy as np
try:
    import scipy.sparse as sp
except ImportError:
    sys.exit()
for path, out, shape, dtype in zip(*[iter(sys.argv[1:])] * 4):
    m = sp.load_npz(out)
    assert m.format == "csr" and str(list(m.shape)) == shape, (m.format, m.shape)
    assert m.dtype == dtype and m.has_canonical_format
    for part in ("data", "indices", "indptr"):
        a = getattr(m, part)
        assert np.array_equal(a, np.fromfile(path + "." + part, a.dtype)), part
    print("same")`, args...)
	if read == "" {
		testkit.Missing(t, "SciPy")
	}
	require.Equal(t, strings.Repeat("same\n", 4), read)
}

func TestConvertSparseRefuses(t *testing.T) {
	dir := t.TempDir()
	fails(t, 1, []string{".npz only"}, "convert", memmapData+"sparse_f32", dir+"/m.memmap")
	fails(t, 1, []string{".npz only"}, "convert", memmapData+"sparse_f32", dir+"/m.gio")
	must(t, "convert", memmapData+"sparse_f32", dir+"/data.array", "--fields", "data")
}

// matrixOf returns the shape that info prints of a sparse matrix, as Python would.
func matrixOf(t testing.TB, name string) string {
	info, err := memmap.Stat(memmapData + name)
	require.NoError(t, err)
	text, err := json.Marshal(info.Shape)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), ",", ", ")
}

func TestLsMemmapSortsAsPeopleDo(t *testing.T) {
	prefix := spill(t, 2, soastore.Memmap, soastore.Options{}, "s10", "s9", "s1")
	require.NoError(t, os.Rename(rankFolder(prefix, "s9", "1"), rankFolder(prefix, "s9", "1")+"."+token+".old"))
	require.NoError(t, os.Mkdir(rankFolder(prefix, "s11", "0")+"."+token+".partial", 0o700))
	require.Equal(t, [][]string{
		{"s1", "memmap", "2", "21", "9", "ok"},
		{"s9", "memmap", "1", "-", "9", "incomplete,", "1", "leftover"},
		{"s10", "memmap", "2", "21", "9", "ok"},
		{"s11", "memmap", "0", "-", "0", "leftover"},
	}, withoutBytes(must(t, "ls", prefix)))
}

func TestVerifyMemmapRanksAgainstEachOther(t *testing.T) {
	prefix := spill(t, 3, soastore.Memmap, soastore.Options{}, "a", "b", "c")
	must(t, "verify", prefix)
	require.NoError(t, os.RemoveAll(rankFolder(prefix, "a", "0")))
	require.NoError(t, os.RemoveAll(rankFolder(prefix, "b", "1")))
	require.NoError(t, os.Rename(rankFolder(prefix, "c", "1"), rankFolder(prefix, "b", "1")), "a rank's folder of another Set")
	require.NoError(t, os.Mkdir(rankFolder(prefix, "c", "1"), 0o700))
	bad(t, prefix,
		`a: incomplete: .*the file of rank 0 is missing`,
		`b: mixed: .*rank-1.memmap: of another Set \(soa set [0-9a-f]+\.[0-9]+\) than .*rank-0.memmap \(soa set`,
		`c: incomplete: .*contents.json`)
}

func TestVerifyFolder(t *testing.T) {
	prefix := spill(t, 1, soastore.Memmap, soastore.Options{}, "a")
	folder := rankFolder(prefix, "a", "0")
	flip(t, filepath.Join(folder, "x.yaml"), 0)
	require.NoError(t, os.Truncate(filepath.Join(folder, "y.array"), 7))
	require.NoError(t, os.Remove(filepath.Join(folder, "z.array")))
	touch(t, filepath.Join(folder, "w.array"))
	leftover := filepath.Join(folder, "vx.array."+token+".partial")
	touch(t, leftover)
	patterns := []string{`damaged: .*x.yaml`, `damaged: .*y.array.*size`, `incomplete: .*z.array`, `mixed: .*w.array`}
	bad(t, prefix, patterns...)
	bad(t, folder, patterns...)
	require.Contains(t, must(t, "ls", prefix), "1 leftover")
	must(t, "rm", prefix, "--leftovers")
	require.NoFileExists(t, leftover)

	require.NoError(t, os.WriteFile(filepath.Join(folder, "contents.json"), []byte(`{"fields": [{"name": "id"}, {"name": "id"}]}`), 0o600))
	bad(t, folder, "damaged: .*contents.json")
	fails(t, 1, []string{"contents.json"}, "cat", folder)
}

func TestVerifySparse(t *testing.T) {
	dir := copyOf(t, sparseFiles...)
	must(t, "verify", dir)
	name := filepath.Join(dir, "sparse_f32")
	flip(t, name+".indptr", 4)
	bad(t, name, `damaged: .*sparse_f32.*row`)
	require.Contains(t, must(t, "info", name), "sparse (CSR)", "which does not look at the elements")
	flip(t, name+".indptr", 4)
	touch(t, filepath.Join(dir, "other.yaml"))
	touch(t, filepath.Join(dir, "other.data")) // of another program
	flip(t, name+".indices", -1)
	bad(t, dir, `damaged: .*sparse_f32.*column`)
}

// daf lets the two types of integers differ.
func TestVerifySparseOfTwoTypes(t *testing.T) {
	name := filepath.Join(copyOf(t, sparseFiles...), "sparse_f32")
	testkit.Python(t, `
import sys, numpy as np
name = sys.argv[1]
np.fromfile(name + ".indptr", "i4").astype("i8").tofile(name + ".indptr")
text = open(name + ".yaml").read()
open(name + ".yaml", "w").write(text.replace("indptr_dtype: int32", "indptr_dtype: int64"))`, name)
	must(t, "verify", name)
	flip(t, name+".indptr", 8)
	bad(t, name, `damaged: .*sparse_f32.*row`)
}

// Elements without a description may be all that is left of an array.
func TestVerifyArrayWithoutYAML(t *testing.T) {
	dir := copyOf(t, denseFiles("int8_1d")...)
	require.NoError(t, os.Remove(filepath.Join(dir, "int8_1d.yaml")))
	bad(t, dir, `incomplete: .*int8_1d.*no such array`)
}

func TestVerifyBools(t *testing.T) {
	dir := copyOf(t, denseFiles("bool_1d")...)
	must(t, "verify", dir)
	flip(t, filepath.Join(dir, "bool_1d.array"), 0)
	bad(t, dir, `bool_1d.*bool`)
}

// A replacement that was interrupted between its renames has left the only value
// under .old names.
func TestInterruptedReplacementIsKept(t *testing.T) {
	dir := copyOf(t, denseFiles("float32_1d")...)
	name := filepath.Join(dir, "float32_1d")
	old := []string{name + ".array." + token + ".old", name + ".yaml." + token + ".old"}
	require.NoError(t, os.Rename(name+".array", old[0]))
	require.NoError(t, os.Rename(name+".yaml", old[1]))
	touch(t, name+".array."+token+".partial")

	require.Equal(t, [][]string{{name, "memmap", "interrupted"}}, columns(must(t, "ls", dir))[1:])
	bad(t, dir, `incomplete: .*rename float32_1d.array.`+token+`.old, float32_1d.yaml`)
	must(t, "rm", dir, "--leftovers")
	must(t, "rm", dir, "--all")
	require.FileExists(t, old[0])
	require.FileExists(t, old[1])
	require.NoError(t, os.Rename(old[0], name+".array"))
	require.NoError(t, os.Rename(old[1], name+".yaml"))
	must(t, "verify", dir)
	must(t, "rm", dir, "--leftovers") // now the partial file is one
	require.Len(t, names(t, name), 2)
}

func TestRmFolders(t *testing.T) {
	prefix := spill(t, 2, soastore.Memmap, soastore.Options{}, "a", "b")
	partial := rankFolder(prefix, "b", "0") + "." + token + ".partial"
	require.NoError(t, os.Mkdir(partial, 0o700))
	touch(t, filepath.Join(partial, "x.array."+token+".partial"))
	foreign := filepath.Join(rankFolder(prefix, "a", "1"), "notes.txt")
	touch(t, foreign)
	fails(t, 1, []string{"notes.txt", "--force"}, "rm", prefix, "a", "b")
	require.Len(t, names(t, prefix), 5, "nothing was removed")
	require.NoError(t, os.Remove(foreign))
	require.NoError(t, os.Mkdir(foreign, 0o700))
	fails(t, 1, []string{"notes.txt"}, "rm", prefix, "--all")
	require.NoError(t, os.Remove(foreign))
	require.Equal(t, rankFolder(prefix, "a", "0")+"\n"+rankFolder(prefix, "a", "1")+"\n", must(t, "rm", prefix, "a", "--dry-run"))
	must(t, "rm", prefix, "a")
	must(t, "rm", prefix, "--leftovers")
	require.Equal(t, []string{"run_b.tmp.rank-0.memmap", "run_b.tmp.rank-1.memmap"}, names(t, prefix))
	must(t, "rm", prefix, "--all")
	require.Empty(t, names(t, prefix))
}

// What a store would go back to stays.
func TestRmLeftoversKeepsTheOldOfTornValues(t *testing.T) {
	prefix := spill(t, 2, soastore.Memmap, soastore.Options{}, "a", "b")
	old := rankFolder(prefix, "a", "0") + "." + token + ".old"
	require.NoError(t, os.Rename(rankFolder(prefix, "a", "0"), old))
	done := rankFolder(prefix, "b", "0") + "." + token + ".old"
	require.NoError(t, os.Mkdir(done, 0o700))
	stdout, stderr, code := soactl(t, "rm", prefix, "--leftovers")
	require.Zero(t, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "kept "+old)
	require.DirExists(t, old)
	require.NoDirExists(t, done)
}

// An array of a hole, larger than any memory, is read block by block.
func TestMappedArrayLargerThanMemory(t *testing.T) {
	const rows = 1 << 38
	name := filepath.Join(t.TempDir(), "large")
	require.NoError(t, memmap.Create(name, soa.Int32, []int{rows}, memmap.Options{}))
	a, err := memmap.Open[int32](name, memmap.ReadWrite)
	require.NoError(t, err)
	v, err := a.Values()
	require.NoError(t, err)
	v[0], v[rows-1] = 7, 9
	require.NoError(t, a.Close())
	require.Equal(t, "large\n7\n0\n", must(t, "cat", name, "--rows", ":2", "--format", "csv"))
	require.Equal(t, "large\n0\n9\n", must(t, "cat", name, "--rank", "0", "--rows", "-2:", "--format", "csv"))
	fails(t, 1, []string{"no such rank: 1; there are 1, from 0 to 0"}, "cat", name, "--rank", "1")
}

// Blocks are put together again, whatever their fields' sizes are.
func TestBlocksOfMappedArrays(t *testing.T) {
	scalar, err := soa.Of([]float64{3.25}).Reshape()
	require.NoError(t, err)
	long, wide := make([]int32, 17<<20), make([]int64, 3*(1<<20))
	for i := range long {
		long[i] = int32(i)
	}
	for i := range wide {
		wide[i] = int64(i)
	}
	d := soa.NewDict()
	d.Set("long", soa.Of(long))
	d.Set("scalar", scalar)
	d.Set("wide", soa.Shaped(wide, 3, 1<<20))
	prefix := filepath.Join(t.TempDir(), "run")
	s := openMemmap(t, prefix)
	require.NoError(t, s.Set("a", d))
	require.NoError(t, s.Close())
	folder := rankFolder(prefix, "a", "0")
	require.NoError(t, os.WriteFile(prefix+".json", []byte(must(t, "stats", folder, "--format", "json")), 0o600))
	must(t, "convert", folder, prefix+".npz")
	require.Equal(t, must(t, "stats", folder), must(t, "stats", prefix+".npz"))
	require.Equal(t, must(t, "cat", folder, "--fields", "long,scalar", "--rows", ":3"), must(t, "cat", prefix+".npz", "--fields", "long,scalar", "--rows", ":3"))
	require.JSONEq(t, `{"scalar": {"dtype": "float64", "shape": [], "values": 3.25}}`,
		must(t, "cat", folder, "--fields", "scalar", "--format", "json"))
	testkit.Python(t, `
import sys, json, numpy as np
a = np.load(sys.argv[1])
assert (a["long"] == np.arange(17 << 20)).all() and a["scalar"] == 3.25 and a["scalar"].shape == ()
assert (a["wide"] == np.arange(3 << 20).reshape(3, -1)).all()
s = {f["field"]: f for f in json.load(open(sys.argv[2]))}
assert s["long"]["count"] == 17 << 20 and s["long"]["max"] == (17 << 20) - 1 and s["scalar"]["count"] == 1`, prefix+".npz", prefix+".json")
}
