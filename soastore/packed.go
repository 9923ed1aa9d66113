package soastore

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

// rawBytes is the largest array that is kept raw: smaller than a codec's header.
const rawBytes = 16

// manyBytes is how much there must be to encode or decode before it is worth a
// goroutine for each processor.
const manyBytes = 256 << 10

// packed is a value in memory whose arrays are encoded. Type and shape stay with
// the bytes, so that any array comes back as it was.
type packed struct {
	names  []string
	arrays []packedArray // of each name
	size   int64         // bytes kept
}

type packedArray struct {
	dtype soa.DType
	shape []int
	plain int // bytes of the elements
	bytes []byte
	codec codec.Codec // nil for raw
}

// pack encodes the arrays of d. The value shares no memory with d.
func pack(d *soa.Dict, codecOf func(soa.DType) codec.Codec) (*packed, error) {
	p := &packed{names: d.Names(), arrays: make([]packedArray, d.Len())}
	var err error
	if d.NBytes() < manyBytes {
		err = p.encodeSmall(d, codecOf)
	} else {
		err = p.encode(d, codecOf)
	}
	if err != nil {
		return nil, err
	}
	for _, f := range p.arrays {
		p.size += int64(len(f.bytes))
	}
	return p, nil
}

// encode encodes each array into memory of its own, several at a time.
func (p *packed) encode(d *soa.Dict, codecOf func(soa.DType) codec.Codec) error {
	return atOnce(len(p.names), d.NBytes(), func(i int) (err error) {
		a, _ := d.Get(p.names[i])
		p.arrays[i], err = packArray(nil, p.names[i], a, codecOf)
		return err
	})
}

// rooms has memory that small values are encoded in, *[]byte.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// encodeSmall encodes one array behind the other, and copies all of them into memory
// that has just their size.
func (p *packed) encodeSmall(d *soa.Dict, codecOf func(soa.DType) codec.Codec) (err error) {
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	bound := 0
	for _, a := range d.All() {
		bound += codec.Bound(a.NBytes())
	}
	all := slices.Grow((*room)[:0], bound)
	for i, name := range p.names {
		a, _ := d.Get(name)
		f := &p.arrays[i]
		if *f, err = packArray(all, name, a, codecOf); err != nil {
			return err
		}
		f.bytes, all = f.bytes[len(all):], f.bytes
	}
	*room = all
	all = slices.Clone(all)
	for i := range p.arrays {
		n := len(p.arrays[i].bytes)
		p.arrays[i].bytes, all = all[:n:n], all[n:]
	}
	return nil
}

// packArray encodes the array name. The bytes are appended to dst.
func packArray(dst []byte, name string, a soa.Array, codecOf func(soa.DType) codec.Codec) (f packedArray, err error) {
	f = packedArray{dtype: a.DType(), shape: a.Shape(), plain: a.NBytes()}
	if f.plain <= rawBytes {
		f.bytes = append(dst, a.Bytes()...)
		return f, nil
	}
	f.codec = codecOf(f.dtype)
	f.bytes, err = f.codec.Encode(dst, a.Bytes(), f.dtype.Size())
	return f, fieldError(name, err)
}

// fieldError says which field err is about, if it is one.
func fieldError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("field %q: %w", name, err)
}

// atOnce calls fn for 0 ... n-1, on all processors if there are many bytes: much of the
// time goes into memory that is touched for the first time, which one processor does
// at a fraction of its speed.
func atOnce(n, bytes int, fn func(i int) error) error {
	if bytes < manyBytes {
		for i := range n {
			if err := fn(i); err != nil {
				return err
			}
		}
		return nil
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error { return fn(i) })
	}
	return g.Wait()
}

// find returns the array name, which there is. It looks first at position likely,
// where the name is if all are asked for in their order.
func (p *packed) find(name string, likely int) *packedArray {
	if likely < len(p.names) && p.names[likely] == name {
		return &p.arrays[likely]
	}
	return &p.arrays[slices.Index(p.names, name)]
}

// unpack returns the array, in the memory of have if that is large enough.
func (f *packedArray) unpack(have soa.Array) (soa.Array, error) {
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
	bytes := 0
	for i, name := range names {
		bytes += r.find(name, i).plain
	}
	arrays := make([]soa.Array, len(names))
	err := atOnce(len(names), bytes, func(i int) (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		have, _ := d.Get(names[i])
		arrays[i], err = r.find(names[i], i).unpack(have)
		return fieldError(names[i], err)
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
