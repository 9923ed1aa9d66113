package soastore_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// TestFaults makes the first file operation of one rank fail, then the second, and
// so on, in every collective call of every store that keeps files.
func TestFaults(t *testing.T) {
	sweep(t, 3, faultfs.Fault{Err: syscall.ENOSPC, Short: true}, false)
}

// TestFaultsAlone is TestFaults for a rank by itself, which has ways of its own to
// change files.
func TestFaultsAlone(t *testing.T) {
	sweep(t, 1, faultfs.Fault{Err: syscall.ENOSPC, Short: true}, false)
}

// TestCrash makes every file operation of one rank fail from the n-th on.
func TestCrash(t *testing.T) {
	sweep(t, 3, faultfs.Fault{Span: faultfs.Crash}, true)
}

func sweep(t *testing.T, n int, fault faultfs.Fault, crash bool) {
	testkit.NoLeaks(t)
	for _, kind := range storetest.Kinds {
		if !hasOwnFiles(kind) {
			continue
		}
		for _, op := range storetest.Faulty {
			for victim := 0; victim < n; victim += max(n-1, 1) {
				if testing.Short() && n > 1 && victim == 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s, on rank %d", kind.Name, op, victim), func(t *testing.T) {
					hits := faultfs.Sweep(t, fault, func(t *testing.T, f *faultfs.FS) {
						runFaulty(t, kind, op, n, victim, f, crash)
					})
					requireHits(t, kind, n, hits)
				})
			}
		}
	}
}

// requireHits checks that a sweep on n ranks has come by as many operations as it must.
func requireHits(t *testing.T, kind storetest.Kind, n, hits int) {
	t.Helper()
	least := 11
	if kind.Tiered || n == 1 {
		least = 6
	}
	require.GreaterOrEqual(t, hits, least, "operations were made to fail")
}

// hasOwnFiles reports whether a kind of store handles files in a way of its own.
func hasOwnFiles(kind storetest.Kind) bool { return kind.Files && !kind.Varied }

// runFaulty makes op on n ranks, of which one has its files in f.
func runFaulty(t *testing.T, kind storetest.Kind, op string, n, victim int, f *faultfs.FS, crash bool) {
	open := kind.Open
	kind.Open = func(p *partition.Partition, opts soastore.Options) (storetest.Store, error) {
		if p.Rank() == victim {
			opts = soastore.WithFS(opts, f)
		}
		return open(p, opts)
	}
	dir := t.TempDir()
	storetest.InProcess(n)(t, func(c comm.Comm) error {
		return storetest.OneRank(c, kind, dir, func(e *storetest.Env) { e.Faults(op, f.Heal, crash) })
	})
}

// TestKilled makes every file operation of all ranks fail from the n-th on, as if
// the job had been killed, and opens the store again.
func TestKilled(t *testing.T) { killed(t, 3) }

// TestKilledAlone is TestKilled for a rank by itself.
func TestKilledAlone(t *testing.T) { killed(t, 1) }

func killed(t *testing.T, n int) {
	testkit.NoLeaks(t)
	for _, kind := range storetest.Kinds {
		for _, op := range storetest.Faulty {
			if !hasOwnFiles(kind) || testing.Short() && op != "replace" {
				continue
			}
			t.Run(kind.Name+", "+op, func(t *testing.T) {
				hits := faultfs.Sweep(t, faultfs.Fault{Span: faultfs.Crash}, func(t *testing.T, f *faultfs.FS) {
					dir := t.TempDir()
					storetest.InProcess(n)(t, func(c comm.Comm) error {
						kind, revived := kind, kind
						kind.Open = func(p *partition.Partition, opts soastore.Options) (storetest.Store, error) {
							return revived.Open(p, soastore.WithFS(opts, f))
						}
						return storetest.OneRank(c, kind, dir, func(e *storetest.Env) {
							e.Killed(op, func(k *storetest.Kind, dead storetest.Store) {
								*k = revived
								soastore.EndProcess(dead)
							})
						})
					})
				})
				requireHits(t, kind, n, hits)
			})
		}
	}
}
