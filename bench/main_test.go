package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test's program a rank where it was started as one.
func TestMain(m *testing.M) {
	if os.Getenv(rankVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestQuick holds all contests, with all peers that are installed, and looks at what
// they leave.
func TestQuick(t *testing.T) {
	if _, err := exec.LookPath("mpirun"); err != nil {
		testkit.Missing(t, "mpirun (Open MPI)")
	}
	if w, err := python(); err != nil {
		testkit.Missing(t, "a python3 that can import numpy")
	} else {
		require.NoError(t, w.close())
	}
	program(t, "echo 0.125") // GB/s
	t.Setenv("TMPDIR", t.TempDir())
	out := filepath.Join(t.TempDir(), "report.md")
	var printed strings.Builder
	require.NoError(t, run(t.Context(), []string{"-quick", "-out", out}, &printed))
	require.NotContains(t, printed.String(), "failed: ")

	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
	inMemory, err := filepath.Glob(fmt.Sprintf("/dev/shm/soa-bench-%d-*", os.Getpid()))
	require.NoError(t, err)
	require.Empty(t, inMemory)
	checkReport(t, out, printed.String())
}

// checkReport looks at that the report has a table of each contest, all of whose
// contestants have figures or are not installed, and charts that can be drawn.
func checkReport(t *testing.T, name, printed string) {
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	text := string(b)
	h := &hall{disk: place{disk: true}}
	for _, c := range h.contests(quickSizes) {
		title, _, _ := strings.Cut(c.title, ", disk")
		require.Contains(t, text, title)
		require.Contains(t, printed, title)
		for _, e := range c.entries {
			require.Regexp(t, `(?m)^\| `+regexp.QuoteMeta(e.name)+` +\| +(\d.*\| +\d.*\| +\d|.*not installed|.*built without MPI)`, text)
		}
	}
	require.Regexp(t, `C\+\+ GenericIO read +\| 0.125`, text)
	charts := regexp.MustCompile(`\(bench/charts/([^)]*)\)`).FindAllStringSubmatch(text, -1)
	require.Greater(t, len(charts), 5)
	for _, c := range charts {
		checkSVG(t, filepath.Join(filepath.Dir(name), "bench", "charts", c[1]))
	}
}

func checkSVG(t *testing.T, name string) {
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	elements := 0
	for dec := xml.NewDecoder(f); ; elements++ {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, name)
	}
	require.Greater(t, elements, 50, name)
}

func TestFilter(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"-quick", "-rounds", "1", "-filter", "copy OF memory"}, &out))
	require.Equal(t, 1, strings.Count(out.String(), "times as fast as"))
	require.Contains(t, out.String(), "copy of memory")
	require.ErrorContains(t, run(t.Context(), []string{"-quick", "-filter", "no such"}, &out), "no contest")
}

// TestWorkerGone looks at that orders to a worker that has ended fail, rather than
// wait.
func TestWorkerGone(t *testing.T) {
	w, err := python()
	var m missing
	if errors.As(err, &m) {
		testkit.Missing(t, "a python3 that can import numpy")
	}
	require.NoError(t, err)
	_, err = w.do(order{Do: "nonsense"})
	require.ErrorContains(t, err, "KeyError")
	a, err := w.do(order{Do: "versions"})
	require.NoError(t, err)
	require.NotEmpty(t, a.Versions["NumPy"])
	w.kill()
	_, err = w.do(order{Do: "versions"})
	require.Error(t, err)
	require.Error(t, w.close(), "it was killed")
}
