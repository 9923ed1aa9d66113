package soastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/partition"
)

// NewArena opens a store that keeps the values of each rank in one file of the
// rank's own, in a format of this module (package arena): fields of any shape and
// type. It is the fastest, for large values and most of all for many small ones, for
// when no other program reads the files; soactl converts them. Views copy nothing.
// Collective or local as NewGenericIO. It needs a Path. Codec, Layout, Redistribute,
// Writable, Coordinates and Ghosts have no meaning here. RecycleBytes counts as what
// the file grows by if it is less: an eighth of what values take, up to 1 MiB.
func NewArena(p *partition.Partition, opts Options) (*Spill, error) {
	opts.Layout = LayoutPerRank
	return open(p, "arena", opts, func(s *Spill) format {
		return &arenaFormat{rankFiles: rankFiles{s, p.Rank(), p.Size(), arenaValue, arenaValueName}, unfinished: map[string]bool{}}
	})
}

// arenaFormat keeps each rank's rows in its arena. Where the names of files say
// what there is, in other formats, here names do of files that there would be if
// each value had its own.
type arenaFormat struct {
	rankFiles
	file *arena.Arena
	set  arenaStep // that of the Set in progress
	// unfinished are the keys of which the file still has what was replaced, removed or
	// never agreed on, because it could not be freed.
	unfinished map[string]bool
}

func arenaName(prefix string, rank int) string {
	return prefix + rankInfix + strconv.Itoa(rank) + arenaSuffix
}

func arenaValueName(prefix, key string, rank int) string {
	return arenaName(prefix+"_"+encodeKey(key), rank)
}

func (f *arenaFormat) compress(c codecChoice) error {
	switch {
	case f.s.opts.Path == "":
		return fmt.Errorf("%w: an arena needs a Path; in memory, NewNPZ holds the same values", ErrOptions)
	case c.name != "":
		return fmt.Errorf("%w: Codec %q: arenas are never compressed", ErrOptions, f.s.opts.Codec)
	}
	return nil
}

func (f *arenaFormat) check(*soa.Dict) error { return nil }

// label says whose the file is. That of a tiered store's is said elsewhere.
func (f *arenaFormat) label() string {
	if f.s.opts.Independent {
		return fmt.Sprintf("rank %d", f.rank)
	}
	return fmt.Sprintf("rank %d of %d", f.rank, f.size)
}

func (f *arenaFormat) start() (err error) {
	name := arenaName(f.s.opts.Path, f.rank)
	opts := arena.Options{
		Label: f.label(), Direct: f.s.opts.Direct, Sync: f.s.opts.Sync,
		Recycle: f.s.opts.RecycleBytes, Limit: f.s.opts.limit, FS: f.s.fs,
	}
	if f.s.opts.Reopen {
		if f.file, err = arena.Open(name, opts); err == nil {
			return f.checkLabel()
		}
		if errors.Is(err, arena.ErrFormat) && f.unmade(name) {
			err = f.s.fs.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if f.file, err = arena.Create(name, opts); errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%s: %w", name, ErrInUse)
	}
	return err
}

// unmade reports whether the process that made the file was killed before it wrote
// anything into it.
func (f *arenaFormat) unmade(name string) bool {
	file, err := f.s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer file.Close()
	var head [4096]byte
	n, err := file.ReadAt(head[:], 0)
	return (err == nil || err == io.EOF) && !slices.ContainsFunc(head[:n], func(b byte) bool { return b != 0 })
}

// checkLabel refuses another rank's file, and one of another number of ranks.
func (f *arenaFormat) checkLabel() error {
	have := f.file.Label()
	if have == f.label() {
		return nil
	}
	var rank, size int
	if n, _ := fmt.Sscanf(have, "rank %d of %d", &rank, &size); n == 2 && rank == f.rank && !f.s.opts.Independent {
		return &genericio.RankCountError{File: f.file.Name(), Have: size, Want: f.size}
	}
	return fmt.Errorf("%w: %s is of %q, not of %q", ErrTorn, f.file.Name(), have, f.label())
}

func (f *arenaFormat) stop(remove bool) error {
	if f.file == nil {
		return nil
	}
	file := f.file
	if remove {
		f.tidy()
	}
	f.file = nil
	if remove && len(file.Keys()) == 0 && len(file.Recoverable()) == 0 {
		err := file.Remove()
		if errors.Is(err, fs.ErrNotExist) { // somebody else removed it
			return nil
		}
		return err
	}
	return file.Close()
}

// list names what is in the file: values, and keys of which a crash has left other
// versions only.
func (f *arenaFormat) list() (names []string, err error) {
	for _, key := range f.file.Keys() {
		names = append(names, filepath.Base(f.own(key)))
	}
	for _, key := range f.file.Recoverable() {
		names = append(names, fmt.Sprintf("%s.%0*d%s", filepath.Base(f.own(key)), tokenLen, 0, oldSuffix))
	}
	return names, nil
}

func (f *arenaFormat) existing(found []fileName) map[string]files {
	out := f.rankFiles.existing(found)
	for key, have := range out {
		if !have.missing {
			have.size = f.sizeOf(key)
			have.mine = nil // it has no file of its own
			out[key] = have
		}
	}
	return out
}

// sizeOf returns the bytes of the elements of key's value.
func (f *arenaFormat) sizeOf(key string) int64 {
	v, err := f.file.Get(key)
	if err != nil {
		return 0
	}
	defer v.Close()
	return v.NBytes()
}

func (f *arenaFormat) testify(key string, _ []fileName) (witness, func(stamp string) error) {
	w := witness{Now: absent}
	for _, v := range f.file.Versions(key) {
		if v.Current {
			w.Now = v.Stamp
		} else {
			w.Old = append(w.Old, v.Stamp)
		}
	}
	return w, func(stamp string) error { return f.file.Restore(context.Background(), key, stamp) }
}

func (f *arenaFormat) stage(call *call, ch *change, d *soa.Dict, _ *entry) (files, error) {
	f.tidy()
	c, err := f.file.Stage(call.ctx, call.key, f.setStamp(call), d)
	if err != nil {
		f.unfinished[call.key] = true // what it could not take back
		return files{}, err
	}
	f.set = arenaStep{f: f, key: call.key, Change: c}
	ch.steps = append(ch.oneStep[:0], &f.set)
	return files{size: int64(d.NBytes())}, nil
}

func (f *arenaFormat) remove(ch *change, key string, have files) {
	if !have.missing {
		ch.steps = append(ch.steps, &arenaStep{f: f, key: key})
	}
}

// arenaStep is a change of one key. A removal, which has no Change yet, is prepared
// when it is made: that takes no space, and so cannot fail for want of it.
type arenaStep struct {
	f   *arenaFormat
	key string
	*arena.Change
}

// Commit makes the change.
func (s *arenaStep) Commit() (err error) {
	if s.Change == nil {
		if s.Change, err = s.f.file.StageRemove(s.key); err != nil {
			return err
		}
	}
	return s.Change.Commit()
}

// Undo takes it back, if it was prepared.
func (s *arenaStep) Undo() error {
	if s.Change == nil {
		return nil
	}
	return s.later(s.Change.Undo())
}

// Finish frees what was replaced or removed, now or later.
func (s *arenaStep) Finish() error { return s.later(s.Change.Finish()) }

// later notes, after an error, that there is something to be freed.
func (s *arenaStep) later(err error) error {
	if err != nil {
		s.f.unfinished[s.key] = true
	}
	return err
}

// tidy tries again to free what could not be freed, unless the file also has what a
// crash left of values that are torn.
func (f *arenaFormat) tidy() {
	if len(f.unfinished) == 0 {
		return
	}
	for _, key := range f.file.Recoverable() {
		if !f.unfinished[key] {
			return
		}
	}
	if f.file.Sweep() == nil {
		clear(f.unfinished)
	}
}

func (f *arenaFormat) prefix() string { return "" }

func (f *arenaFormat) usage() (disk, spare int64, ok bool) {
	u := f.file.Usage()
	return u.Used, u.Free, true
}

func (f *arenaFormat) open(key string, _ files) (reader, error) {
	v, err := f.file.Get(key)
	if err != nil {
		return nil, err
	}
	return arenaReader{v}, nil
}

// arenaReader reads one value.
type arenaReader struct{ *arena.Value }

func (r arenaReader) lazy() bool { return false }

func (r arenaReader) fields() []string { return r.Names() }

func (r arenaReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r arenaReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	if len(names) == 0 { // which Read takes for all
		return nil
	}
	return r.Read(ctx, d, names, arena.ReadOptions{})
}

func (r arenaReader) view(ctx context.Context, names []string, check bool, fn func(*soa.Dict) error) error {
	if len(names) == 0 {
		return fn(soa.NewDict())
	}
	return r.View(ctx, names, arena.ReadOptions{Unchecked: !check}, fn)
}

func (r arenaReader) close() error { return r.Close() }
