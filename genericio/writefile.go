package genericio

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/fsys"
)

// Split says over how many files the ranks of a program spread their rows.
type Split int

const (
	// OneFile puts all ranks into the named file. It is the default.
	OneFile Split = iota
	// PerHost makes a partition file of the ranks of each machine, and a rank map.
	PerHost
	// PerRank makes a partition file of each rank, and a rank map.
	PerRank
)

// WriteFile writes the columns of all ranks of c under the name path: one file,
// or a rank map and partition files, each named after the lowest of its ranks:
// path#0, path#4, ... It writes under partial names, and gives files their own
// names when all ranks have written all of theirs, the one at path last. Files of
// these names are replaced; partition files that are no longer needed stay.
//
// Collective. If it fails it does so on every rank, with an error as of
// [NewLayout] or another *comm.AgreementError, and removes what it wrote. What was
// at path before is as it was, unless files were being named already.
func WriteFile(ctx context.Context, c comm.Comm, path string, d *soa.Dict, spec Spec, split Split) error {
	return writeFile(ctx, fsys.OS, c, path, d, spec, split)
}

func writeFile(ctx context.Context, on fsys.FS, c comm.Comm, path string, d *soa.Dict, spec Spec, split Split) error {
	w, err := newFileWriter(ctx, c, path, d, spec, split)
	if err != nil {
		return err
	}
	defer w.layout.Release()
	w.fs = on
	for _, step := range w.steps(ctx, d) {
		// A rank whose context has ended still tells the others.
		err := comm.Agree(context.WithoutCancel(ctx), c,
			comm.Vote{Op: step.what + " GenericIO file", Key: path, Err: step.do()}, fs.ErrNotExist, fs.ErrPermission)
		if err != nil {
			w.discard()
			return err
		}
	}
	return nil
}

// ReadFile reads this rank's share of the columns that [WriteFile] or any other
// writer put under the name path: see [Dataset.ReadShare].
//
// Collective. If it fails it does so on every rank, with a *comm.AgreementError
// naming the ranks that failed.
func ReadFile(ctx context.Context, c comm.Comm, path string, policy Policy, into *soa.Dict, names ...string) error {
	read := func() error {
		s, err := OpenDataset(ctx, path, nil, ReadOptions{})
		if err != nil {
			return err
		}
		err = s.ReadShare(ctx, Share{Policy: policy, Procs: c.Size(), Proc: c.Rank()}, into, names...)
		return errors.Join(err, s.Close())
	}
	return comm.Agree(context.WithoutCancel(ctx), c, comm.Vote{Op: "read GenericIO file", Key: path, Err: read()},
		ErrFormat, ErrChecksum, ErrFilter, ErrRank, ErrRankCount, blosc.ErrOldZstd, soa.ErrField, fs.ErrNotExist, fs.ErrPermission)
}

// partialSuffix ends the name of a file that is not whole.
const partialSuffix = ".partial"

// fileWriter is one rank's part in WriteFile.
type fileWriter struct {
	fs      fsys.FS
	path    string
	own     string     // the file that has this rank's rows
	first   bool       // this rank makes and names that file
	root    bool       // this rank makes and names the file at path
	entries []MapEntry // of the rank map, nil for one file
	coords  bool       // the map has coordinates
	layout  *Layout
}

// newFileWriter plans all files. Collective.
func newFileWriter(ctx context.Context, c comm.Comm, path string, d *soa.Dict, spec Spec, split Split) (*fileWriter, error) {
	w := &fileWriter{path: path, own: path, first: c.Rank() == 0, root: c.Rank() == 0}
	if split == OneFile {
		var err error
		w.layout, err = NewLayout(ctx, c, spec, d)
		return w, err
	}
	if w.coords = spec.Place != (Place{}); !w.coords {
		spec.Place = Place{c.Rank(), [3]int{c.Size(), 1, 1}, [3]int{c.Rank(), 0, 0}}
	}
	group, k, err := splitFile(ctx, c, split)
	if err != nil {
		return nil, err
	}
	w.own, w.first = fmt.Sprintf("%s#%d", path, k), c.Rank() == k
	if w.entries, err = gatherMap(ctx, c, k, spec.Place); err == nil {
		w.layout, err = NewLayout(ctx, group, spec, d)
	}
	if cerr := group.Close(); err == nil {
		err = cerr
	}
	vote := comm.Vote{Op: "plan GenericIO file", Key: path, Err: err}
	if err == nil {
		vote.Schema = flatten(schema(&spec, w.layout.head.Variables)) + nameList(w.layout.head.Variables)
	}
	return w, comm.Agree(ctx, c, vote, comm.ErrSchema, ErrVariable, ErrRank, soa.ErrDType, soa.ErrShape)
}

// splitFile returns the ranks that share a file with this one, and the lowest of
// them, which is the file's number. Collective.
func splitFile(ctx context.Context, c comm.Comm, split Split) (comm.Comm, int, error) {
	if split == PerRank {
		return comm.Self(), c.Rank(), nil
	}
	group, err := comm.SplitByHost(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	first, err := comm.Bcast(ctx, group, 0, binary.LittleEndian.AppendUint64(nil, uint64(c.Rank())))
	if err != nil {
		return nil, 0, errors.Join(err, group.Close())
	}
	return group, int(binary.LittleEndian.Uint64(first)), nil
}

// gatherMap returns the rank map: that of the file number and place of each rank.
// Collective.
func gatherMap(ctx context.Context, c comm.Comm, k int, p Place) ([]MapEntry, error) {
	rows, err := comm.Allgather(ctx, c, []int{p.GlobalRank, k, p.Coords[0], p.Coords[1], p.Coords[2]})
	if err != nil {
		return nil, err
	}
	entries := make([]MapEntry, len(rows))
	seen := make([]bool, len(rows))
	for rank, row := range rows {
		if g := row[0]; g < 0 || g >= len(rows) || seen[g] {
			return nil, fmt.Errorf("genericio: rank %d: %w: global rank %d is not one of %d, or another rank's too", rank, ErrRank, g, len(rows))
		}
		seen[row[0]], entries[row[0]] = true, MapEntry{row[0], row[1], [3]int(row[2:5])}
	}
	return entries, nil
}

// A step is done by all ranks before any of them does the next.
type step struct {
	what string
	do   func() error
}

func (w *fileWriter) steps(ctx context.Context, d *soa.Dict) []step {
	steps := []step{
		{"create", func() error { return w.create(w.first, w.own, nil) }},
		{"write", func() error {
			return w.open(w.own, os.O_WRONLY, func(f io.WriterAt) error { return w.layout.WriteRank(ctx, f, d) })
		}},
	}
	if w.entries != nil {
		steps = append(steps,
			step{"write the rank map of", func() error {
				return w.create(w.root, w.path, func(f io.WriterAt) error { return WriteMap(ctx, f, w.entries, w.coords) })
			}},
			step{"name the partitions of", func() error { return w.publish(w.first, w.own) }})
	}
	return append(steps, step{"name", func() error { return w.publish(w.root, w.path) }})
}

// discard removes the partial files that this rank made.
func (w *fileWriter) discard() {
	if w.first {
		w.fs.Remove(w.own + partialSuffix) // it may not exist
	}
	if w.root {
		w.fs.Remove(w.path + partialSuffix)
	}
}

// create makes a partial file if mine, and has fill write it.
func (w *fileWriter) create(mine bool, name string, fill func(io.WriterAt) error) error {
	if !mine {
		return nil
	}
	if err := w.fs.Remove(name + partialSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return w.open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fill)
}

// open opens a partial file for fill to write.
func (w *fileWriter) open(name string, flag int, fill func(io.WriterAt) error) error {
	f, err := w.fs.OpenFile(name+partialSuffix, flag)
	if err != nil {
		return err
	}
	if fill != nil {
		err = fill(f)
	}
	return errors.Join(err, f.Close())
}

// publish gives a partial file its name if mine.
func (w *fileWriter) publish(mine bool, name string) error {
	if !mine {
		return nil
	}
	return w.fs.Rename(name+partialSuffix, name)
}
