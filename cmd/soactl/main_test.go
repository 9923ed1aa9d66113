package main_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// program is the program under test, built as users build it.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "soactl-test")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "soactl")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// soactl runs the program and returns what it printed and its exit status.
func soactl(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return output(t, exec.Command(program, args...))
}

func output(t testing.TB, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must runs the program, which succeeds and has nothing to complain about.
func must(t testing.TB, args ...string) string {
	t.Helper()
	stdout, stderr, code := soactl(t, args...)
	require.Empty(t, stderr, "%q", args)
	require.Zero(t, code, "%q", args)
	return stdout
}

// fails runs the program, which fails with the exit status and one line that has
// all of the texts.
func fails(t testing.TB, code int, texts []string, args ...string) {
	t.Helper()
	_, stderr, have := soactl(t, args...)
	require.Equal(t, code, have, "%q: %s", args, stderr)
	require.Regexp(t, `^soactl: [^\n]+\n$`, stderr)
	for _, text := range texts {
		require.Contains(t, stderr, text, "%q", args)
	}
}

// golden compares text with a file of testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o666))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "go test -update rewrites %s", file)
}

// copyOf copies files into a folder of the test's own.
func copyOf(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), data, 0o600))
	}
	return dir
}

const (
	gioData = "../../genericio/testdata/"
	npzData = "../../npz/testdata/"
)
