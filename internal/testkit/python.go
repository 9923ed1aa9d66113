package testkit

import (
	"os/exec"
	"sync"
	"testing"
)

// Python runs script, the text of a program, in a Python that has NumPy, with
// args as its sys.argv[1:], and returns what it printed. It fails the test if
// the script fails, and calls [Missing] if there is no such Python.
func Python(t testing.TB, script string, args ...string) string {
	t.Helper()
	python := findPython()
	if python == "" {
		Missing(t, "a python3 that can import numpy")
	}
	return run(t, python, append([]string{"-c", script}, args...), nil)
}

// findPython returns the first Python with NumPy: the one on the PATH may be a
// bare one, beside the system's with packages.
var findPython = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3", "/usr/local/bin/python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			return name
		}
	}
	return ""
})
