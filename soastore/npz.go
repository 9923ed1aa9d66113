package soastore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/npz"
)

// npzFormat keeps each rank's rows in an NPZ file: fields of any shape.
type npzFormat struct {
	rankFiles
	level int // of deflate, 0 to store
}

func (f *npzFormat) compress(c codecChoice) error {
	switch {
	case c.name == "":
		return nil
	case c.name != "deflate" || c.shuffle != codec.ByteShuffle:
		return fmt.Errorf("%w: Codec %q: NPZ files have deflate, without a shuffle, or none", ErrOptions, f.s.opts.Codec)
	}
	f.level = cmp.Or(c.level, 6) // which is NumPy's
	return nil
}

func (f *npzFormat) check(*soa.Dict) error { return nil }

func (f *npzFormat) stage(call *call, ch *change, d *soa.Dict, old *entry) (files, error) {
	by := sized
	if f.level > 0 {
		by = unsized
	}
	w, err := ch.create(f.own(call.key), int64(d.NBytes()), by)
	if err != nil {
		return files{}, err
	}
	n, err := npz.Write(call.ctx, w, d, npz.Options{Level: f.level, Comment: f.setStamp(call)})
	return f.staged(ch, call.key, n, old), ch.close(w, err)
}

func (f *npzFormat) testify(key string, found []fileName) (witness, func(stamp string) error) {
	return f.s.testify(f, key, found)
}

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
	src, err := readAhead(file, size)
	if err != nil {
		return nil, err
	}
	r, err := npz.NewReader(src, size)
	return &npzReader{file, size, r}, err
}

func (r *npzReader) lazy() bool { return false }

func (r *npzReader) fields() []string { return r.npz.Names() }

func (r *npzReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r *npzReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	return r.npz.Read(ctx, d, names...)
}

func (r *npzReader) view(ctx context.Context, names []string, check bool, fn func(*soa.Dict) error) error {
	return viewFile(r.file, r.size, func(mem []byte) (*soa.Dict, error) {
		if !check {
			return r.npz.ViewUnchecked(ctx, mem, names...)
		}
		return r.npz.View(ctx, mem, names...)
	}, fn)
}

func (r *npzReader) close() error { return r.file.Close() }
