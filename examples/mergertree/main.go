// Mergertree does the temporary input and output of a halo merger tree builder,
// the workload that soastore was written for: many ranks put away the halos of
// every time step, a table of equal columns and a ragged index, then read them
// back in three patterns, the longest of which takes one column of every step in
// turn. Every value that is read is checked.
//
//	mpirun -n 4 mergertree --steps 101 --rows 100000 --path /scratch/tmp
//	mergertree --ranks 4 --store mem
//	mergertree --ranks 4 --store tiered --memory 20000000
package main

import (
	"context"
	"errors"
	"flag"
	"os"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/examples/internal/ranks"
	"github.com/soastore/soa/partition"
)

// config is what the command line says.
type config struct {
	Steps int    `json:"steps"`
	Rows  int    `json:"rows"` // of the newest step, on each rank
	Store string `json:"store"`
	Path  string `json:"path,omitempty"`
	// Memory is how many bytes a tiered store keeps in memory on each rank.
	Memory int64 `json:"memory,omitempty"`
	Ranks  int   `json:"ranks"`
	asJSON,
	keep bool
}

func main() {
	var cfg config
	inProcess := flag.Int("ranks", 0, "run `N` ranks in this process; without it, the ranks that mpirun started")
	flag.IntVar(&cfg.Steps, "steps", 101, "number of time steps, which are keys")
	flag.IntVar(&cfg.Rows, "rows", 20000, "halos in the newest step on each rank; earlier steps have fewer")
	flag.StringVar(&cfg.Store, "store", "gio", "where the table goes: gio, npz, arena, mem, or tiered: memory first, then arenas")
	flag.Int64Var(&cfg.Memory, "memory", 0, "bytes that a tiered store keeps in memory on each rank (default: what there is)")
	flag.StringVar(&cfg.Path, "path", "", "what the files' names begin with (default: a folder in the folder for temporary files)")
	flag.BoolVar(&cfg.asJSON, "json", false, "print one line of JSON instead of a table")
	flag.BoolVar(&cfg.keep, "keep", false, "stop before the steps are removed, and leave the files")
	flag.Parse()
	if flag.NArg() > 0 || cfg.Steps < 1 || cfg.Rows < 0 {
		flag.Usage()
		os.Exit(2)
	}
	ranks.Main(*inProcess, func(ctx context.Context, c comm.Comm) error { return run(ctx, c, cfg) })
}

// run is one rank's part.
func run(ctx context.Context, c comm.Comm, cfg config) (err error) {
	cfg.Ranks = c.Size()
	if cfg.Store != "mem" && cfg.Path == "" {
		dir, err := tempFolder(ctx, c)
		if err != nil {
			return err
		}
		cfg.Path = dir + "/tree"
		if c.Rank() == 0 && !cfg.keep {
			defer os.RemoveAll(dir)
		}
	}
	p, err := partition.New(c, partition.Options{})
	if err != nil {
		return err
	}
	t, err := openStores(p, cfg)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, t.close())
		if err == nil {
			err = comm.Barrier(ctx, c) // before rank 0 removes the folder
		}
	}()
	measured, err := t.phases(ctx)
	if err != nil {
		return err
	}
	return report(ctx, c, cfg, measured)
}

// tempFolder makes a folder on rank 0 and returns its name on all ranks.
func tempFolder(ctx context.Context, c comm.Comm) (string, error) {
	var dir string
	var err error
	if c.Rank() == 0 {
		dir, err = os.MkdirTemp("", "mergertree-")
	}
	if err := comm.Agree(ctx, c, comm.Vote{Op: "make a folder", Err: err}); err != nil {
		return "", err
	}
	name, err := comm.Bcast(ctx, c, 0, []byte(dir))
	return string(name), err
}
