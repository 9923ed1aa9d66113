// Mergertree does the temporary input and output of a halo merger tree builder,
// the workload that soastore was written for: many ranks put away the halos of
// every time step, a table of equal columns and a ragged index, then read them
// back in three patterns, the longest of which takes one column of every step in
// turn. Every value that is read is checked.
//
//	mpirun -n 4 mergertree --steps 101 --rows 100000 --path /scratch/tmp
//	mergertree --ranks 4 --store mem
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/examples/internal/ranks"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// config is what the command line says.
type config struct {
	Steps int    `json:"steps"`
	Rows  int    `json:"rows"` // of the newest step, on each rank
	Store string `json:"store"`
	Path  string `json:"path,omitempty"`
	Ranks int    `json:"ranks"`
	asJSON,
	keep bool
}

func main() {
	var cfg config
	inProcess := flag.Int("ranks", 0, "run `N` ranks in this process; without it, the ranks that mpirun started")
	flag.IntVar(&cfg.Steps, "steps", 101, "number of time steps, which are keys")
	flag.IntVar(&cfg.Rows, "rows", 20000, "halos in the newest step on each rank; earlier steps have fewer")
	flag.StringVar(&cfg.Store, "store", "gio", "where the table goes: gio, npz or mem")
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

// openStores opens the table's store and the index's. The index is ragged, so it
// goes to NPZ files when the table goes to files of either kind.
func openStores(p *partition.Partition, cfg config) (*tree, error) {
	const boxSize = 360.0 // Mpc/h
	opts := soastore.Options{Path: cfg.Path, Keep: cfg.keep}
	indexOpts := opts
	if cfg.Path != "" {
		indexOpts.Path += "-index"
	}
	t := &tree{cfg: cfg, rank: p.Rank()}
	var err error
	switch cfg.Store {
	case "gio":
		t.data, err = soastore.NewGenericIO(p, boxSize, opts)
	case "npz":
		t.data, err = soastore.NewNPZ(p, opts)
	case "mem":
		opts.Path, indexOpts.Path = "", ""
		opts.Keep, indexOpts.Keep = false, false
		opts.CopyOnSet, indexOpts.CopyOnSet = true, true // the next step is filled into the same memory
		t.data, err = soastore.NewGenericIO(p, boxSize, opts)
	default:
		err = fmt.Errorf("unknown store %q: there are gio, npz and mem", cfg.Store)
	}
	if err != nil {
		return nil, err
	}
	t.index, err = soastore.NewNPZ(p, indexOpts)
	if err != nil {
		return nil, errors.Join(err, t.data.Close())
	}
	return t, nil
}
