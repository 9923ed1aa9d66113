package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/progress"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/npz"
)

// convertOptions are the flags of convert.
type convertOptions struct {
	wanted
	force  bool
	codec  string
	chosen codecChoice // what codec says
	scale  []string
	coords []string
	ghosts []string
}

func newConvert() *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Convert a file, or values of a store, to .gio, .npz or mapped arrays, by OUT's extension",
		Long: `Convert a .gio, .npz or .npy file, a mapped array or a folder of such, or values in an
arena or of a store, by OUT's extension: to .gio, to .npz, to a folder OUT.memmap of
mapped arrays, as a store has one for each rank, or to a single mapped array OUT.array
(with OUT.yaml).

Of an arena or of a store, whose Options.Path IN is then, the value under --key is
converted or, if {key} is in OUT, each value to a file with its key in the name,
going on after an error. With {rank} in OUT each rank becomes a file with its number
in the name. So PREFIX_{key}.tmp.gio, PREFIX_{key}.tmp.rank-{rank}.npz and
PREFIX_{key}.tmp.rank-{rank}.memmap are the files of stores of these formats, which
Options.Reopen takes in.

Else the rows of all ranks become those of one, in the order of the ranks, except
that a value of a store keeps its ranks in a .gio file. GenericIO files have fields of equal length whose rows are numbers or short lists of them;
origin, scale and flags of a GenericIO file go over to another one, unless --scale,
--coords or --ghosts say otherwise; how it is compressed does not. A sparse matrix
becomes the .npz file that scipy.sparse.load_npz reads, or its parts fields if
--fields names them. All selected elements are in memory at once.

--codec compresses .npz files by deflate, and .gio files by a compressor of Blosc:
lz4, lz4hc, zstd, zlib, snappy or blosclz. A level from 1 to 9 and, for .gio, a
shuffle (byte, bit or noshuffle) may follow, as in zstd:3:bit. Columns that it makes
no smaller stay as they are in .gio. GenericIO's C++ library, as it comes, does not
read zstd, and may fail with snappy.

OUT appears when it is whole. If it is there already, convert fails, unless --force.`,
		Example: `  soactl convert tmp_step_41.tmp.gio step_41.npz --codec deflate:9
  soactl convert particles.npz particles.gio --scale 256 --coords x,y,z --codec lz4
  soactl convert map.gio single.gio --rank 3
  soactl convert tmp_step_41.tmp.gio tmp_step_41.tmp.rank-0.memmap
  soactl convert /scratch/run7/tmp step_41.gio --key step_41
  soactl convert /scratch/run7/tmp /archive/run7_{key}.tmp.rank-{rank}.npz`,
		Args: cobra.ExactArgs(2),
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.force, "force", false, "replace OUT")
	cmd.Flags().StringVar(&o.codec, "codec", "none", "compress .gio or .npz by `NAME[:LEVEL][:SHUFFLE]`")
	cmd.Flags().StringSliceVar(&o.scale, "scale", nil, "extent of the box, for .gio: one `number`, or one for each axis")
	cmd.Flags().StringSliceVar(&o.coords, "coords", nil, "fields that are coordinates, for .gio: `x,y,z`")
	cmd.Flags().StringSliceVar(&o.ghosts, "ghosts", nil, "fields that may be of ghosts, for .gio: `a,b`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return convert(cmd, args[0], filepath.Clean(args[1]), o)
	}
	return cmd
}

func convert(cmd *cobra.Command, in, out string, o convertOptions) error {
	kind, _ := dataset.KindOfName(out)
	if !slices.Contains([]string{".gio", ".npz", folderSuffix, ".array", ".yaml"}, filepath.Ext(out)) {
		return usagef("%s: OUT must end in .gio, .npz, .memmap or .array", out)
	}
	var err error
	if o.chosen, err = parseCodec(o.codec, kind); err != nil {
		return err
	}
	if strings.Contains(out, keyMark) {
		return o.convertKeys(cmd, in, out)
	}
	set, err := o.open(cmd, in)
	if err != nil {
		return err
	}
	defer set.Close()
	return o.convertRanks(cmd.Context(), set, out)
}

// convertSet converts a set to one file.
func (o convertOptions) convertSet(ctx context.Context, set *dataset.Set, out string) error {
	kind, _ := dataset.KindOfName(out)
	if err := set.KeepFields(nil); err != nil {
		return err
	}
	if err := o.fit(kind, set); err != nil {
		return err
	}
	spec, err := o.spec(set)
	if err != nil {
		return err
	}
	if occupied(out) && !o.force { // before the work
		return exists(out)
	}
	if kind == dataset.GIO {
		if err := equalRows(set); err != nil {
			return err
		}
	}
	d, err := gather(ctx, set)
	if err != nil {
		return err
	}
	bar := progress.Start("write", set.Bytes(), progress.Bytes)
	defer bar.Stop()
	if kind == dataset.Memmap {
		return writeMapped(ctx, out, o.force, d, bar)
	}
	return writeNew(out, o.force, func(f io.WriterAt) error {
		return o.write(ctx, counted{f, bar}, kind, set, spec, d)
	})
}

// write writes d as a single file.
func (o convertOptions) write(ctx context.Context, w io.WriterAt, kind dataset.Kind, set *dataset.Set, spec genericio.Spec, d *soa.Dict) error {
	switch {
	case kind == dataset.NPZ && set.Matrix != nil && len(o.fields) == 0:
		return writeSciPy(ctx, w, d, set.Matrix, o.chosen.deflate)
	case kind == dataset.NPZ:
		_, err := npz.Write(ctx, w, d, npz.Options{Level: o.chosen.deflate})
		return err
	}
	ranks := ranksOf(set, d)
	writeRank := func(c comm.Comm) error {
		layout, err := genericio.NewLayout(ctx, c, spec, ranks[c.Rank()])
		if err != nil {
			return err
		}
		return layout.WriteRank(ctx, w, ranks[c.Rank()])
	}
	if len(ranks) == 1 {
		return writeRank(comm.Self())
	}
	return comm.Run(len(ranks), writeRank)
}

// counted is a file that shows how much was written to it.
type counted struct {
	io.WriterAt
	bar *progress.Bar
}

func (c counted) WriteAt(p []byte, off int64) (int, error) {
	n, err := c.WriterAt.WriteAt(p, off)
	c.bar.Add(int64(n))
	return n, err
}

// equalRows reports a field that has more or fewer rows than the first.
func equalRows(set *dataset.Set) error {
	for i := range set.Fields {
		f, first := &set.Fields[i], &set.Fields[0]
		if f.Total() != first.Total() {
			return fmt.Errorf("%s: field %q has %s, %q has %s, but a GenericIO file needs as many of each: choose with --fields: %w",
				set.Name, f.Name, count(f.Total(), "row"), first.Name, count(first.Total(), "row"), soa.ErrShape)
		}
	}
	return nil
}

// gather reads the rows of all ranks, one after the other, into one array a field.
func gather(ctx context.Context, set *dataset.Set) (*soa.Dict, error) {
	bar := progress.Start("read", set.Bytes(), progress.Bytes)
	defer bar.Stop()
	d := soa.NewDict()
	for i := range set.Fields {
		f := &set.Fields[i]
		a, err := soa.New(f.DType, f.Shape(f.Total())...)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.Name, err)
		}
		d.Set(f.Name, a)
	}
	at := make([]int, len(set.Fields))
	for i := range set.Ranks {
		for k, f := range set.Fields {
			a, _ := d.Get(f.Name)
			part := a
			if !f.IsScalar() {
				part = a.Slice(at[k], at[k]+f.Rows[i])
			}
			at[k] += f.Rows[i]
			if err := readInto(ctx, set, i, f.Name, part); err != nil {
				return nil, err
			}
			bar.Add(int64(part.NBytes()))
		}
	}
	return d, nil
}

// readInto reads a field of the i-th rank into the memory of a.
func readInto(ctx context.Context, set *dataset.Set, i int, name string, a soa.Array) error {
	into := soa.NewDict()
	into.Set(name, a)
	if err := set.Read(ctx, i, into, name); err != nil {
		return err
	}
	have, _ := into.Get(name)
	copy(a.Bytes(), have.Bytes()) // which is a itself, unless the reader had the array already
	return nil
}

// fit reports options that do not fit one another, or the fields.
func (o convertOptions) fit(to dataset.Kind, set *dataset.Set) error {
	for _, name := range slices.Concat(o.coords, o.ghosts) {
		if !slices.ContainsFunc(set.Fields, func(f dataset.Field) bool { return f.Name == name }) {
			return usagef("--coords or --ghosts: there is no field %q to convert", name)
		}
	}
	switch {
	case set.Matrix != nil && len(o.fields) == 0 && to != dataset.NPZ:
		return fmt.Errorf("%s: a sparse matrix can be converted to .npz only; its parts are fields for --fields", set.Name)
	case to != dataset.GIO && len(o.scale)+len(o.coords)+len(o.ghosts) > 0:
		return usagef("--scale, --coords and --ghosts are for .gio")
	case len(o.coords) != 0 && len(o.coords) != 3:
		return usagef("--coords takes three fields, not %d", len(o.coords))
	case len(o.scale) > 1 && len(o.scale) != 3:
		return usagef("--scale takes one number or three, not %d", len(o.scale))
	}
	return nil
}

// spec returns what a GenericIO file says besides its columns.
func (o convertOptions) spec(set *dataset.Set) (genericio.Spec, error) {
	spec := genericio.Spec{PhysOrigin: set.Origin, PhysScale: set.Scale, Flags: o.gioFlags(set), Compress: o.chosen.blosc}
	for i := range spec.PhysScale {
		if len(o.scale) == 0 {
			break
		}
		text := o.scale[i%len(o.scale)]
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return spec, usagef("--scale: %q is no number", text)
		}
		spec.PhysScale[i] = v
	}
	return spec, nil
}

const coordFlags = genericio.CoordX | genericio.CoordY | genericio.CoordZ

func (o convertOptions) gioFlags(set *dataset.Set) map[string]genericio.Flags {
	keep := coordFlags | genericio.Ghost
	if len(o.coords) > 0 {
		keep &^= coordFlags
	}
	if len(o.ghosts) > 0 {
		keep &^= genericio.Ghost
	}
	out := map[string]genericio.Flags{}
	for name, flags := range set.Flags {
		out[name] = flags & keep
	}
	for i, name := range o.coords {
		out[name] |= []genericio.Flags{genericio.CoordX, genericio.CoordY, genericio.CoordZ}[i]
	}
	for _, name := range o.ghosts {
		out[name] |= genericio.Ghost
	}
	return out
}
