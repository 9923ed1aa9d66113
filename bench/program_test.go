package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// program makes a shell script the program of programVariable.
func program(t *testing.T, script string) {
	name := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o700))
	t.Setenv(programVariable, name)
}

// enterOutside enters the program into a contest of 1000 rows.
func enterOutside(t *testing.T, op string) (*contestant, string) {
	dir := t.TempDir()
	h := &hall{}
	got, err := h.enter(&contest{place: place{dir: dir}, data: data{"particles", 1000, 1}}, entry{"C++", outside, "", op, 0})
	require.NoError(t, err)
	return got, dir
}

func TestProgram(t *testing.T) {
	program(t, `
[ $# = 3 ] && [ "$3" = 1000 ] || exit 1
case $1 in
write) echo new > "$2/file" && echo 1 && echo 0.25;;
read) [ -f "$2/file" ] && echo 2;;
compress) [ -f "$2/values.gio" ] && echo 3;;
esac`)
	for op, rate := range map[string]float64{"write": 0.25, "read": 2, "compress": 3} {
		got, dir := enterOutside(t, op)
		require.Empty(t, got.note)
		require.Equal(t, peer, got.side)
		seconds, err := got.measure(t.Context())
		require.NoError(t, err)
		require.InDelta(t, rate, gigabytes.of(got.amounts[0], seconds[0]), 1e-12)
		require.NoError(t, got.close())
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestProgramThatFails(t *testing.T) {
	for script, note := range map[string]string{
		"echo no disk >&2; exit 3": "no disk",
		"echo fast":                `"fast"`,
		"echo -1":                  `"-1"`,
		"true":                     `""`,
	} {
		program(t, script)
		got, _ := enterOutside(t, "read")
		require.Nil(t, got.measure)
		require.Contains(t, got.note, "failed: ")
		require.Contains(t, got.note, note)
	}
}

func TestNoProgram(t *testing.T) {
	t.Setenv(programVariable, "")
	got, _ := enterOutside(t, "write")
	require.Nil(t, got.measure)
	require.Equal(t, "not given: set "+programVariable, got.note)
}
