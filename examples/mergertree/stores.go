package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/soastore/soa"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// store is what the workload needs of a store.
type store interface {
	SetContext(ctx context.Context, key string, d *soa.Dict) error
	GetFieldContext(ctx context.Context, key string, names ...string) (*soa.Dict, error)
	RemoveContext(ctx context.Context, key string) error
	Close() error
}

// openStores opens the table's store and the index's. The index is ragged, so it
// goes to NPZ files when the table goes to files of either kind; the other stores
// take both.
func openStores(p *partition.Partition, cfg config) (*tree, error) {
	const boxSize = 360.0 // Mpc/h
	opts := soastore.Options{Path: cfg.Path, Keep: cfg.keep}
	t := &tree{cfg: cfg, rank: p.Rank()}
	switch cfg.Store {
	case "gio":
		s, err := soastore.NewGenericIO(p, boxSize, opts)
		return t.with(p, s, err)
	case "npz":
		s, err := soastore.NewNPZ(p, opts)
		return t.with(p, s, err)
	case "arena":
		s, err := soastore.NewArena(p, opts)
		return t.alone(s, err)
	case "mem": // it copies, because the next step is filled into the same memory
		s, err := soastore.NewNPZ(p, soastore.Options{CopyOnSet: true})
		return t.alone(s, err)
	case "tiered": // not Async, since ranks that write all the time leave it no time
		s, err := soastore.NewTiered(p, soastore.TierOptions{
			Path: cfg.Path, Keep: cfg.keep, Memory: cfg.Memory, CopyOnSet: true,
		})
		t.tiered = s
		return t.alone(s, err)
	}
	return nil, fmt.Errorf("unknown store %q: there are gio, npz, arena, mem and tiered", cfg.Store)
}

// alone makes s the store of all values.
func (t *tree) alone(s store, err error) (*tree, error) {
	t.data, t.index = s, s
	return t, err
}

// with makes s the store of the table, and opens one for the index.
func (t *tree) with(p *partition.Partition, s store, err error) (*tree, error) {
	if err != nil {
		return nil, err
	}
	t.data = s
	index, err := soastore.NewNPZ(p, soastore.Options{Path: t.cfg.Path + "-index", Keep: t.cfg.keep})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	t.index = index
	return t, nil
}

func (t *tree) close() error {
	err := t.data.Close()
	if t.index != t.data {
		err = errors.Join(err, t.index.Close())
	}
	return err
}

// plan tells a tiered store in which order the phases will read, so that it can keep
// what is needed soonest, read ahead, and free each column after its last read.
func (t *tree) plan() error {
	if t.tiered == nil {
		return nil
	}
	var all []soastore.Access
	for step := range t.cfg.Steps {
		all = append(all, soastore.Access{Key: indexKey(step), Fields: forwardFields})
	}
	for step := t.cfg.Steps - 1; step >= 0; step-- {
		all = append(all, soastore.Access{Key: indexKey(step), Fields: backwardFields})
	}
	table, err := soa.Marshal(&halos{})
	if err != nil {
		return err
	}
	for name := range table.All() {
		for step := range t.cfg.Steps {
			all = append(all, soastore.Access{Key: key(step), Fields: []string{name}})
		}
	}
	return t.tiered.Plan(all, soastore.PlanOptions{DropAfterLastRead: !t.cfg.keep})
}
