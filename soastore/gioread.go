package soastore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

func (f *gioFormat) open(key string, have files) (reader, error) {
	if have.data == "" {
		return f.openFound(key)
	}
	return f.openPart(have.data, have.part)
}

// gioReader reads the rows of one rank from one data file.
type gioReader struct {
	file openFile
	gio  genericio.Reader
	part int
}

// gioReaders are closed, with the memory for the next file.
var gioReaders = sync.Pool{New: func() any { return new(gioReader) }}

// openPart opens a data file for the rows at position part in it.
func (f *gioFormat) openPart(name string, part int) (*gioReader, error) {
	r := gioReaders.Get().(*gioReader)
	r.part = part
	if err := r.file.open(f.s.fs, name); err != nil {
		gioReaders.Put(r)
		return nil, err
	}
	if err := r.gio.Reset(r.file.src, r.file.size, genericio.ReadOptions{Name: name}); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *gioReader) lazy() bool { return false }

func (r *gioReader) fields() []string { return variableNames(r.gio.Header()) }

func variableNames(h *genericio.Header) []string {
	names := make([]string, len(h.Variables))
	for i, v := range h.Variables {
		names[i] = v.Name
	}
	return names
}

func (r *gioReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r *gioReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	return r.gio.ReadRank(ctx, r.part, d, names...)
}

func (r *gioReader) view(ctx context.Context, names []string, check bool, fn func(*soa.Dict) error) error {
	return viewFile(&r.file, func(mem []byte) (*soa.Dict, error) {
		if !check {
			return r.gio.ViewUnchecked(ctx, mem, r.part, names...)
		}
		return r.gio.View(ctx, mem, r.part, names...)
	}, fn)
}

func (r *gioReader) close() error {
	err := r.file.Close()
	gioReaders.Put(r)
	return err
}

// viewFile maps a file and calls fn with what view makes of the mapping.
func viewFile(file *openFile, view func(mem []byte) (*soa.Dict, error), fn func(*soa.Dict) error) (err error) {
	m, err := file.Map(file.size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Unmap()) }() // also if fn panics
	return m.Guard(func() error {
		d, err := view(m.Data)
		if err != nil {
			return err
		}
		return fn(d)
	})
}

// existing takes every GenericIO file without a number for a value, and its
// partition files with it. Of a rank on its own it takes the files of its number.
func (f *gioFormat) existing(found []fileName) map[string]files {
	parts := map[string][]int{}
	out := map[string]files{}
	for _, n := range found {
		if n.state == "" && n.kind == gioPartition && !slices.Contains(parts[n.key], n.number) {
			parts[n.key] = append(parts[n.key], n.number)
		}
	}
	for _, n := range found {
		if n.state == "" && n.kind == gioFile && !f.s.opts.Independent {
			out[n.key] = f.found(n.key, parts[n.key])
		}
	}
	f.taken = parts
	if f.s.opts.Independent {
		for key, numbers := range parts {
			if slices.Contains(numbers, f.p.Rank()) {
				name := partitionName(gioName(f.s.opts.Path, key), f.p.Rank())
				out[key] = files{data: name, mine: []string{name}}
			}
		}
	}
	return out
}

// found returns the files of a value that is on disk in the given partitions.
func (f *gioFormat) found(key string, parts []int) files {
	index := gioName(f.s.opts.Path, key)
	var out files
	if f.s.group.leads() {
		_, err := f.s.fs.Lstat(index) // it may be in other nodes' folders only
		out.missing = err != nil
		out.mine = []string{index}
		for _, n := range parts {
			out.extra = append(out.extra, partitionName(index, n))
		}
		out.mine = append(out.mine, out.extra...)
	}
	return out
}

func (f *gioFormat) witness(key string) string {
	if !f.s.group.leads() {
		return "" // the leader of the folder speaks for it
	}
	return gioName(f.s.opts.Path, key)
}

func (f *gioFormat) testify(key string, found []fileName) (witness, func(stamp string) error) {
	return f.s.testify(f, key, found)
}

// stamp returns the partition numbers in a rank map: two Sets in a row use others.
func (f *gioFormat) stamp(name string) (string, error) {
	set, err := genericio.OpenDataset(context.Background(), name, f.source, genericio.ReadOptions{})
	if err != nil {
		return "", err
	}
	defer set.Close()
	return fmt.Sprint(set.Entries()), nil
}

// openFound opens a value that another program wrote, or an earlier run: through
// its rank map if it has one, for this rank's rows or, after a run of another
// number of ranks, those that are dealt to it.
func (f *gioFormat) openFound(key string) (reader, error) {
	set, err := genericio.OpenDataset(context.Background(), gioName(f.s.opts.Path, key), f.source, genericio.ReadOptions{})
	if err != nil {
		return nil, err
	}
	r := &datasetReader{set: set, share: genericio.Share{Proc: f.p.Rank(), Procs: f.p.Size()}}
	r.share.Dims, _ = f.cartesian(f.p.Rank())
	if f.s.opts.Redistribute {
		r.share.Policy = genericio.Redistribute
	} else if n := set.NumRanks(); n != r.share.Procs {
		return nil, errors.Join(&genericio.RankCountError{File: set.Name(), Have: n, Want: r.share.Procs}, set.Close())
	}
	if r.names, err = namesOf(set, r.share); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return r, nil
}

func (f *gioFormat) source(name string) (genericio.Source, error) {
	return f.s.fs.OpenFile(name, os.O_RDONLY)
}

// datasetReader reads a rank's share of a set of files.
type datasetReader struct {
	set   *genericio.Dataset
	share genericio.Share
	names []string
}

func (r *datasetReader) lazy() bool { return true }

func (r *datasetReader) fields() []string { return r.names }

func (r *datasetReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r *datasetReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	return r.set.ReadShare(ctx, r.share, d, names...)
}

func (r *datasetReader) view(ctx context.Context, names []string, _ bool, fn func(*soa.Dict) error) error {
	d, err := r.get(ctx, names)
	if err != nil {
		return err
	}
	return fn(d)
}

func (r *datasetReader) close() error { return r.set.Close() }

// namesOf returns the names of the variables of a set of files.
func namesOf(set *genericio.Dataset, sh genericio.Share) (names []string, err error) {
	err = set.WithRank(min(sh.Proc, set.NumRanks()-1), func(r *genericio.Reader, _ int) error {
		names = variableNames(r.Header())
		return nil
	})
	return names, err
}
