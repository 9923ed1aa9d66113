package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/soastore/soa/internal/fsys"
)

// place is a folder for files.
type place struct {
	dir  string
	disk bool   // rather than memory
	fs   string // its file system
}

func (p place) String() string {
	if p.disk {
		return "disk (" + p.fs + ")"
	}
	return p.fs
}

// team is who a contestant's work is done by.
type team uint8

const (
	one      team = iota // a rank
	two                  // ranks, goroutines of one process
	twoMPI               // ranks, processes under mpirun
	inPython             // a Python process
	outside              // the program that programVariable names
)

// entry is a contestant as the tables of contests have it.
type entry struct {
	name string
	team team
	kind string // of subject
	op   string // a key of operations, or a method of worker.py's Opened
	// procs is the GOMAXPROCS of each process. The default is 2, or 1 under mpirun. Of
	// the program from outside it is how many ranks there are.
	procs int
}

func (e entry) side() side {
	switch {
	case e.team >= inPython:
		return peer
	case strings.HasPrefix(e.kind, "raw") || e.kind == "log" || e.kind == "memcpy":
		return plain
	}
	return store
}

// hall is where contests are held: it has the places and the workers.
type hall struct {
	disk, memory place
	workers      map[team]*worker
	sources      map[data]string // files with values, for Python
}

// openHall makes folders for the files. They go with close.
func openHall() (h *hall, err error) {
	h = &hall{workers: map[team]*worker{}, sources: map[data]string{}}
	local := os.Getenv("TMPDIR")
	if local == "" {
		local = "/var/tmp"
	}
	if h.disk, err = newPlace(local); err != nil {
		return h, err
	}
	h.disk.disk = h.disk.fs != "tmpfs"
	h.memory, err = newPlace("/dev/shm")
	return h, err
}

func newPlace(parent string) (p place, err error) {
	if p.dir, err = os.MkdirTemp(parent, fmt.Sprintf("soa-bench-%d-", os.Getpid())); err != nil {
		return p, err
	}
	t, err := fsys.OS.TypeOf(p.dir)
	p.fs = t.Name
	return p, err
}

// room reports a place that has not so many bytes free.
func (h *hall) room(bytes int64) error {
	for _, p := range []place{h.disk, h.memory} {
		t, err := fsys.OS.TypeOf(p.dir)
		if err != nil {
			return err
		}
		if t.Free < bytes {
			return fmt.Errorf("%s: %d MB are free and %d needed: set TMPDIR, free some, or try -quick", p.dir, t.Free>>20, bytes>>20)
		}
	}
	return nil
}

func (h *hall) close() (err error) {
	for _, w := range h.workers {
		err = errors.Join(err, w.close())
	}
	for _, p := range []place{h.disk, h.memory} {
		if p.dir != "" {
			err = errors.Join(err, os.RemoveAll(p.dir))
		}
	}
	return err
}

// worker returns the team's worker, and starts it when it is first asked for.
func (h *hall) worker(t team) (w *worker, err error) {
	if w = h.workers[t]; w != nil {
		return w, nil
	}
	switch t {
	case one:
		w = inProcess(1)
	case two:
		w = inProcess(2)
	case twoMPI:
		w, err = underMPI(2)
	case inPython:
		w, err = python()
	}
	if err == nil {
		h.workers[t] = w
	}
	return w, err
}

// hold holds a contest and returns the contestants with what they were measured at.
func (h *hall) hold(ctx context.Context, c *contest) ([]*contestant, error) {
	var all []*contestant
	var err error
	if c.enterAll != nil {
		all, err = c.enterAll(h)
	} else {
		for _, e := range c.entries {
			var one *contestant
			if one, err = h.enter(c, e); err != nil {
				err = fmt.Errorf("%s: %s: %w", c.title, e.name, err)
				break
			}
			all = append(all, one)
		}
	}
	if err == nil {
		err = c.play(ctx, all)
	}
	if w := h.workers[twoMPI]; w != nil { // its ranks ask for messages all the time
		delete(h.workers, twoMPI)
		err = errors.Join(err, w.close())
	}
	return all, err
}

// enter makes a contestant ready. A peer that cannot take part is one without a
// measure.
func (h *hall) enter(c *contest, e entry) (*contestant, error) {
	got := &contestant{name: e.name, side: e.side()}
	var err error
	if e.team == outside {
		err = enterProgram(got, c, e)
	} else {
		err = h.enterWorker(got, c, e)
	}
	var m missing
	if errors.As(err, &m) {
		got.measure, got.note = nil, m.what
		return got, nil
	}
	if err != nil && got.side == peer {
		got.measure, got.note = nil, "failed: "+err.Error()
		return got, nil
	}
	return got, err
}

// enterWorker has a worker open the entry's subject, put the values away once, and
// compare what it then reads with them.
func (h *hall) enterWorker(got *contestant, c *contest, e entry) error {
	w, err := h.worker(e.team)
	if err != nil {
		return err
	}
	s, err := h.subject(c, e, w)
	if err != nil {
		return err
	}
	id, err := w.open(s)
	if err != nil {
		return err
	}
	do := func(op string) (answer, error) { return w.do(order{Do: op, ID: id}) }
	first, before, after := []string{"set", "check"}, []string(nil), []string(nil)
	if e.op == "spill" {
		before = []string{"fill"}
	}
	for range c.warm {
		before = append(before, e.op)
	}
	if c.fresh {
		first, after = append(first, "remove"), []string{"remove"}
	}
	if err := doAll(do, first); err != nil {
		return err
	}
	got.amounts = []float64{c.amount(s, e.op, w.ranks)}
	got.close = func() error { _, err := do("close"); return err }
	got.measure = func(context.Context) ([]float64, error) {
		if err := doAll(do, before); err != nil {
			return nil, err
		}
		a, err := do(e.op)
		if err != nil {
			return nil, err
		}
		got.whole = a.Whole
		return []float64{a.Seconds}, doAll(do, after)
	}
	return nil
}

func doAll(do func(string) (answer, error), ops []string) error {
	for _, op := range ops {
		if _, err := do(op); err != nil {
			return err
		}
	}
	return nil
}

// amount is how much an operation on the subject of all ranks comes to.
func (c *contest) amount(s subject, op string, ranks int) float64 {
	bytes := float64(s.Data.bytes()) * float64(ranks)
	switch {
	case c.unit != gigabytes:
		return float64(s.Data.Values)
	case op == "field":
		return float64(s.Data.fieldBytes()) * float64(ranks)
	case op == "spill":
		return bytes * 3 / 4
	}
	return bytes
}

// subject returns what a worker is to open for an entry.
func (h *hall) subject(c *contest, e entry, w *worker) (subject, error) {
	s := subject{Kind: e.kind, Dir: c.place.dir, Data: c.data, Fresh: c.fresh, Procs: e.procs}
	if !c.weak {
		s.Data.Rows /= w.ranks
	}
	if s.Procs == 0 {
		s.Procs = map[team]int{one: 2, two: 2, twoMPI: 1}[e.team]
	}
	s.Threads = s.Procs
	if e.team == two {
		s.Threads = max(1, s.Procs/w.ranks)
	}
	if e.team != inPython {
		return s, nil
	}
	var err error
	s.Source, err = h.source(s.Data)
	return s, err
}

// source returns the name of a file with the values.
func (h *hall) source(d data) (string, error) {
	if name, ok := h.sources[d]; ok {
		return name, nil
	}
	name := filepath.Join(h.disk.dir, fmt.Sprintf("source-%s-%d-%d.npz", d.Columns, d.Rows, d.Values))
	h.sources[d] = name
	return name, d.export(name)
}
