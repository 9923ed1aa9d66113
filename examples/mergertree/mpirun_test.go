//go:build cgo && !nompi

package main

import (
	"testing"

	"github.com/soastore/soa/examples/internal/exampletest"
)

func TestMpirun(t *testing.T) {
	for _, store := range []string{"gio", "npz", "arena", "mem", "tiered"} {
		t.Run(store, func(t *testing.T) {
			checkTable(t, exampletest.Mpirun(t, 4, small(t, "--store", store)...), store)
		})
	}
}
