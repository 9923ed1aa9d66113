package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/internal/testkit"
)

func TestConvertRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"plain", "parts", "bigendian", "aos", "one"} {
		in, mid, out := gioData+name+".gio", dir+"/"+name+".npz", dir+"/"+name+".gio"
		require.Empty(t, must(t, "convert", in, mid, "--codec", "deflate"))
		flags := []string{"--coords", "x,y,z", "--ghosts", "phi"}
		if name == "aos" {
			flags = []string{"--ghosts", "vec3"}
		}
		require.Empty(t, must(t, append([]string{"convert", mid, out, "--scale", "256"}, flags...)...))
		want := must(t, "cat", in, "--format", "json")
		require.Equal(t, want, must(t, "cat", mid, "--format", "json"), name)
		require.Equal(t, want, must(t, "cat", out, "--format", "json"), name)
		must(t, "verify", mid, out)
	}
	require.Equal(t, []string{"aos.gio", "aos.npz", "bigendian.gio", "bigendian.npz", "one.gio", "one.npz",
		"parts.gio", "parts.npz", "plain.gio", "plain.npz"}, names(t, dir+"/x"), "no partial files")
	info := must(t, "info", dir+"/plain.gio")
	require.Regexp(t, `scale +256 256 256\n`, info)
	require.Regexp(t, `\ny +float32 +1 +4  y\n`, info)
	require.Regexp(t, `\nphi +float64 +1 +8  ghost\n`, info)
}

func TestConvertKeepsWhatGenericIOSays(t *testing.T) {
	out := t.TempDir() + "/single.gio"
	must(t, "convert", gioData+"parts.gio", out)
	info := must(t, "info", out)
	require.Regexp(t, `ranks +1\n`, info)
	require.Regexp(t, `rows +185\n`, info)
	require.Regexp(t, `scale +256 256 256\n`, info)
	require.Regexp(t, `\nx +float32 +1 +4  x\n`, info)
	require.Equal(t, must(t, "cat", gioData+"parts.gio"), must(t, "cat", out))
	must(t, "convert", gioData+"parts.gio", out, "--force", "--rank", "3", "--fields", "id,x")
	require.Equal(t, must(t, "cat", gioData+"parts.gio", "--rank", "3", "--fields", "id,x"), must(t, "cat", out))
}

func TestNumPyReadsWhatWasConverted(t *testing.T) {
	dir := t.TempDir()
	npz, gio, back := dir+"/a.npz", dir+"/a.gio", dir+"/b.npz"
	testkit.Python(t, `
import sys, numpy as np
r = np.random.default_rng(1)
np.savez_compressed(sys.argv[1], x=r.normal(size=99).astype("f4"), id=np.arange(99) << 40, pos=np.asfortranarray(r.normal(size=(99, 3))), be=np.arange(99, dtype=">u2"))`, npz)
	must(t, "convert", npz, gio)
	must(t, "convert", gio, back)
	out := testkit.Python(t, `
import sys, numpy as np
a, b = np.load(sys.argv[1]), np.load(sys.argv[2])
assert a.files == b.files
for k in a.files:
    assert a[k].dtype.newbyteorder("=") == b[k].dtype and a[k].shape == b[k].shape and (a[k] == b[k]).all(), k
print(b.files)`, npz, back)
	require.Equal(t, "['x', 'id', 'pos', 'be']\n", out)
}

func TestConvertSameType(t *testing.T) {
	out := t.TempDir() + "/small.npz"
	must(t, "convert", npzData+"hacc.npz", out, "--codec", "deflate:9")
	require.Equal(t, must(t, "cat", npzData+"hacc.npz", "--format", "csv"), must(t, "cat", out, "--format", "csv"))
	require.Contains(t, must(t, "info", out), "deflated")
	must(t, "convert", out, out, "--force") // onto itself
	require.Contains(t, must(t, "info", out), "stored")
	must(t, "convert", npzData+"shapes.npz", out, "--force")
	require.Equal(t, must(t, "cat", npzData+"shapes.npz", "--format", "json"), must(t, "cat", out, "--format", "json"))
	must(t, "convert", npzData+"v1.npy", out, "--force")
	require.Contains(t, must(t, "info", out), "v1 ")
}

func TestConvertRefuses(t *testing.T) {
	dir := t.TempDir()
	there := dir + "/there.npz"
	require.NoError(t, os.WriteFile(there, []byte("precious"), 0o600))
	fails(t, 1, []string{"there.npz", "--force"}, "convert", gioData+"one.gio", there)
	data, err := os.ReadFile(there)
	require.NoError(t, err)
	require.Equal(t, "precious", string(data))

	out := dir + "/out.gio"
	fails(t, 1, []string{`"empty"`, "shapes.npz", "--fields"}, "convert", npzData+"shapes.npz", out)
	fails(t, 1, []string{`"f2"`, "float16"}, "convert", npzData+"primitives.npz", out)
	fails(t, 1, []string{`"t"`}, "convert", npzData+"shapes.npz", out, "--fields", "t")
	fails(t, 1, []string{`"x"`, "checksum"}, "convert", npzData+"bad_flip.npz", out)
	fails(t, 2, []string{`"w"`}, "convert", gioData+"one.gio", out, "--coords", "x,y,w")
	fails(t, 2, []string{"for .gio"}, "convert", gioData+"one.gio", dir+"/out.npz", "--scale", "3")
	require.Equal(t, []string{"there.npz"}, names(t, filepath.Join(dir, "x")), "no partial file is left")
}
