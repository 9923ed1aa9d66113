//go:build cgo

package tests

import (
	"os/signal"
	"syscall"
	"testing"

	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

func TestBrokenDiskUnderMPI(t *testing.T) {
	kinds := fileKinds()
	if testing.Short() {
		kinds = kinds[:1]
	}
	for _, test := range diskTests {
		for _, kind := range kinds {
			if !breaks(test.program, kind) {
				continue
			}
			t.Run(test.program+", "+kind.Name, func(t *testing.T) {
				mpirun(t, 3, test.program, kind.Name, test.dir(t))
			})
		}
	}
}

// TestFileLimit runs ranks of which the last may only write small files.
func TestFileLimit(t *testing.T) {
	for _, kind := range fileKinds() {
		t.Run(kind.Name, func(t *testing.T) {
			mpirun(t, 3, "limit", kind.Name, t.TempDir())
		})
	}
}

// fileLimit lowers the limit of the last rank while the store is in use.
func fileLimit(e *storetest.Env) {
	s := e.Open(soastore.Options{})
	require.NoError(e, s.Set("old", block(e.C.Rank(), 1, blockRows)))
	setLimit := func(bytes uint64) {
		if e.C.Rank() == e.C.Size()-1 {
			signal.Ignore(syscall.SIGXFSZ) // else the process ends
			require.NoError(e, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: unlimited}))
		}
	}
	setLimit(16 << 10)
	files := e.Names()
	for _, key := range []string{"new", "old"} {
		refused(e, s.Set(key, block(e.C.Rank(), 2, blockRows)), "rank 2: ")
		require.Equal(e, files, e.Names())
		holds(e, s, "old", 1, blockRows)
	}
	setLimit(unlimited)
	mended(e, s)
}

const unlimited = ^uint64(0)
