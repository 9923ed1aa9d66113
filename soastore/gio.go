package soastore

import (
	"context"
	"fmt"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/partition"
)

// gioFormat keeps values in GenericIO files. With one data file, that is the file
// readers look at, NAME. With more, the data files are NAME#n, and NAME is the
// rank map that says which of them are meant: a new value goes into data files of
// other numbers, and replacing the one file NAME switches all ranks over.
type gioFormat struct {
	s       *Spill
	p       *partition.Partition
	alone   comm.Comm // this rank only
	boxSize float64
	// compression is what Options.Codec asks for, nil for none.
	compression *genericio.Compression
	// taken are the partition numbers that each key had when the store was opened.
	// They are not used again: one rank removes those files, at its own pace.
	taken map[string][]int
	// planned is what spec returns, once it is known.
	planned *genericio.Spec
}

func (f *gioFormat) compress(c codecChoice) error {
	if c.name == "" {
		return nil
	}
	inner, ok := blosc.ParseCompressor(c.name)
	if !ok {
		return fmt.Errorf("%w: Codec %q: there are lz4, lz4hc, zstd, zlib, snappy, blosclz and none", ErrOptions, f.s.opts.Codec)
	}
	f.compression = &genericio.Compression{Inner: inner, Level: c.level, Shuffle: c.shuffle}
	return nil
}

func (f *gioFormat) check(d *soa.Dict) error {
	if f.s.opts.Path != "" && !f.s.group.anyShared() {
		return nil // to stage it finds out, and no other rank waits in it
	}
	spec := f.spec()
	spec.Compress = nil // which is part of planning the file
	_, err := genericio.NewLayout(context.Background(), f.alone, spec, d)
	return err
}

func (f *gioFormat) committers() int {
	if f.s.opts.Independent {
		return 1
	}
	return f.s.group.folders
}

func (f *gioFormat) prefix() string { return f.s.opts.Path }

func (f *gioFormat) usage() (disk, spare int64, ok bool) { return 0, 0, false }

func (f *gioFormat) folders() bool           { return false }
func (f *gioFormat) start() error            { return nil }
func (f *gioFormat) stop(bool) error         { return nil }
func (f *gioFormat) list() ([]string, error) { return f.s.listFolder() }

func (f *gioFormat) stage(call *call, ch *change, d *soa.Dict, old *entry) (files, error) {
	g := f.s.group
	out := f.filesOf(call.key, old)
	size, err := f.writeData(call, ch, out.data, d)
	writes := g.writers.Rank() == 0 // for those that share its file
	if writes {
		out.size = size
	}
	if old != nil {
		ch.discard(old.files.extra...)
	}
	if !g.indexed() {
		if writes && err == nil {
			ch.replace(out.data, old.present(), old.fileBytes())
		}
		return out, err
	}
	if writes {
		out.extra = []string{out.data}
	}
	return out, f.link(call, ch, &out, old, err)
}

// filesOf returns where the new value of key is.
func (f *gioFormat) filesOf(key string, old *entry) files {
	g := f.s.group
	out := files{part: g.writers.Rank()}
	if old != nil && old.own && !g.indexed() { // in the memory of where the old one is
		out.data, out.mine = old.files.data, old.files.mine
		return out
	}
	out.data = gioName(f.s.opts.Path, key)
	switch {
	case f.s.opts.Independent:
		out.data = partitionName(out.data, f.p.Rank())
	case g.indexed():
		out.base = freeBase(old, f.taken[key], g.nnumbers)
		out.data = partitionName(out.data, out.base+g.number)
	}
	if out.part == 0 {
		out.mine = []string{out.data}
	}
	return out
}

// link makes the data file that this rank wrote, err is how, known to readers.
func (f *gioFormat) link(call *call, ch *change, out *files, old *entry, err error) error {
	g := f.s.group
	if g.shared() {
		// The file is whole once all who write to it are done.
		err = call.vote(g.writers, err, "")
	}
	if err == nil && g.writers.Rank() == 0 {
		err = ch.place(out.data)
	}
	if err == nil && g.leads() {
		index := gioName(f.s.opts.Path, call.key)
		var size int64
		size, err = f.writeMap(call.ctx, ch, index, out.base)
		out.mine, out.size = append(out.mine, index), out.size+size
		ch.replace(index, old.present(), 0)
	}
	return err
}

// freeBase returns the lowest multiple of n from which n partition numbers are
// neither taken nor in use by the old value, which stays until the new is agreed.
func freeBase(old *entry, taken []int, n int) int {
	base := 0
	for old != nil && old.own && old.files.base == base ||
		slices.ContainsFunc(taken, func(k int) bool { return k >= base && k < base+n }) {
		base += n
	}
	return base
}

// writeData writes this rank's rows of d to the partial file of name, with the
// ranks that share it, and returns the file's size.
func (f *gioFormat) writeData(call *call, ch *change, name string, d *soa.Dict) (int64, error) {
	g := f.s.group
	ctx := call.ctx
	if g.shared() { // ranks exchange sizes: a context that ends must not break them
		ctx = context.WithoutCancel(ctx)
	}
	layout, err := genericio.NewLayout(ctx, g.writers, f.spec(), d)
	if err != nil {
		return 0, err
	}
	defer layout.Release()
	by := sized
	if g.shared() {
		by = shared
	}
	w, err := ch.create(name, layout.Size(), by)
	if err != nil {
		return 0, err
	}
	return layout.Size(), ch.close(w, layout.WriteRank(call.ctx, w, d))
}

// align places every column so that it can be mapped as a slice of any type, and
// begins on a cache line of its own.
const align = 64

// spec says how this rank's files are written. The caller holds turn.
func (f *gioFormat) spec() genericio.Spec {
	if f.planned == nil {
		dims, coords := f.cartesian(f.p.Rank())
		f.planned = &genericio.Spec{
			Place:     genericio.Place{GlobalRank: f.p.Rank(), Dims: dims, Coords: coords},
			PhysScale: [3]float64{f.boxSize, f.boxSize, f.boxSize},
			Flags:     f.flags(),
			Align:     align,
			Compress:  f.compression,
		}
	}
	return *f.planned
}

// cartesian returns the decomposition and a rank's place in it, as far as the
// format can say: it has three axes.
func (f *gioFormat) cartesian(rank int) (dims, coords [3]int) {
	dims = [3]int{1, 1, 1}
	if f.p.Dimensions() > len(dims) {
		dims[0], coords[0] = f.p.Size(), rank
		return dims, coords
	}
	copy(dims[:], f.p.Decomposition())
	copy(coords[:], f.p.CoordinatesOf(rank))
	return dims, coords
}

func (f *gioFormat) flags() map[string]genericio.Flags {
	out := map[string]genericio.Flags{}
	for i, name := range f.s.opts.Coordinates {
		if name != "" {
			out[name] |= []genericio.Flags{genericio.CoordX, genericio.CoordY, genericio.CoordZ}[i]
		}
	}
	for _, name := range f.s.opts.Ghosts {
		out[name] |= genericio.Ghost
	}
	return out
}

// mapRow is about how many bytes a rank takes in a rank map.
const mapRow = 128

// writeMap writes the partial file of a rank map and returns its size.
func (f *gioFormat) writeMap(ctx context.Context, ch *change, index string, base int) (int64, error) {
	entries := make([]genericio.MapEntry, f.p.Size())
	for rank := range entries {
		_, coords := f.cartesian(rank)
		entries[rank] = genericio.MapEntry{GlobalRank: rank, Partition: base + f.s.group.numbers[rank], Coords: coords}
	}
	w, err := ch.create(index, int64(len(entries)*mapRow), sized)
	if err != nil {
		return 0, err
	}
	err = genericio.WriteMap(ctx, w, entries, true)
	return w.written(), ch.close(w, err)
}

func (f *gioFormat) remove(ch *change, key string, have files) {
	index := gioName(f.s.opts.Path, key)
	switch {
	case have.missing:
	case f.s.opts.Independent:
		ch.drop(have.data, have.size)
	case f.s.group.leads():
		size := have.size
		if len(have.extra) > 0 { // it is that of several files
			size = 0
		}
		ch.drop(index, size)
	}
	ch.discard(have.extra...)
}
