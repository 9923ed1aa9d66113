//go:build cgo

package tests

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// A job of killedRanks sets killedKeys keys in turn, each value with a seed one
// higher than the last, until one of its ranks is killed.
const (
	killedRanks = 3
	killedKeys  = 3
	killedRows  = 2000
)

// moments are when a rank kills itself: as soon as the folder looks so.
var moments = map[string]func(names []string) bool{
	// A new file is being written.
	"writing": func(names []string) bool { return count(names, ".partial") > 0 },
	// A file that was replaced is there to be written over, or being so.
	"rewriting": func(names []string) bool { return count(names, ".spare") > 0 },
	// New partition files are in place beside the old ones, which the map still names.
	"placed": func(names []string) bool {
		for key := range killedKeys {
			if n := countParts(names, fmt.Sprintf("tmp_%d.tmp.gio#", key)); n > killedRanks {
				return true
			}
		}
		return false
	},
	// All ranks have written their new file, and make it visible, each its own; the
	// old one has the partial name then.
	"committing": func(names []string) bool { return count(names, ".partial") == killedRanks },
}

func count(names []string, suffix string) (n int) {
	for _, name := range names {
		if strings.HasSuffix(name, suffix) {
			n++
		}
	}
	return n
}

func countParts(names []string, prefix string) (n int) {
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, ".partial") && !strings.HasSuffix(name, ".spare") {
			n++
		}
	}
	return n
}

// TestKilledRank kills one rank of a job at the worst moments. The job must end, and
// what is on disk must be, for each key, the old value or the new one on all ranks,
// or be known not to be.
func TestKilledRank(t *testing.T) {
	cases := []struct{ kind, moment string }{
		{"gio per rank", "writing"}, {"gio per rank", "rewriting"}, {"gio per rank", "placed"},
		{"gio per node", "writing"},
		{"gio one file", "writing"},
		{"npz", "writing"}, {"npz", "rewriting"}, {"npz", "committing"},
		{"memmap", "writing"}, {"memmap", "rewriting"}, {"memmap", "committing"},
	}
	soactl := buildProgram(t, "./cmd/soactl")
	for _, c := range cases {
		for _, victim := range []int{0, killedRanks - 1} {
			if victim == 0 && (testing.Short() || c.moment == "writing" || c.moment == "rewriting") {
				continue // all ranks write alike; rank 0 makes a change visible
			}
			t.Run(fmt.Sprintf("%s, %s, rank %d", c.kind, c.moment, victim), func(t *testing.T) {
				dir := t.TempDir()
				if c.moment == "rewriting" && !rewrites(t, c.kind) {
					t.Skip("this file system does not tell who uses a file")
				}
				said := failing(t, func(t *failure) {
					testkit.Mpirun(t, killedRanks, "-test.run=^TestRank$", "set forever", c.kind, dir, c.moment, strconv.Itoa(victim))
				})
				require.Contains(t, said, "signal 9", "the rank did not die as it should")
				require.NotContains(t, said, "killed at the deadline", "the job hung")
				require.NotContains(t, said, "outlived mpirun")
				afterKill(t, soactl, c.kind, dir)
			})
		}
	}
}

// rewrites reports whether a kind of store keeps what it replaced, to write over it: it
// does where the file system tells who else uses it.
func rewrites(t *testing.T, kindName string) bool {
	kind, err := kindNamed(kindName)
	require.NoError(t, err)
	dir, kept := t.TempDir(), false
	storetest.InProcess(1)(t, func(c comm.Comm) error {
		return storetest.OneRank(c, kind, dir, func(e *storetest.Env) {
			s := e.Open(soastore.Options{})
			require.NoError(e, s.Set("k", block(0, 1, killedRows)))
			require.NoError(e, s.Remove("k"))
			kept = s.Stats().Spare > 0
			require.NoError(e, s.Close())
		})
	})
	return kept
}

// afterKill looks at what a killed job left. A store that takes it in brings it
// together, also after soactl has removed leftovers; soactl tells what is whole.
func afterKill(t *testing.T, soactl, kind, dir string) {
	swept := t.TempDir()
	require.NoError(t, os.CopyFS(swept, os.DirFS(dir)))
	out, code := run(t, soactl, "rm", "--leftovers", swept)
	require.Zero(t, code, out)
	for _, dir := range []string{dir, swept} {
		torn := reopened(t, kind, dir)
		require.Empty(t, torn, "every key had a value before the Set that was interrupted")
		out, code := run(t, soactl, "verify", dir)
		require.Zero(t, code, "all keys have been set again: %s", out)
	}
}

// reopened opens the store on ranks of one process, checks every value, and returns
// the keys that cannot be read. Each is old or new on all ranks: the seeds of the
// whole keys follow one another but for that of the Set that was interrupted.
func reopened(t *testing.T, kindName, dir string) (torn []string) {
	kind, err := kindNamed(kindName)
	require.NoError(t, err)
	storetest.InProcess(killedRanks)(t, func(c comm.Comm) error {
		return storetest.OneRank(c, kind, dir, func(e *storetest.Env) {
			s := e.Open(soastore.Options{Reopen: true, Keep: true})
			require.Equal(e, []string{"0", "1", "2"}, s.Keys())
			var seeds []int
			var bad []string
			for _, key := range s.Keys() {
				if seed := seedOnAll(e, s, key); seed == 0 {
					bad = append(bad, key)
				} else {
					seeds = append(seeds, seed)
				}
			}
			if len(bad) == 0 {
				require.Equal(e, killedKeys-1, slices.Max(seeds)-slices.Min(seeds), "seeds %v", seeds)
			}
			require.LessOrEqual(e, len(bad), 1, "only one Set was interrupted")
			if e.C.Rank() == 0 {
				torn = bad
			}
			usable(e, s)
		})
	})
	return torn
}

// seedOnAll returns the seed of the value of key, which is the same on all ranks, or
// 0 if all know that the value is not whole.
func seedOnAll(e *storetest.Env, s storetest.Store, key string) int {
	seed := 0
	d, err := s.Get(key)
	if err == nil {
		seed, err = seedOf(d, e.C.Rank(), killedRows)
		require.NoError(e, err)
	} else {
		require.ErrorIs(e, err, soastore.ErrTorn)
	}
	all, err := comm.Allgather(context.Background(), e.C, []int64{int64(seed)})
	require.NoError(e, err)
	for rank, other := range all {
		require.Equal(e, int64(seed), other[0], "key %q: rank %d has the value of another Set", key, rank)
	}
	return seed
}

// usable checks that every key can be set again.
func usable(e *storetest.Env, s storetest.Store) {
	for _, key := range s.Keys() {
		require.NoError(e, s.Set(key, block(e.C.Rank(), 1, killedRows)))
		require.Equal(e, 1, seedOnAll(e, s, key))
	}
	require.NoError(e, s.Close())
}

// setForever is a rank's part of the job. Its arguments are the kind of store, the
// folder, the moment and the rank that dies then.
func setForever(_ *testing.T, c comm.Comm, args []string) error {
	kind, err := kindNamed(args[0])
	if err != nil {
		return err
	}
	p, err := partition.New(c, partition.Options{})
	if err != nil {
		return err
	}
	dir := args[1]
	opts := soastore.Options{Path: filepath.Join(dir, "tmp"), Keep: true}
	if args[2] == "writing" {
		opts.RecycleBytes = -1
	}
	s, err := kind.Open(p, opts)
	if err != nil {
		return err
	}
	for seed := 1; ; seed++ {
		if err := s.Set(strconv.Itoa(seed%killedKeys), block(c.Rank(), seed, killedRows)); err != nil {
			return fmt.Errorf("Set %d: %w", seed, err)
		}
		// From now on every key has a value.
		if seed == 2*killedKeys && args[3] == strconv.Itoa(c.Rank()) {
			go dieAt(dir, moments[args[2]])
		}
	}
}

// dieAt kills this process when the folder looks so.
func dieAt(dir string, moment func(names []string) bool) {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			panic(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if moment(names) {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		runtime.Gosched()
	}
}

// failure is a test inside the test, which is expected to fail.
type failure struct {
	*testing.T
	said strings.Builder
}

// failing runs fn, which must fail the test that it gets, and returns what it said.
func failing(t *testing.T, fn func(t *failure)) string {
	t.Helper()
	f := &failure{T: t}
	done := make(chan struct{})
	go func() { // which Fatalf ends
		defer close(done)
		fn(f)
	}()
	<-done
	require.NotEmpty(t, f.said.String(), "it succeeded")
	return f.said.String()
}

func (f *failure) Errorf(format string, args ...any) { fmt.Fprintf(&f.said, format+"\n", args...) }

func (f *failure) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}
