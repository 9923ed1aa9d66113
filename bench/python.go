package main

import (
	_ "embed"
	"os/exec"
)

//go:embed worker.py
var workerScript string

// python starts the worker that is a Python: the first one with NumPy, the system's
// before others, since it has the system's packages.
func python() (*worker, error) {
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			return process(exec.Command(name, "-c", workerScript), 1)
		}
	}
	return nil, missing{"python3 with NumPy: not installed"}
}
