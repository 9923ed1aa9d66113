package soastore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
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
	w, err := ch.create(f.filesOf(call.key, old).data, int64(d.NBytes()), by)
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
	r, err := f.openNPZ(name)
	if err != nil {
		return "", err
	}
	return r.npz.Comment(), r.close()
}

func (f *npzFormat) open(_ string, have files) (reader, error) {
	r, err := f.openNPZ(have.data)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// npzReader reads the rows of one rank.
type npzReader struct {
	file openFile
	npz  npz.Reader
}

// npzReaders are closed, with the memory for the next file.
var npzReaders = sync.Pool{New: func() any { return new(npzReader) }}

func (f *npzFormat) openNPZ(name string) (*npzReader, error) {
	r := npzReaders.Get().(*npzReader)
	if err := r.file.open(f.s.fs, name); err != nil {
		npzReaders.Put(r)
		return nil, err
	}
	if err := r.npz.Reset(r.file.src, r.file.size); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), r.close())
	}
	return r, nil
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
	return viewFile(&r.file, func(mem []byte) (*soa.Dict, error) {
		if !check {
			return r.npz.ViewUnchecked(ctx, mem, names...)
		}
		return r.npz.View(ctx, mem, names...)
	}, fn)
}

func (r *npzReader) close() error {
	err := r.file.Close()
	npzReaders.Put(r)
	return err
}
