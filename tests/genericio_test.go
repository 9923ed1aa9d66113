package tests

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// references are files of the GenericIO library that 4 ranks wrote, of which rank 1
// has no rows.
var references = []struct {
	file string
	base int // rows of rank 0; rank r has 7*r more
}{{"plain.gio", 100}, {"parts.gio", 50}}

const referenceRanks = 4

func referenceRows(base, rank int) int {
	if rank == 1 {
		return 0
	}
	return base + 7*rank
}

// TestStoreReadsReferenceFiles takes files of the GenericIO library in as a store's.
func TestStoreReadsReferenceFiles(t *testing.T) {
	for _, ref := range references {
		t.Run(ref.file, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run7")
			copyReference(t, ref.file, path+"_step_41.tmp.gio")
			opts := soastore.Options{Path: path, Keep: true}
			onRanks(t, referenceRanks, func(e *storetest.Env) {
				s := reopen(e, openGenericIO, opts)
				got, err := s.Get("step_41")
				require.NoError(e, err)
				require.Equal(e, ids(e.C.Rank(), ref.base), column[int64](e, got, "id"))
				require.NoError(e, s.Close())
			})
			onRanks(t, 3, func(e *storetest.Env) {
				s := reopen(e, openGenericIO, opts)
				_, err := s.Get("step_41")
				require.ErrorIs(e, err, soastore.ErrRankCount)
				_, err = s.Pop("step_41")
				e.Fails(err, soastore.ErrRankCount)
				require.NoError(e, s.Close())
			})
			opts.Redistribute = true
			for _, n := range []int{1, 2, 3} {
				onRanks(t, n, func(e *storetest.Env) { redistributed(e, opts, ref.base) })
			}
		})
	}
}

func openGenericIO(p *partition.Partition, opts soastore.Options) (*soastore.Spill, error) {
	return soastore.NewGenericIO(p, 256, opts)
}

// copyReference copies a file and its partition files to a name of a store's.
func copyReference(t *testing.T, file, name string) {
	files := glob(t, filepath.Join(moduleRoot, "genericio/testdata"), file+"*")
	require.NotEmpty(t, files)
	for _, from := range files {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		suffix := strings.TrimPrefix(filepath.Base(from), file)
		require.NoError(t, os.WriteFile(name+suffix, data, 0o600))
	}
}

// ids is the field id of a writer's rows, by the files' rule.
func ids(rank, base int) []int64 {
	out := make([]int64, referenceRows(base, rank))
	for i := range out {
		out[i] = int64(1000000*rank + i - 5)
	}
	return out
}

func column[T soa.Element](e *storetest.Env, d *soa.Dict, name string) []T {
	values, err := soa.Column[T](d, name)
	require.NoError(e, err)
	return values
}

// redistributed reads the value on fewer ranks than wrote it: together they have
// every writer's rows, in order, and each has those of whole writers.
func redistributed(e *storetest.Env, opts soastore.Options, base int) {
	ctx := context.Background()
	s := reopen(e, openGenericIO, opts)
	got, err := s.Get("step_41")
	require.NoError(e, err)

	var want []int64
	for writer := range referenceRanks {
		want = append(want, ids(writer, base)...)
	}
	all, err := comm.Allgather(ctx, e.C, column[int64](e, got, "id"))
	require.NoError(e, err)
	var have []int64
	for _, part := range all {
		have = append(have, part...)
	}
	require.Equal(e, want, have)

	// Each row's other fields came with it.
	rows := map[int64]string{}
	set, err := genericio.OpenDataset(ctx, opts.Path+"_step_41.tmp.gio", nil, genericio.ReadOptions{})
	require.NoError(e, err)
	defer set.Close()
	for writer := range referenceRanks {
		d := soa.NewDict()
		require.NoError(e, set.ReadRank(ctx, writer, d))
		for i, id := range column[int64](e, d, "id") {
			rows[id] = row(d, i)
		}
	}
	for i, id := range column[int64](e, got, "id") {
		require.Equal(e, rows[id], row(got, i))
	}
	require.NoError(e, s.Close())
}

// row returns the bytes of all fields of one row, as text.
func row(d *soa.Dict, i int) string {
	var b strings.Builder
	for name, a := range d.All() {
		fmt.Fprintf(&b, "%s %x\n", name, a.Slice(i, i+1).Bytes())
	}
	return b.String()
}
