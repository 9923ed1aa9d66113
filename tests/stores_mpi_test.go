//go:build cgo

package tests

import (
	"fmt"
	"testing"

	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// TestStoresUnderMPI runs the suite of every kind of store in MPI jobs.
func TestStoresUnderMPI(t *testing.T) {
	sizes := []int{1, 2, 3, 4}
	if testing.Short() {
		sizes = []int{3}
	}
	for _, n := range sizes {
		t.Run(fmt.Sprintf("%d ranks", n), func(t *testing.T) {
			out := mpirun(t, n, "suite")
			for _, kind := range storetest.Kinds {
				require.Contains(t, out, fmt.Sprintf("%s: passed on %d ranks\n", kind.Name, n))
			}
		})
	}
}
