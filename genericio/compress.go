package genericio

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/crc64"
)

// Compression says how [Spec.Compress] compresses. The zero value works.
type Compression struct {
	// Inner is what compresses the streams of a Blosc chunk. The default is LZ4. Two
	// of the others are not for the C++ library as it comes, with c-blosc 1.10: its
	// Zstd reads only frames older than those of today, and its Snappy, as current
	// compilers build it, gets some short repeats wrong, its own too (which the
	// checksum of the rows tells).
	Inner blosc.Compressor
	// Shuffle is what is done to the rows first. The default is ByteShuffle.
	Shuffle blosc.Shuffle
	// Level is 1, fast, to 9, small; values beyond are taken as the nearest. The
	// default is 5.
	Level int
}

func (c *Compression) options() blosc.Options {
	return blosc.Options{Compressor: c.Inner, Shuffle: c.Shuffle, Level: c.Level}
}

func (c *Compression) check() error {
	if c == nil {
		return nil
	}
	if _, err := blosc.Encode(nil, nil, 1, c.options()); err != nil {
		return fmt.Errorf("genericio: compression by %v, shuffle %d: %w", c.Inner, c.Shuffle, err)
	}
	return nil
}

func (c *Compression) String() string {
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%v, shuffle %d, level %d", c.Inner, c.Shuffle, c.Level)
}

// compress compresses the columns of d that it pays for, and tells all ranks their
// sizes. It never fails on one rank alone: what it cannot compress stays raw.
func (l *Layout) compress(ctx context.Context, c comm.Comm, o blosc.Options, d *soa.Dict) error {
	vars := l.head.Variables
	l.packed = make([][]byte, len(vars))
	if d.NBytes() < manyCoded {
		l.packSmall(d, o)
	} else {
		l.memory = make([]soa.Array, len(vars))
		_ = columnsAtOnce(ctx, len(vars), func(ctx context.Context, i int) error {
			if a, _ := d.Get(vars[i].Name); ctx.Err() == nil {
				l.packed[i], l.memory[i] = packLarge(a.Bytes(), &vars[i], o)
			}
			return nil
		})
	}
	return l.gatherSizes(ctx, c)
}

// packLarge is pack into memory that somebody may have released, which is in memory: to
// touch fresh pages takes as long as to compress some columns.
func packLarge(rows []byte, v *Variable, o blosc.Options) (packed []byte, memory soa.Array) {
	memory, err := soa.Array{}.Resize(soa.Uint8, chunkStart+blosc.Bound(len(rows)))
	if err != nil {
		return nil, memory
	}
	packed = pack(memory.Bytes()[:0], rows, v, o)
	if len(packed) == 0 {
		memory.Release()
		return nil, soa.Array{}
	}
	return packed, memory
}

// Release gives the memory of compressed columns back for later ones, as soa's
// Dict.Release does. WriteRank is an fs.ErrClosed from then on. Without Release memory is
// freed as ever, by the garbage collector.
func (l *Layout) Release() {
	l.released = true
	for _, m := range l.memory {
		m.Release()
	}
	l.memory, l.packed = nil, nil
}

// packSmall compresses columns that are small, one behind the other, into one piece of
// memory.
func (l *Layout) packSmall(d *soa.Dict, o blosc.Options) {
	bound := 0
	for _, a := range d.All() {
		bound += chunkStart + blosc.Bound(a.NBytes())
	}
	all := make([]byte, 0, bound)
	for i := range l.packed {
		v := &l.head.Variables[i]
		a, _ := d.Get(v.Name)
		from := len(all)
		if all = pack(all, a.Bytes(), v, o); len(all) > from {
			l.packed[i] = all[from:len(all):len(all)]
		}
	}
}

// gatherSizes tells all ranks the sizes of packed columns.
func (l *Layout) gatherSizes(ctx context.Context, c comm.Comm) error {
	own := make([]int64, len(l.packed))
	for i, p := range l.packed {
		own[i] = int64(len(p))
	}
	if c.Size() == 1 {
		l.sizes = own
		return ctx.Err()
	}
	all, err := comm.Allgather(ctx, c, own)
	if err != nil {
		return err
	}
	for rank, sizes := range all {
		if len(sizes) != len(l.packed) {
			return fmt.Errorf("genericio: rank %d: %w: sizes of %d blocks instead of %d", rank, comm.ErrSchema, len(sizes), len(l.packed))
		}
		l.sizes = append(l.sizes, sizes...)
	}
	return nil
}

const (
	// minSaving says when compression pays: when it takes away 1/minSaving of a column.
	minSaving = 32
	// smallColumn is up to how many bytes compressing a column takes no longer than
	// looking at samples of it.
	smallColumn = 4 << 10
)

// pack appends a variable's rows to dst as a filtered block: nothing where that does
// not pay or cannot be.
func pack(dst, rows []byte, v *Variable, o blosc.Options) []byte {
	typesize := v.RowBytes
	if typesize > blosc.MaxTypeSize {
		typesize = v.RowBytes / v.Elements // else Blosc would take the rows for bytes
	}
	if len(rows) > blosc.MaxBytes || len(rows) > smallColumn && !codec.Worth(rows, typesize) {
		return dst
	}
	out, err := blosc.Encode(append(dst, make([]byte, chunkStart)...), rows, typesize, o)
	if err != nil || len(out)-len(dst) > len(rows)-len(rows)/minSaving {
		return dst // o was checked, and the size: there is no error to report
	}
	binary.NativeEndian.PutUint64(out[len(dst):], crc64.Checksum(rows))
	return out
}

// stored returns the size of a block in the file, without its checksum, and the
// filter that it went through, if any.
func (l *Layout) stored(rank, v int) (size int64, filter string) {
	if l.sizes != nil {
		if n := l.sizes[rank*len(l.head.Variables)+v]; n > 0 {
			return n, bloscFilter
		}
	}
	return l.head.Ranks[rank].Rows * int64(l.head.Variables[v].RowBytes), ""
}

// block returns the bytes to be stored of a column of this rank.
func (l *Layout) block(v int, rows []byte) ([]byte, error) {
	if l.packed == nil || l.packed[v] == nil {
		return rows, nil
	}
	if binary.NativeEndian.Uint64(l.packed[v]) != crc64.Checksum(rows) {
		return nil, fmt.Errorf("genericio: write: array %q has changed since NewLayout compressed it: %w",
			l.head.Variables[v].Name, ErrChecksum)
	}
	return l.packed[v], nil
}
