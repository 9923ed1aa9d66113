package soastore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The names that haccytrees 0.10.0 gives for plain keys.
func TestSeedNames(t *testing.T) {
	require.Equal(t, "/scratch/tmp_499.tmp.gio", gioName("/scratch/tmp", "499"))
	require.Equal(t, "/scratch/tmp_499.tmp.gio#3", partitionName(gioName("/scratch/tmp", "499"), 3))
	require.Equal(t, "/scratch/tmp_499.tmp.rank-12.npz", npzName("/scratch/tmp", "499", 12))
	require.Equal(t, "/scratch/tmp_step_41.tmp.gio", gioName("/scratch/tmp", "step_41"))
}

func TestKeysAsFileNames(t *testing.T) {
	for key, want := range map[string]string{
		"step_41": "step_41", "../x": "%2E.%2Fx", ".hidden": "%2Ehidden", "a.b": "a.b",
		"a b": "a%20b", "ü": "%C3%BC", "%": "%25", "x\x00": "x%00", "*[": "%2A%5B",
	} {
		require.Equal(t, want, encodeKey(key))
		got, ok := decodeKey(want)
		require.True(t, ok)
		require.Equal(t, key, got)
	}
	for _, bad := range []string{"", "%", "%2", "%2G", "%2f", "a b", ".x", "%41", "%FF", "a/b"} {
		_, ok := decodeKey(bad)
		require.False(t, ok, bad)
	}
}

func TestParseName(t *testing.T) {
	token := strings.Repeat("0a", tokenLen/2)
	for name, want := range map[string]fileName{
		"tmp_1.tmp.gio":                                   {key: "1", kind: gioFile},
		"tmp_1.tmp.gio#7":                                 {key: "1", kind: gioPartition, number: 7},
		"tmp_a_b.tmp.rank-3.npz":                          {key: "a_b", kind: npzFile, number: 3},
		"tmp_1.tmp.gio." + token + ".partial":             {key: "1", kind: gioFile, state: partialSuffix},
		"tmp_1.tmp.gio#2." + token + ".old":               {key: "1", kind: gioPartition, number: 2, state: oldSuffix},
		"tmp_k.tmp.gio%231.tmp.gio":                       {key: "k.tmp.gio#1", kind: gioFile},
		"tmp_1.tmp.rank-0.npz." + token + partialSuffix:   {key: "1", kind: npzFile, state: partialSuffix},
		"tmp_x.tmp.rank-1.npz.tmp.gio":                    {key: "x.tmp.rank-1.npz", kind: gioFile},
		"tmp_" + strings.Repeat("9", 40) + ".tmp.gio":     {key: strings.Repeat("9", 40), kind: gioFile},
		"tmp_x.partial.tmp.gio":                           {key: "x.partial", kind: gioFile},
		"tmp_1.tmp.gio#2147483647":                        {key: "1", kind: gioPartition, number: 1<<31 - 1},
		"tmp_1.tmp.rank-00.npz.tmp.rank-1.npz":            {key: "1.tmp.rank-00.npz", kind: npzFile, number: 1},
		"tmp_" + encodeKey("ü/..") + ".tmp.rank-1000.npz": {key: "ü/..", kind: npzFile, number: 1000},
	} {
		got, ok := parseName("tmp", name)
		require.True(t, ok, name)
		want.name = name
		require.Equal(t, want, got)
	}
	for _, name := range []string{
		"", "tmp_", "tmp.tmp.gio", "tmp_.tmp.gio", "other_1.tmp.gio", "tmp_1.tmp.gio#", "tmp_1.tmp.gio#-1", "tmp_1.tmp.gio#01",
		"tmp_1.tmp.rank-.npz", "tmp_1.tmp.rank-1", "tmp_1.npz", "tmp_a b.tmp.gio", "tmp_1.tmp.gio#9999999999", "tmp_1.tmp.gio.partial",
	} {
		_, ok := parseName("tmp", name)
		require.False(t, ok, name)
	}
}

func FuzzParseName(f *testing.F) {
	for _, name := range []string{"tmp_1.tmp.gio", "tmp_1.tmp.gio#7", "tmp_%2E.tmp.rank-3.npz", "tmp_1.tmp.gio.0123456789abcdef.old"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		file, ok := parseName("tmp", name)
		if !ok || file.state != "" {
			return
		}
		again := gioName("tmp", file.key)
		switch file.kind {
		case gioPartition:
			again = partitionName(again, file.number)
		case npzFile:
			again = npzName("tmp", file.key, file.number)
		}
		if again != name {
			t.Errorf("%q is read as %+v, which is written %q", name, file, again)
		}
	})
}
