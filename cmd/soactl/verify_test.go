package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/soastore"
)

// flip changes a bit of the byte at an offset, from the end if it is negative.
func flip(t *testing.T, name string, offset int64) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	if offset < 0 {
		offset += int64(len(data))
	}
	data[offset] ^= 4
	require.NoError(t, os.WriteFile(name, data, 0o600))
}

// offsetOf returns where the elements of a field of a .npz file are.
func offsetOf(t *testing.T, name, field string) int64 {
	t.Helper()
	var doc struct {
		Fields []struct {
			Name   string
			Offset int64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, "info", name, "--format", "json")), &doc))
	for _, f := range doc.Fields {
		if f.Name == field {
			return f.Offset
		}
	}
	require.Fail(t, "no such field", field)
	return 0
}

// bad has verify find exactly so many faults, whose lines match patterns.
func bad(t *testing.T, path string, patterns ...string) {
	t.Helper()
	stdout, stderr, code := soactl(t, "verify", "--quiet", path)
	require.Equal(t, 1, code, stdout)
	require.Empty(t, stderr)
	lines := columns(stdout)
	require.Len(t, lines, len(patterns), stdout)
	for _, pattern := range patterns {
		require.Regexp(t, `(?m)^bad  .*`+pattern, stdout)
	}
}

func TestVerifyNamesThePlace(t *testing.T) {
	dir := copyOf(t, gioData+"plain.gio", gioData+"blocks.gio", npzData+"hacc.npz")
	plain, blocks, hacc := filepath.Join(dir, "plain.gio"), filepath.Join(dir, "blocks.gio"), filepath.Join(dir, "hacc.npz")
	require.NotEmpty(t, must(t, "verify", dir))

	flip(t, blocks, 4360) // the first byte of y on rank 0
	flip(t, blocks, 6641) // in mask on rank 0
	bad(t, blocks, `rank 0, variable "y" at offset 4360: wrong checksum`, `rank 0, variable "mask" at offset 6640: wrong checksum`)
	flip(t, plain, 30)
	bad(t, plain, `plain.gio: .*checksum`)
	require.NoError(t, os.Truncate(hacc, 20000))
	bad(t, hacc, `hacc.npz: .*cut short`)
	bad(t, npzData+"bad_flip.npz", `field "x" .*checksum`)
	bad(t, dir, "plain.gio", "variable \"y\"", "variable \"mask\"", "hacc.npz")
}

func TestVerifyTruncated(t *testing.T) {
	dir := copyOf(t, gioData+"one.gio")
	name := filepath.Join(dir, "one.gio")
	for _, size := range []int64{7803, 5000, 300, 20, 0} {
		require.NoError(t, os.Truncate(name, size))
		bad(t, name, `one.gio`)
	}
}

func TestVerifyRankMap(t *testing.T) {
	parts := []string{gioData + "parts.gio", gioData + "parts.gio#0", gioData + "parts.gio#1"}
	for name, test := range map[string]struct {
		change func(t *testing.T, dir string)
		want   []string
	}{
		"missing partition": {func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(dir+"/parts.gio#1"))
		}, []string{`incomplete: .*parts.gio#1`}},
		"another's partition": {func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(dir+"/parts.gio#0", dir+"/parts.gio#1"))
		}, []string{`incomplete: .*parts.gio#0`, `#1: it has rank 0, which the map does not give it`, `#1: it has rank 2, which`, `#1: it lacks rank 1`, `#1: it lacks rank 3`}},
		"twice": {func(t *testing.T, dir string) {
			data, err := os.ReadFile(dir + "/parts.gio#0")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(dir+"/parts.gio#1", data, 0o600))
		}, []string{`#1: it has rank 0, which is in .*#0 already`, `#1: it has rank 2, which is in`, `it has rank 0, which the map does not`, `it has rank 2, which the map`, `lacks rank 1`, `lacks rank 3`}},
		"damaged map, and damaged data": {func(t *testing.T, dir string) {
			flip(t, dir+"/parts.gio", -9)
			flip(t, dir+"/parts.gio#1", -9)
		}, []string{`parts.gio: rank 0, variable .* wrong checksum`, `parts.gio#1: rank 1, variable "lvl" at`}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyOf(t, parts...)
			test.change(t, dir)
			bad(t, dir+"/parts.gio", test.want...)
			bad(t, dir, test.want...)
		})
	}
}

func TestVerifyStores(t *testing.T) {
	for name, opts := range map[string]soastore.Options{
		"file per rank": {}, "file per node": {Layout: soastore.LayoutPerNode}, "one file": {Layout: soastore.LayoutOneFile},
	} {
		t.Run(name, func(t *testing.T) {
			prefix := spill(t, 3, soastore.GenericIO, opts, "a", "b")
			require.Len(t, columns(must(t, "verify", prefix)), 2)
			require.Len(t, columns(must(t, "verify", filepath.Dir(prefix))), 2)
		})
	}
}

func TestVerifyNPZSet(t *testing.T) {
	prefix := spill(t, 3, soastore.NPZ, soastore.Options{}, "a", "b", "c")
	require.Len(t, columns(must(t, "verify", prefix)), 3)
	rank := func(key, rank string) string { return prefix + "_" + key + ".tmp.rank-" + rank + ".npz" }
	require.NoError(t, os.Remove(rank("a", "0")))
	flip(t, rank("a", "2"), offsetOf(t, rank("a", "2"), "vx"))
	require.NoError(t, os.Rename(rank("b", "1"), rank("c", "1")), "a rank's file of another Set")
	data, err := os.ReadFile(npzData + "hacc.npz")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(rank("b", "1"), data, 0o600))
	bad(t, prefix,
		`a: incomplete: .*the file of rank 0 is missing`, `a: damaged: .*rank-2.npz: npz: field "vx"`,
		`b: mixed: .*rank-1.npz: not of one value with`,
		`c: mixed: .*rank-1.npz: of another Set \(soa set [0-9a-f]+\.[0-9]+\) than .*rank-0.npz \(soa set`)
}

func TestVerifyIndependent(t *testing.T) {
	prefix := spill(t, 2, soastore.GenericIO, soastore.Options{Independent: true}, "a")
	bad(t, prefix, "a: no map: .*Options.Independent")
	require.Contains(t, must(t, "verify", "--independent", prefix), "ok   "+prefix+" a: 2 ranks, 2 files")
}

func TestVerifyLeftoversAreNoFault(t *testing.T) {
	prefix := spill(t, 2, soastore.GenericIO, soastore.Options{}, "a")
	touch(t, prefix+"_a.tmp.gio."+token+".partial")
	touch(t, prefix+"_a.tmp.gio#9")
	must(t, "verify", prefix)
}

func TestVerifyUnusable(t *testing.T) {
	dir := copyOf(t, gioData+"one.gio")
	for _, path := range []string{dir + "/absent.gio", dir + "/run", t.TempDir(), "main.go"} {
		stdout, _, code := soactl(t, "verify", path, dir+"/one.gio")
		require.Equal(t, 2, code, path)
		require.Contains(t, stdout, "unreadable: ")
		require.Contains(t, stdout, "ok   "+dir+"/one.gio: ")
	}
	stdout, _, code := soactl(t, "verify", dir+"/absent", "--format", "json")
	require.Equal(t, 2, code)
	var doc []struct {
		Path, State string
		Problems    []struct{ Trouble, What string }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &doc))
	require.Equal(t, "unreadable", doc[0].State)
}
