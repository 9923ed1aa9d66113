package faultfs

import (
	"fmt"
	"testing"

	"github.com/soastore/soa/internal/fsys"
)

// sweepLimit is more operations than any scenario has that still tests something.
const sweepLimit = 10_000

// Sweep runs scenario as a subtest with fault hitting the first operation that
// it fits, then the second, and so on; the last run is one in which nothing was
// hit. It returns how many runs were hit. fault.Skip is the operation to begin with.
//
// Each run gets an FS of its own over the machine's file system. The scenario
// takes a fresh folder (t.TempDir), lets its subject work on f, and checks what
// is left: a refused call must have changed nothing, and a call that claims
// success must have done its work. It calls [FS.Heal], or goes around f, to look
// at the files. A file that is still open when the run and its cleanups have
// ended is a failure. Sweep ends at the first run that fails and logs what was
// hit.
func Sweep(t *testing.T, fault Fault, scenario func(t *testing.T, f *FS)) (hits int) {
	t.Helper()
	for ; ; fault.Skip++ {
		if hits == sweepLimit {
			t.Fatalf("faultfs: still failing after %d operations: does the scenario retry for ever?", hits)
		}
		f := New(fsys.OS)
		f.Inject(fault)
		ok := t.Run(fmt.Sprintf("fault-%d", fault.Skip), func(t *testing.T) { scenario(t, f) })
		fired := f.Fired()
		if open := f.Open(); len(open) > 0 {
			t.Errorf("faultfs: left open: %q", open)
			ok = false
		}
		if !ok {
			t.Logf("faultfs: run %d was hit at %v", fault.Skip, fired)
			return hits
		}
		if len(fired) == 0 {
			return hits
		}
		hits++
	}
}
