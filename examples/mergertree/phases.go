package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
)

// tree is one rank's end of the two stores.
type tree struct {
	cfg   config
	rank  int
	data  store
	index store // may be the same

	tiered *soastore.Tiered // what both are, or nil
}

// measure is what one rank did in one phase: seconds in the stores only, without
// making and checking the values, and the bytes that they moved.
type measure struct {
	phase   string
	seconds float64
	bytes   int64
}

// add counts one call of a store.
func (m *measure) add(start time.Time, bytes int) {
	m.seconds += time.Since(start).Seconds()
	m.bytes += int64(bytes)
}

func key(step int) string { return strconv.Itoa(step) }

func indexKey(step int) string { return "index_" + strconv.Itoa(step) }

// The fields of the index that the phases read.
var (
	forwardFields  = []string{"desc_idx"}
	backwardFields = []string{"desc_idx", "progenitor_array", "progenitor_offsets"}
)

// phases runs the phases of the workload, and returns what this rank did in each.
func (t *tree) phases(ctx context.Context) ([]measure, error) {
	all := []measure{{phase: "1 write table"}, {phase: "1 write index"}}
	if err := t.writeAll(ctx, &all[0], &all[1]); err != nil {
		return nil, err
	}
	if err := t.plan(); err != nil {
		return nil, err
	}
	phases := []struct {
		name string
		run  func(context.Context, *measure) error
	}{
		{"2 index forward", t.indexForward},
		{"3 index backward", t.indexBackward},
		{"4 column scan", t.columnScan},
		{"5 remove", t.removeAll},
	}
	if t.cfg.keep {
		phases = phases[:len(phases)-1]
	}
	for _, phase := range phases {
		m := measure{phase: phase.name}
		if err := phase.run(ctx, &m); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// writeAll puts every step away, the newest first.
func (t *tree) writeAll(ctx context.Context, table, index *measure) error {
	var h halos
	var l links
	for step := t.cfg.Steps - 1; step >= 0; step-- {
		if err := h.fill(t.cfg, t.rank, step); err != nil {
			return err
		}
		if err := put(ctx, t.data, key(step), &h, table); err != nil {
			return err
		}
		if err := l.fill(t.cfg, t.rank, step); err != nil {
			return err
		}
		if err := put(ctx, t.index, indexKey(step), &l, index); err != nil {
			return err
		}
	}
	return nil
}

func put(ctx context.Context, s store, key string, v any, m *measure) error {
	start := time.Now()
	d, err := soa.Marshal(v)
	if err != nil {
		return err
	}
	err = s.SetContext(ctx, key, d)
	m.add(start, d.NBytes())
	return err
}

// indexForward reads one field of every index, the oldest first.
func (t *tree) indexForward(ctx context.Context, m *measure) error {
	for step := range t.cfg.Steps {
		d, err := t.get(ctx, t.index, indexKey(step), step, m, forwardFields)
		if err != nil {
			return err
		}
		d.Release()
	}
	return nil
}

// indexBackward reads all of every index, the newest first.
func (t *tree) indexBackward(ctx context.Context, m *measure) error {
	for step := t.cfg.Steps - 1; step >= 0; step-- {
		d, err := t.get(ctx, t.index, indexKey(step), step, m, backwardFields)
		if err != nil {
			return err
		}
		d.Release()
	}
	return nil
}

// columnScan gathers each column of the table over all steps into one array, as
// the output file of a merger tree holds it.
func (t *tree) columnScan(ctx context.Context, m *measure) error {
	d, err := soa.Marshal(&halos{})
	if err != nil {
		return err
	}
	rows := 0
	for step := range t.cfg.Steps {
		rows += rowsAt(t.cfg, t.rank, step)
	}
	column := make([]byte, 0, 8*rows)
	for name := range d.All() {
		column = column[:0]
		for step := range t.cfg.Steps {
			d, err := t.get(ctx, t.data, key(step), step, m, []string{name})
			if err != nil {
				return err
			}
			a, _ := d.Get(name)
			column = append(column, a.Bytes()...)
			d.Release()
		}
	}
	return nil
}

// get reads fields and checks every value. The caller releases them, so that the next
// read goes into the same memory, if it is not the store's own.
func (t *tree) get(ctx context.Context, s store, key string, step int, m *measure, names []string) (*soa.Dict, error) {
	start := time.Now()
	d, err := s.GetFieldContext(ctx, key, names...)
	if err != nil {
		return nil, err
	}
	m.add(start, d.NBytes())
	if d.Len() != len(names) {
		return nil, fmt.Errorf("step %d: asked for %q, got %v", step, names, d)
	}
	return d, check(d, t.rank, step, rowsAt(t.cfg, t.rank, step))
}

// removeAll removes every step from both stores.
func (t *tree) removeAll(ctx context.Context, m *measure) error {
	for step := range t.cfg.Steps {
		start := time.Now()
		if err := t.data.RemoveContext(ctx, key(step)); err != nil {
			return err
		}
		if err := t.index.RemoveContext(ctx, indexKey(step)); err != nil {
			return err
		}
		m.add(start, 0)
	}
	return nil
}
