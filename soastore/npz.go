package soastore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/npz"
)

// npzFormat keeps each rank's rows in a file of its own: fields of any shape.
type npzFormat struct {
	s    *Spill
	rank int
	size int
}

func (f *npzFormat) check(*soa.Dict) error { return nil }

func (f *npzFormat) committers() int {
	if f.s.opts.Independent {
		return 1
	}
	return f.size
}

func (f *npzFormat) stage(call *call, ch *change, d *soa.Dict, old *entry) (files, error) {
	name := npzName(f.s.opts.Path, call.key, f.rank)
	w, err := ch.create(name, false)
	if err != nil {
		return files{}, err
	}
	n, err := npz.Write(call.ctx, w, d, npz.Options{Comment: stamp(f.s.token, call.seq)})
	ch.replace(name, old.present())
	return files{data: name, mine: []string{name}, size: n}, ch.close(w, err)
}

// stamp says in a file which Set wrote it, so that files of two Sets, which a
// crash can leave side by side, are told apart.
func stamp(token string, seq uint64) string { return fmt.Sprintf("soa set %s.%d", token, seq) }

func (f *npzFormat) witness(key string) string { return npzName(f.s.opts.Path, key, f.rank) }

func (f *npzFormat) stamp(name string) (string, error) {
	file, err := f.s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer file.Close()
	r, err := newNPZReader(file)
	if err != nil {
		return "", err
	}
	return r.npz.Comment(), nil
}

func (f *npzFormat) remove(ch *change, key string, have files) {
	if !have.missing {
		ch.drop(have.data)
	}
	ch.discard(have.extra...)
}

func (f *npzFormat) existing(found []fileName) map[string]files {
	ranks := map[string][]int{}
	for _, n := range found {
		if n.kind == npzFile && n.state == "" && (!f.s.opts.Independent || n.number == f.rank) {
			ranks[n.key] = append(ranks[n.key], n.number)
		}
	}
	out := map[string]files{}
	for key, numbers := range ranks {
		out[key] = f.found(key, numbers)
	}
	return out
}

// found returns the files of a value of which the given ranks' are on disk.
func (f *npzFormat) found(key string, numbers []int) files {
	name := npzName(f.s.opts.Path, key, f.rank)
	out := files{data: name, torn: f.whole(key, numbers)}
	if out.missing = !slices.Contains(numbers, f.rank); !out.missing {
		out.mine = []string{name}
	}
	for _, n := range numbers { // of ranks that there are not any more
		if n >= f.size && f.s.group.leads() {
			out.extra = append(out.extra, npzName(f.s.opts.Path, key, n))
		}
	}
	return out
}

// whole reports what is missing of a value that the given ranks' files are of.
func (f *npzFormat) whole(key string, numbers []int) error {
	if f.s.opts.Independent {
		return nil
	}
	n := slices.Max(numbers) + 1
	for rank := range n {
		if !slices.Contains(numbers, rank) {
			return fmt.Errorf("%s is missing: %w", npzName(f.s.opts.Path, key, rank), ErrTorn)
		}
	}
	if n != f.size {
		return &genericio.RankCountError{File: npzName(f.s.opts.Path, key, n-1), Have: n, Want: f.size}
	}
	return nil
}

func (f *npzFormat) open(key string, have files) (reader, error) {
	file, err := f.s.fs.OpenFile(have.data, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	r, err := newNPZReader(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", have.data, err), file.Close())
	}
	return r, nil
}

type npzReader struct {
	file fsys.File
	size int64
	npz  *npz.Reader
}

func newNPZReader(file fsys.File) (*npzReader, error) {
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	r, err := npz.NewReader(file, size)
	return &npzReader{file, size, r}, err
}

func (r *npzReader) fields() []string { return r.npz.Names() }

func (r *npzReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r *npzReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	return r.npz.Read(ctx, d, names...)
}

func (r *npzReader) view(ctx context.Context, names []string, fn func(*soa.Dict) error) error {
	return viewFile(r.file, r.size, func(mem []byte) (*soa.Dict, error) {
		return r.npz.View(ctx, mem, names...)
	}, fn)
}

func (r *npzReader) close() error { return r.file.Close() }
