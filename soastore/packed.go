package soastore

import (
	"context"
	"fmt"
	"slices"

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

// pack encodes the arrays of d. The value shares no memory with d.
func pack(d *soa.Dict, codecOf func(soa.DType) codec.Codec) (*packed, error) {
	p := &packed{names: d.Names(), arrays: map[string]packedArray{}}
	for name, a := range d.All() {
		f := packedArray{dtype: a.DType(), shape: slices.Clone(a.Shape())}
		if a.NBytes() <= rawBytes {
			f.bytes = slices.Clone(a.Bytes())
		} else {
			var err error
			f.codec = codecOf(a.DType())
			if f.bytes, err = f.codec.Encode(nil, a.Bytes(), a.DType().Size()); err != nil {
				return nil, fmt.Errorf("field %q: %w", name, err)
			}
		}
		p.arrays[name] = f
		p.size += int64(len(f.bytes))
	}
	return p, nil
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
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		have, _ := d.Get(name)
		a, err := r.arrays[name].unpack(have)
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		d.Set(name, a)
	}
	return nil
}

func (r packedReader) view(ctx context.Context, names []string, fn func(*soa.Dict) error) error {
	d, err := r.get(ctx, names)
	if err != nil {
		return err
	}
	return fn(d)
}

func (r packedReader) close() error { return nil }
