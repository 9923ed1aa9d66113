package genericio

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/soastore/soa"
)

// ReadOptions says how files are read.
type ReadOptions struct {
	// Name is the file's name in errors. The default is the name given to Open,
	// "file" for NewReader.
	Name string
	// SkipCRC leaves the checksums of blocks unchecked, that of the header never.
	// The default is to check every block that is read.
	SkipCRC bool
}

// Reader reads one GenericIO file. Its methods are local and may be called
// concurrently.
type Reader struct {
	src    io.ReaderAt
	opts   ReadOptions
	raw    []byte // the header's bytes
	head   Header
	blocks blockTable
	// globalRanks: the rank headers have a GlobalRank, other than in older files
	globalRanks bool
}

// NewReader reads and checks the header of a file of size bytes. Everything that
// the header says is checked against size before any memory is set aside for it.
// A file longer than its header says is not an error. The error is an ErrFormat,
// an ErrChecksum, or one of src.
func NewReader(src io.ReaderAt, size int64, opts ReadOptions) (*Reader, error) {
	r := new(Reader)
	if err := r.Reset(src, size, opts); err != nil {
		return nil, err
	}
	return r, nil
}

// Reset makes r, which may be the zero Reader, one of another file, as NewReader does,
// but in the memory that r has already: what Header returned is no more. Nothing else
// may use r meanwhile. After an error it is good for another Reset only.
func (r *Reader) Reset(src io.ReaderAt, size int64, opts ReadOptions) error {
	if opts.Name == "" {
		opts.Name = "file"
	}
	d := decoder{
		file: opts.Name, size: size, raw: r.raw[:0],
		head: Header{Variables: r.head.Variables[:0], Ranks: r.head.Ranks[:0]},
	}
	if err := d.decode(src); err != nil {
		return err
	}
	r.src, r.opts, r.raw, r.head, r.globalRanks = src, opts, d.raw, d.head, d.ranks.size >= rankSize
	return r.blocks.reset(&d)
}

// Header returns what the file says of itself.
func (r *Reader) Header() *Header { return &r.head }

// Name returns the file's name.
func (r *Reader) Name() string { return r.opts.Name }

// Variable returns the position of a variable, and whether there is one.
func (r *Reader) Variable(name string) (int, bool) {
	i := slices.IndexFunc(r.head.Variables, func(v Variable) bool { return v.Name == name })
	return i, i >= 0
}

// FindRank returns the position in the file of the rank that has the number
// global in the program that wrote it, and whether there is one.
func (r *Reader) FindRank(global int) (int, bool) {
	i := slices.IndexFunc(r.head.Ranks, func(k Rank) bool { return k.GlobalRank == global })
	return i, i >= 0
}

// Block says where the rows of a rank and a variable are, both by position.
func (r *Reader) Block(rank, variable int) Block {
	b := r.blocks.at(rank, variable)
	b.Filters = b.names()
	return b.Block
}

// IsMap reports whether the file is a rank map, which [OpenDataset] follows: its
// rows are ranks, and the data are in partition files.
func (r *Reader) IsMap() bool {
	_, ok := r.Variable(mapPartition)
	return ok
}

// ReadRank reads variables of one rank, by its position in the file, into the
// Dict into: all of them if none is named. An array that into has under a
// variable's name is written in place where it is large enough
// ([soa.Array.Resize]); other arrays of into stay. The shape is [rows], or [rows
// elements] for a variable of more than one element a row. Large columns are read
// several at a time, and compressed ones decoded on all processors.
//
// The error is an ErrRank, a *soa.FieldError, or a *BlockError. After one into
// has the same arrays as before, but the elements of those that were being
// written are undefined.
func (r *Reader) ReadRank(ctx context.Context, rank int, into *soa.Dict, names ...string) error {
	cols, err := r.columns(names, rank)
	if err != nil {
		return err
	}
	arrays := make([]soa.Array, len(cols))
	for i, v := range cols {
		if arrays[i], err = r.target(into, v, int(r.head.Ranks[rank].Rows)); err != nil {
			return err
		}
	}
	if err := r.readBlocks(ctx, rank, cols, arrays); err != nil {
		return err
	}
	for i, v := range cols {
		into.Set(r.head.Variables[v].Name, arrays[i])
	}
	return nil
}

// target returns the array for so many rows of variable v, in the memory of the
// one that into has if possible.
func (r *Reader) target(into *soa.Dict, v, rows int) (soa.Array, error) {
	desc := &r.head.Variables[v]
	have, _ := into.Get(desc.Name)
	return have.Resize(desc.DType, desc.shape(rows)...)
}

// columns returns the positions of the named variables, after checking that each
// of them can be read for each of the ranks, and that the rows are not more than
// what is stored can hold.
func (r *Reader) columns(names []string, ranks ...int) ([]int, error) {
	cols, err := r.lookup(names)
	if err != nil {
		return nil, err
	}
	for _, rank := range ranks {
		if rank < 0 || rank >= len(r.head.Ranks) {
			return nil, fmt.Errorf("genericio: %s: %w: %d of %d", r.opts.Name, ErrRank, rank, len(r.head.Ranks))
		}
		for _, v := range cols {
			if err := r.readable(rank, v); err != nil {
				return nil, err
			}
			if r.isRaw(rank, v) {
				continue
			}
			if _, err := r.Chunk(rank, v); err != nil {
				return nil, err
			}
		}
	}
	return cols, nil
}

// lookup returns the positions of the named variables, of all if there is none.
func (r *Reader) lookup(names []string) ([]int, error) {
	cols := make([]int, 0, len(r.head.Variables))
	if len(names) == 0 || r.namedInOrder(names) {
		for v := range r.head.Variables {
			cols = append(cols, v)
		}
		return cols, nil
	}
	for _, name := range names {
		v, ok := r.Variable(name)
		if !ok {
			return nil, fmt.Errorf("genericio: %s: %w", r.opts.Name, &soa.FieldError{Field: name, Have: r.names()})
		}
		if slices.Contains(cols, v) {
			return nil, fmt.Errorf("genericio: %s: %w: %q is asked for twice", r.opts.Name, soa.ErrField, name)
		}
		cols = append(cols, v)
	}
	return cols, nil
}

// namedInOrder reports whether names are those of all variables, in the file's order.
func (r *Reader) namedInOrder(names []string) bool {
	return slices.EqualFunc(r.head.Variables, names, func(v Variable, name string) bool { return v.Name == name })
}

func (r *Reader) names() []string {
	names := make([]string, len(r.head.Variables))
	for i, v := range r.head.Variables {
		names[i] = v.Name
	}
	return names
}

// readable reports why a block cannot be turned into elements, if so.
func (r *Reader) readable(rank, v int) error {
	desc := &r.head.Variables[v]
	if !desc.DType.Valid() {
		return r.blockError(rank, v, fmt.Errorf("%w: no element type has %d bytes and the flags %#x",
			soa.ErrDType, desc.RowBytes/desc.Elements, uint64(desc.Flags)))
	}
	if r.isRaw(rank, v) {
		return nil
	}
	if b := r.blocks.at(rank, v); !b.blosc() {
		return r.blockError(rank, v, fmt.Errorf("%w: %q", ErrFilter, b.names()))
	}
	return nil
}

// isRaw reports whether a block is stored as it is.
func (r *Reader) isRaw(rank, v int) bool {
	if !r.blocks.filtered {
		return true
	}
	b := r.blocks.at(rank, v)
	return b.raw()
}

func (r *Reader) blockError(rank, v int, err error) error {
	return &BlockError{r.opts.Name, rank, r.head.Variables[v].Name, r.Block(rank, v).Offset, err}
}
