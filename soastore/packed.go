package soastore

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

// rawBytes is the largest array that is kept raw: smaller than a codec's header.
const rawBytes = 16

// packed is a value in memory whose arrays are encoded. Type and shape stay with
// the bytes, so that any array comes back as it was.
type packed struct {
	names  []string
	arrays map[string]packedArray
	size   int64 // bytes kept
}

type packedArray struct {
	dtype soa.DType
	shape []int
	bytes []byte
	codec codec.Codec // nil for raw
}

// pack encodes the arrays of d, several at a time. The value shares no memory with d.
func pack(d *soa.Dict, codecOf func(soa.DType) codec.Codec) (*packed, error) {
	p := &packed{names: d.Names(), arrays: map[string]packedArray{}}
	arrays := make([]packedArray, len(p.names))
	err := eachField(p.names, func(i int, name string) (err error) {
		a, _ := d.Get(name)
		arrays[i], err = packArray(a, codecOf)
		return err
	})
	for i, name := range p.names {
		p.arrays[name] = arrays[i]
		p.size += int64(len(arrays[i].bytes))
	}
	return p, err
}

func packArray(a soa.Array, codecOf func(soa.DType) codec.Codec) (packedArray, error) {
	f := packedArray{dtype: a.DType(), shape: slices.Clone(a.Shape())}
	if a.NBytes() <= rawBytes {
		f.bytes = slices.Clone(a.Bytes())
		return f, nil
	}
	var err error
	f.codec = codecOf(a.DType())
	f.bytes, err = f.codec.Encode(nil, a.Bytes(), a.DType().Size())
	return f, err
}

// eachField calls fn for every field, on all processors: much of the time goes into
// memory that is touched for the first time, which one processor does at a fraction
// of its speed.
func eachField(names []string, fn func(i int, name string) error) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		g.Go(func() error {
			if err := fn(i, name); err != nil {
				return fmt.Errorf("field %q: %w", name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// unpack returns the array, in the memory of have if that is large enough.
func (f packedArray) unpack(have soa.Array) (soa.Array, error) {
	to, err := have.Resize(f.dtype, f.shape...)
	if err != nil {
		return to, err
	}
	if f.codec == nil {
		copy(to.Bytes(), f.bytes)
		return to, nil
	}
	got, err := f.codec.Decode(to.Bytes()[:0], f.bytes)
	if err != nil {
		return to, err
	}
	if len(got) != to.NBytes() {
		return to, fmt.Errorf("%w: %d bytes instead of %d", codec.ErrFormat, len(got), to.NBytes())
	}
	copy(to.Bytes(), got) // nothing, if there was room for Decode
	return to, nil
}

// packedReader reads a value that is encoded in memory.
type packedReader struct{ *packed }

func (r packedReader) fields() []string { return r.names }

func (r packedReader) lazy() bool { return false }

func (r packedReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r packedReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	arrays := make([]soa.Array, len(names))
	err := eachField(names, func(i int, name string) (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		have, _ := d.Get(name)
		arrays[i], err = r.arrays[name].unpack(have)
		return err
	})
	if err != nil {
		return err
	}
	for i, name := range names {
		d.Set(name, arrays[i])
	}
	return nil
}

func (r packedReader) view(ctx context.Context, names []string, _ bool, fn func(*soa.Dict) error) error {
	d, err := r.get(ctx, names)
	if err != nil {
		return err
	}
	return fn(d)
}

func (r packedReader) close() error { return nil }
