package main_test

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc64"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// block is what info says of one.
type block struct {
	Rank           int
	Variable       string
	Offset         int64
	Stored         int64   `json:"stored_bytes"`
	Plain          int64   `json:"plain_bytes"`
	Ratio          float64 // 0 for null
	Filters        []string
	Codec, Shuffle string
}

func blocksOf(t *testing.T, name string) []block {
	t.Helper()
	var doc struct{ Blocks []block }
	require.NoError(t, json.Unmarshal([]byte(must(t, "info", name, "--blocks", "--format", "json")), &doc))
	require.NotEmpty(t, doc.Blocks)
	return doc.Blocks
}

// packed returns the compressed block of a rank and a variable.
func packed(t *testing.T, name string, rank int, variable string) block {
	t.Helper()
	for _, b := range blocksOf(t, name) {
		if b.Rank == rank && b.Variable == variable {
			require.Equal(t, []string{"BLOSC"}, b.Filters)
			return b
		}
	}
	require.Fail(t, "no such block", variable)
	return block{}
}

// smooth returns the name of a .npz file with a field that compresses well.
func smooth(t *testing.T) string {
	n := make([]int64, 50_000)
	for i := range n {
		n[i] = int64(i) * 3
	}
	d := soa.NewDict()
	d.Set("n", soa.Of(n))
	name := filepath.Join(t.TempDir(), "smooth.npz")
	writeNPZ(t, name, d)
	return name
}

func TestConvertCompresses(t *testing.T) {
	in := smooth(t)
	want := must(t, "cat", in, "--format", "csv")
	sizes := map[string]int64{}
	for codec, says := range map[string][2]string{
		"lz4": {"lz4", "byte"}, "lz4hc": {"lz4", "byte"}, "zstd": {"zstd", "byte"}, "zlib": {"zlib", "byte"},
		"snappy": {"snappy", "byte"}, "blosclz": {"blosclz", "byte"}, "zstd:3:bit": {"zstd", "bit"}, "zlib:byte:1": {"zlib", "byte"},
		"zlib:9:noshuffle": {"zlib", "noshuffle"}, "zlib:1:noshuffle": {"zlib", "noshuffle"},
	} {
		out, back := t.TempDir()+"/a.gio", t.TempDir()+"/b.npz"
		require.Empty(t, must(t, "convert", in, out, "--codec", codec))
		b := packed(t, out, 0, "n")
		require.Equal(t, says, [2]string{b.Codec, b.Shuffle}, codec)
		require.EqualValues(t, 400_000, b.Plain)
		require.Greater(t, b.Ratio, 1.2, codec)
		require.InDelta(t, float64(b.Plain)/float64(b.Stored), b.Ratio, 0.006)
		require.Regexp(t, `\nn +int64 +1 +8 +`+strconv.FormatFloat(b.Ratio, 'f', 2, 64)+`\n`, must(t, "info", out))
		sizes[codec] = b.Stored
		must(t, "verify", out)
		must(t, "convert", out, back)
		require.Equal(t, want, must(t, "cat", out, "--format", "csv"), codec)
		require.Equal(t, want, must(t, "cat", back, "--format", "csv"), codec)
	}
	require.NotEqual(t, sizes["zlib:9:noshuffle"], sizes["zlib:1:noshuffle"], "the level counts")
	require.Less(t, sizes["zlib"], sizes["zlib:9:noshuffle"], "the shuffle counts")
	require.Less(t, sizes["zstd:3:bit"], sizes["zlib:9:noshuffle"])
}

func TestConvertDeflates(t *testing.T) {
	in, dir := smooth(t), t.TempDir()
	size := func(name, codec string) int64 {
		out := dir + "/" + name + ".npz"
		must(t, "convert", in, out, "--codec", codec)
		must(t, "verify", out)
		require.Equal(t, must(t, "cat", in), must(t, "cat", out))
		s, err := os.Stat(out)
		require.NoError(t, err)
		return s.Size()
	}
	none, fast, small := size("none", "none"), size("fast", "deflate:1"), size("small", "deflate:9")
	require.Less(t, fast, none)
	require.NotEqual(t, small, fast)
	require.Equal(t, size("usual", "deflate"), size("six", "deflate:6"), "NumPy's level")
	require.Equal(t, none, size("default", ""))
	require.Regexp(t, `\nn +int64 +<i8 +\[50000\] +C +deflated +\d+ +400128 +[1-9]\d*\.\d\d +-1\n`, must(t, "info", dir+"/small.npz"))
}

func TestInfoCodecsAreNotForRawFiles(t *testing.T) {
	out := t.TempDir() + "/raw.gio"
	must(t, "convert", gioData+"comp-lz4.gio", out)
	require.NotContains(t, must(t, "info", out), "RATIO")
	require.Equal(t, must(t, "cat", gioData+"comp-lz4.gio"), must(t, "cat", out))
}

// An empty block has no ratio, and one of many ranks is of all of them.
func TestInfoRatios(t *testing.T) {
	var stored, plain int64
	for _, b := range blocksOf(t, gioData+"comp-lz4.gio") {
		if b.Plain == 0 {
			require.Zero(t, b.Ratio)
		}
		if b.Variable == "id" {
			stored, plain = stored+b.Stored, plain+b.Plain
		}
	}
	require.Regexp(t, `\nid +int64 +1 +8 +`+strconv.FormatFloat(float64(plain)/float64(stored), 'f', 2, 64)+`\n`,
		must(t, "info", gioData+"comp-lz4.gio"))
	require.Regexp(t, `\n +1  id +\d+ +0 +0 +- `, must(t, "info", gioData+"comp-lz4.gio", "--blocks"))
}

func TestCodecUsage(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		out, codec string
		texts      []string
	}{
		{"a.gio", "deflate", []string{"lz4, lz4hc, zstd, zlib, snappy, blosclz, none"}},
		{"a.gio", "LZ4", []string{"lz4, lz4hc"}},
		{"a.gio", "lz4:0", []string{`"0"`, "from 1 to 9", "byte, bit, noshuffle"}},
		{"a.gio", "lz4:10", []string{`"10"`}},
		{"a.gio", "lz4:", []string{`""`}},
		{"a.gio", "zstd:3:bits", []string{`"bits"`, "byte, bit, noshuffle"}},
		{"a.gio", "none:3", []string{`"3"`, "no level"}},
		{"a.npz", "lz4", []string{"for npz", "only deflate, none"}},
		{"a.npz", "deflate:byte", []string{`"byte"`, "from 1 to 9"}},
		{"a.memmap", "lz4", []string{"for memmap", "only none"}},
		{"a.array", "deflate", []string{"only none"}},
	} {
		fails(t, 2, append(test.texts, "--codec "+strconv.Quote(test.codec)), "convert", gioData+"one.gio", dir+"/"+test.out, "--codec", test.codec)
	}
	require.Empty(t, names(t, dir+"/x"))
	must(t, "convert", gioData+"one.gio", dir+"/a.memmap", "--codec", "none")
}

// resum makes the checksum behind a block right again.
func resum(t *testing.T, name string, b block) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	end := b.Offset + b.Stored
	binary.LittleEndian.PutUint64(data[end:], ^crc64.Checksum(data[b.Offset:end], crc64.MakeTable(crc64.ECMA)))
	require.NoError(t, os.WriteFile(name, data, 0o600))
}

func TestVerifyChecksWhatWasCompressed(t *testing.T) {
	for _, codec := range []string{"lz4", "lz4hc", "blosclz", "zlib", "snappy", "zstd", "bitshuffle", "noshuffle", "blocks"} {
		t.Run(codec, func(t *testing.T) {
			name := filepath.Join(copyOf(t, gioData+"comp-"+codec+".gio"), "comp-"+codec+".gio")
			must(t, "verify", name)
			var hit block
			for _, b := range blocksOf(t, name) {
				if len(b.Filters) > 0 {
					hit = b
				}
			}
			flip(t, name, hit.Offset+hit.Stored/2)
			bad(t, name, `rank `+strconv.Itoa(hit.Rank)+`, variable "`+hit.Variable+`" at offset `+strconv.FormatInt(hit.Offset, 10)+`: wrong checksum`)
		})
	}
}

// What is wrong only after decompression is found by the checksum of the rows.
func TestVerifyChecksTheRows(t *testing.T) {
	for what, at := range map[string]func(b block) int64{
		"the rows' checksum": func(b block) int64 { return b.Offset },
		"a literal byte":     func(b block) int64 { return b.Offset + b.Stored - 1 },
	} {
		t.Run(what, func(t *testing.T) {
			name := filepath.Join(copyOf(t, gioData+"comp-lz4.gio"), "comp-lz4.gio")
			x := packed(t, name, 2, "x")
			flip(t, name, at(x))
			resum(t, name, x)
			bad(t, name, `rank 2, variable "x" at offset `+strconv.FormatInt(x.Offset, 10)+`: wrong checksum of the rows`)
			fails(t, 1, []string{"rank 2", `"x"`, "of the rows"}, "cat", name)
			require.Equal(t, x, packed(t, name, 2, "x"), "info looks at headers only")
		})
	}
}

func TestInfoOfADamagedChunk(t *testing.T) {
	name := filepath.Join(copyOf(t, gioData+"comp-lz4.gio"), "comp-lz4.gio")
	x := packed(t, name, 0, "x")
	flip(t, name, x.Offset+8) // the chunk's version
	x.Codec, x.Shuffle = "?", "?"
	require.Equal(t, x, packed(t, name, 0, "x"))
	require.Equal(t, "lz4", packed(t, name, 0, "y").Codec)
}
