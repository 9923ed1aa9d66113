// Mpi is the quickstart under mpirun: every rank puts its own rows away, and each
// key is on all ranks or on none.
//
//	mpirun -n 4 mpi --path /scratch/run7/tmp
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/examples/internal/ranks"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

func main() {
	path := flag.String("path", filepath.Join(".", "mpi-example"), "what the files' names begin with, in a folder that exists")
	inProcess := flag.Int("ranks", 0, "run `N` ranks in this process; without it, the ranks that mpirun started")
	flag.Parse()
	ranks.Main(*inProcess, func(ctx context.Context, c comm.Comm) error { return run(ctx, c, *path) })
}

func run(ctx context.Context, c comm.Comm, path string) (err error) {
	p, err := partition.New(c, partition.Options{Dimensions: 3})
	if err != nil {
		return err
	}
	store, err := soastore.NewGenericIO(p, 256.0, soastore.Options{Path: path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	// Ranks hold different numbers of rows.
	rows := 1000 * (1 + c.Rank())
	mass := make([]float64, rows)
	for i := range mass {
		mass[i] = float64(c.Rank()) + 1
	}
	d := soa.NewDict()
	d.Set("mass", soa.Of(mass))
	if err := store.SetContext(ctx, "halos", d); err != nil {
		return err
	}

	// A failure of one rank is an error on every rank, and nothing has changed.
	if c.Rank() == c.Size()-1 {
		d.Set("mass", soa.Of(make([]complex128, rows))) // GenericIO has no complex numbers
	}
	err = store.SetContext(ctx, "halos", d)
	if errors.Is(err, soastore.ErrDType) && c.Rank() == 0 {
		fmt.Println("refused on all ranks:", err)
	}

	got, err := store.PopContext(ctx, "halos")
	if err != nil {
		return err
	}
	values, err := soa.Column[float64](got, "mass")
	if err != nil {
		return err
	}
	sum := []float64{0}
	for _, m := range values {
		sum[0] += m
	}
	total, err := comm.Allreduce(ctx, c, comm.Sum, sum)
	if err == nil && c.Rank() == 0 {
		fmt.Printf("%d ranks at %v, total mass %g\n", p.Size(), p.Decomposition(), total[0])
	}
	return err
}
