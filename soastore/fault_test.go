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
	sweep(t, faultfs.Fault{Err: syscall.ENOSPC, Short: true}, false)
}

// TestCrash makes every file operation of one rank fail from the n-th on.
func TestCrash(t *testing.T) {
	sweep(t, faultfs.Fault{Span: faultfs.Crash}, true)
}

func sweep(t *testing.T, fault faultfs.Fault, crash bool) {
	const n = 3
	testkit.NoLeaks(t)
	for _, kind := range storetest.Kinds {
		if !hasOwnFiles(kind) {
			continue
		}
		for _, op := range storetest.Faulty {
			for _, victim := range []int{0, n - 1} {
				if testing.Short() && victim == 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s, on rank %d", kind.Name, op, victim), func(t *testing.T) {
					hits := faultfs.Sweep(t, fault, func(t *testing.T, f *faultfs.FS) {
						runFaulty(t, kind, op, n, victim, f, crash)
					})
					require.True(t, hits > 10 || kind.Tiered && hits > 5, "%d operations were made to fail", hits)
				})
			}
		}
	}
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
func TestKilled(t *testing.T) {
	const n = 3
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
				require.True(t, hits > 10 || kind.Tiered && hits > 5, "%d operations were made to fail", hits)
			})
		}
	}
}
