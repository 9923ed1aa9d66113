package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

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
	rank   int
	fields []string
	force  bool
	level  int
	scale  []string
	coords []string
	ghosts []string
}

func newConvert() *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Convert a file to .gio or .npz, by OUT's extension",
		Long: `Convert a .gio, .npz or .npy file to .gio or .npz, by OUT's extension.

The rows of all ranks become those of one, in the order of the ranks. GenericIO
files have fields of equal length whose rows are numbers or short lists of them;
origin, scale and flags of a GenericIO file go over to another one, unless --scale,
--coords or --ghosts say otherwise. All selected elements are in memory at once.

OUT appears when it is whole. If it is there already, convert fails, unless --force.`,
		Example: `  soactl convert tmp_step_41.tmp.gio step_41.npz --level 6
  soactl convert particles.npz particles.gio --scale 256 --coords x,y,z
  soactl convert map.gio single.gio --rank 3`,
		Args: cobra.ExactArgs(2),
	}
	rankFlag(cmd, &o.rank)
	fieldsFlag(cmd, &o.fields)
	cmd.Flags().BoolVar(&o.force, "force", false, "replace OUT")
	cmd.Flags().IntVar(&o.level, "level", 0, "how hard to compress .npz, from 1 to 9; 0 does not")
	cmd.Flags().StringSliceVar(&o.scale, "scale", nil, "extent of the box, for .gio: one `number`, or one for each axis")
	cmd.Flags().StringSliceVar(&o.coords, "coords", nil, "fields that are coordinates, for .gio: `x,y,z`")
	cmd.Flags().StringSliceVar(&o.ghosts, "ghosts", nil, "fields that may be of ghosts, for .gio: `a,b`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return convert(cmd, args[0], args[1], o)
	}
	return cmd
}

func convert(cmd *cobra.Command, in, out string, o convertOptions) error {
	kind, ok := dataset.KindOfName(out)
	if !ok || kind == dataset.NPY {
		return usagef("%s: OUT must end in .gio or .npz", out)
	}
	if o.level < 0 || o.level > 9 {
		return usagef("--level %d is not from 0 to 9", o.level)
	}
	set, err := openSet(cmd, in, o.rank, o.fields)
	if err != nil {
		return err
	}
	defer set.Close()
	if err := set.KeepFields(nil); err != nil {
		return err
	}
	spec, err := o.spec(set)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(out); err == nil && !o.force { // before the work
		return exists(out)
	}
	if kind == dataset.GIO {
		if err := equalRows(set); err != nil {
			return err
		}
	}
	ctx := cmd.Context()
	d, err := gather(ctx, set)
	if err != nil {
		return err
	}
	bar := progress.Start("write", set.Bytes(), progress.Bytes)
	defer bar.Stop()
	return writeNew(out, o.force, func(f io.WriterAt) error {
		w := counted{f, bar}
		if kind == dataset.NPZ {
			_, err := npz.Write(ctx, w, d, npz.Options{Level: o.level})
			return err
		}
		layout, err := genericio.NewLayout(ctx, comm.Self(), spec, d)
		if err != nil {
			return err
		}
		return layout.WriteRank(ctx, w, d)
	})
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
			if !f.Scalar {
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

// spec returns what a GenericIO file says besides its columns.
func (o convertOptions) spec(set *dataset.Set) (genericio.Spec, error) {
	spec := genericio.Spec{PhysOrigin: set.Origin, PhysScale: set.Scale, Flags: map[string]genericio.Flags{}}
	if len(o.scale) > 0 {
		if len(o.scale) != 1 && len(o.scale) != 3 {
			return spec, usagef("--scale takes one number or three, not %d", len(o.scale))
		}
		for i := range spec.PhysScale {
			text := o.scale[i%len(o.scale)]
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return spec, usagef("--scale: %q is no number", text)
			}
			spec.PhysScale[i] = v
		}
	}
	if len(o.coords) != 0 && len(o.coords) != 3 {
		return spec, usagef("--coords takes three fields, not %d", len(o.coords))
	}
	for name, flags := range set.Flags {
		if len(o.coords) > 0 {
			flags &= genericio.Ghost
		}
		if len(o.ghosts) > 0 {
			flags &^= genericio.Ghost
		}
		spec.Flags[name] = flags & (genericio.CoordX | genericio.CoordY | genericio.CoordZ | genericio.Ghost)
	}
	for i, name := range o.coords {
		spec.Flags[name] |= []genericio.Flags{genericio.CoordX, genericio.CoordY, genericio.CoordZ}[i]
	}
	for _, name := range o.ghosts {
		spec.Flags[name] |= genericio.Ghost
	}
	return spec, nil
}

// writeNew writes the file of the given name: first under a partial name, as
// stores do, so that soactl rm --leftovers knows it.
func writeNew(name string, force bool, write func(io.WriterAt) error) error {
	var token [8]byte
	rand.Read(token[:]) // never fails
	partial := name + "." + hex.EncodeToString(token[:]) + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	err = write(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = publish(partial, name, force)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(partial)))
	}
	return nil
}

// publish gives a file its name, replacing one only if forced.
func publish(partial, name string, force bool) error {
	if force {
		return os.Rename(partial, name)
	}
	err := os.Link(partial, name) // which, unlike a rename, does not replace
	switch {
	case err == nil:
		return os.Remove(partial)
	case errors.Is(err, fs.ErrExist):
		return exists(name)
	}
	// A file system without hard links.
	if _, err := os.Lstat(name); err == nil {
		return exists(name)
	}
	return os.Rename(partial, name)
}

func exists(name string) error {
	return fmt.Errorf("%s: %w; use --force to replace it", name, fs.ErrExist)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
