//go:build cgo

package tests

import (
	"fmt"
	"testing"

	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// TestStoresUnderMPI runs the suite of every kind of store in MPI jobs. Those without
// files differ little between numbers of ranks, and run on the most only.
func TestStoresUnderMPI(t *testing.T) {
	const most = 4
	for n := 1; n <= most; n++ {
		if testing.Short() && n != 3 {
			continue
		}
		kinds := fileKinds()
		if n == most {
			kinds = storetest.Kinds
		}
		t.Run(fmt.Sprintf("%d ranks", n), func(t *testing.T) {
			var names []string
			for _, kind := range kinds {
				names = append(names, kind.Name)
			}
			out := mpirun(t, n, "suite", names...)
			for _, name := range names {
				require.Contains(t, out, fmt.Sprintf("%s: passed on %d ranks\n", name, n))
			}
		})
	}
}
