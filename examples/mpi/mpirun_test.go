//go:build cgo && !nompi

package main

import (
	"testing"

	"github.com/soastore/soa/examples/internal/exampletest"
)

func TestMpirun(t *testing.T) {
	check(t, func(path string) string { return exampletest.Mpirun(t, 3, "--path", path) })
}
