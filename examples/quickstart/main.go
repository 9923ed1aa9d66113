// Quickstart shows a store on four ranks in one process, without MPI: values are
// put away, the memory is freed, and single fields, or all, come back.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/examples/internal/ranks"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// particles is a simulation's own type.
type particles struct {
	X, Y, Z []float32
	ID      []int64 `soa:"id"`
}

func main() {
	path := flag.String("path", filepath.Join(os.TempDir(), fmt.Sprintf("quickstart-%d", os.Getpid())), "what the files' names begin with")
	flag.Parse()
	ranks.Main(4, func(_ context.Context, c comm.Comm) error { return run(c, *path) })
}

// run is one rank's part.
func run(c comm.Comm, path string) (err error) {
	p, err := partition.New(c, partition.Options{Dimensions: 3})
	if err != nil {
		return err
	}
	store, err := soastore.NewGenericIO(p, 256.0, soastore.Options{Path: path})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := store.Close(); err == nil {
			err = cerr
		}
	}()

	// Put three steps away. After Set the memory is free for the next step.
	step := makeParticles(c.Rank())
	for _, key := range []string{"step_40", "step_41", "step_42"} {
		d, err := soa.Marshal(step)
		if err != nil {
			return err
		}
		if err := store.Set(key, d); err != nil {
			return err
		}
	}

	// Read two fields of one step: the others are not touched.
	d, err := store.GetField("step_41", "X", "id")
	if err != nil {
		return err
	}
	ids, err := soa.Column[int64](d, "id")
	if err != nil {
		return err
	}
	fmt.Printf("rank %d: %v, first id %d\n", c.Rank(), d, ids[0])

	// Take a step back into the struct, and remove it from the store.
	d, err = store.Pop("step_42")
	if err != nil {
		return err
	}
	if err := soa.Unmarshal(d, step); err != nil {
		return err
	}
	if err := store.Remove("step_40"); err != nil {
		return err
	}
	if c.Rank() == 0 {
		st := store.Stats()
		fmt.Printf("left: %q, %d bytes of this rank's in %d files\n", store.Keys(), st.Bytes, st.Files)
	}
	return nil
}

func makeParticles(rank int) *particles {
	const n = 1000
	p := &particles{make([]float32, n), make([]float32, n), make([]float32, n), make([]int64, n)}
	for i := range n {
		p.X[i] = float32(rank) * 64
		p.Y[i] = float32(i) / n * 256
		p.Z[i] = 128
		p.ID[i] = int64(rank*n + i)
	}
	return p
}
