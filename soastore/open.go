package soastore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/partition"
)

// NewGenericIO opens a store whose values are GenericIO files: fields of equal
// length, each one-dimensional or with a fixed number of elements a row. boxSize
// is the edge of the simulation's box, in the caller's unit of length; the files
// give it as their physical scale. Collective over p's ranks, which give the same
// options (a Path may name a folder of each node's own); local if
// Options.Independent.
func NewGenericIO(p *partition.Partition, boxSize float64, opts Options) (*Spill, error) {
	return open(p, fmt.Sprintf("GenericIO, box %g", boxSize), opts, func(s *Spill) format { return &gioFormat{s: s, p: p, alone: comm.Self(), boxSize: boxSize} })
}

// NewNPZ opens a store whose values are NPZ files, one for each rank: fields of
// any shape and type. Collective or local as NewGenericIO. Options.Layout,
// Redistribute, Coordinates and Ghosts have no meaning here.
func NewNPZ(p *partition.Partition, opts Options) (*Spill, error) {
	opts.Layout = LayoutPerRank
	return open(p, "NPZ", opts, func(s *Spill) format {
		return &npzFormat{rankFiles: rankFiles{s, p.Rank(), p.Size(), npzFile, npzName}}
	})
}

// NewMemmap opens a store whose values are mapped arrays in daf's format, one folder
// for each key and rank: fields of any shape and type. View copies nothing and, with
// Options.Writable, what it passes can be changed in place, in the file. Collective
// or local as NewGenericIO. Layout, Redistribute, Coordinates and Ghosts have no
// meaning here.
func NewMemmap(p *partition.Partition, opts Options) (*Spill, error) {
	opts.Layout = LayoutPerRank
	return open(p, "memmap", opts, func(s *Spill) format {
		return &memmapFormat{rankFiles{s, p.Rank(), p.Size(), memmapFolder, memmapName}}
	})
}

// open opens a store of the given kind, which all ranks must name alike.
func open(p *partition.Partition, kind string, opts Options, newFormat func(*Spill) format) (*Spill, error) {
	s := &Spill{opts: opts, fs: opts.fs, comm: comm.Self(), catalog: map[string]*entry{}}
	if s.fs == nil {
		s.fs = fsys.OS
	}
	ctx := context.Background()
	if !opts.Independent {
		var err error
		if s.comm, err = comm.Dup(ctx, p.Comm()); err != nil {
			return nil, &Error{Op: "open", Err: err}
		}
	}
	s.format = newFormat(s)
	if err := s.join(ctx, p.Rank(), kind); err != nil {
		return nil, errors.Join(err, s.closeComms())
	}
	return s, nil
}

// join makes the ranks one store: of the same options, with the same keys.
func (s *Spill) join(ctx context.Context, rank int, kind string) error {
	call := &call{ballot: ballot{ctx: ctx, comm: s.comm, timeout: s.opts.Timeout, op: "open"}, s: s}
	err := s.opts.check(s.fs)
	if err == nil {
		err = s.chooseCodecs()
	}
	if err := call.agree(err, kind+", "+s.opts.String()); err != nil {
		return err
	}
	if s.token, err = drawToken(ctx, s.comm); err != nil {
		return keyError("open", "", err)
	}
	s.group = alone(rank)
	if s.opts.Path == "" {
		return nil
	}
	if !s.opts.Independent && s.comm.Size() > 1 {
		if s.group, err = s.groupRanks(ctx, call); err != nil {
			return keyError("open", "", err)
		}
	}
	if on, err := s.fs.TypeOf(filepath.Dir(s.opts.Path)); err == nil {
		s.on = on
	}
	if s.opts.RecycleBytes >= 0 && !s.group.anyShared() && s.tellsUse() {
		s.spares = newSpares(s.opts.RecycleBytes, s.format.folders())
	}
	if err := call.agree(s.format.start(), ""); err != nil {
		return errors.Join(err, s.format.stop(true))
	}
	if err := s.takeStock(ctx, call); err != nil {
		return errors.Join(err, s.format.stop(true))
	}
	return nil
}

// chooseCodecs takes the codecs that the options name.
func (s *Spill) chooseCodecs() error {
	choice, err := parseChoice(s.opts.Codec)
	if err != nil {
		return err
	}
	if s.codecOf, err = memoryCodec(s.opts.MemoryCodec); err != nil {
		return err
	}
	return s.format.compress(choice)
}

// check reports options that do not fit, on this rank.
func (o Options) check(fsys fsys.FS) error {
	if o.Layout > LayoutOneFile {
		return fmt.Errorf("%w: Layout is %d", ErrOptions, o.Layout)
	}
	if o.Verify > VerifyNever {
		return fmt.Errorf("%w: Verify is %d", ErrOptions, o.Verify)
	}
	if o.Path == "" {
		if o.Keep || o.Reopen {
			return fmt.Errorf("%w: Keep and Reopen need a Path", ErrOptions)
		}
		return nil
	}
	if strings.HasSuffix(o.Path, string(filepath.Separator)) {
		return fmt.Errorf("%w: Path %q ends in a separator: add the first part of a file name", ErrOptions, o.Path)
	}
	folder := filepath.Dir(o.Path)
	info, err := fsys.Lstat(folder + string(filepath.Separator)) // follows a link to a folder
	if err != nil {
		return fmt.Errorf("folder of Path: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: %s, of Path, is not a folder", ErrOptions, folder)
	}
	return nil
}

// String lists what must be the same on all ranks.
func (o Options) String() string {
	return fmt.Sprintf("in memory %t, layout %v, keep %t, reopen %t, redistribute %t, coordinates %q, ghosts %q",
		o.Path == "", o.Layout, o.Keep, o.Reopen, o.Redistribute, o.Coordinates, o.Ghosts)
}

// drawToken returns a random word, the same on all ranks.
func drawToken(ctx context.Context, c comm.Comm) (string, error) {
	token := make([]byte, tokenLen/2)
	rand.Read(token)
	token, err := comm.Bcast(ctx, c, 0, token)
	return hex.EncodeToString(token), err
}

// takeStock fills the catalog with the keys that are on disk. Every rank comes to
// the same result, from the names that the leaders of all folders list.
func (s *Spill) takeStock(ctx context.Context, call *call) error {
	found, err := s.listAll(ctx, call)
	if err != nil {
		return err
	}
	var torn map[string]error
	if s.opts.Reopen {
		var changed bool
		changed, torn, err = s.recover(ctx, call, found)
		if err == nil && changed {
			found, err = s.listAll(ctx, call)
		}
		if err != nil {
			return keyError("open", "", err)
		}
	}
	existing := s.format.existing(found)
	if len(existing) > 0 && !s.opts.Reopen {
		err = fmt.Errorf("%w: %s", ErrInUse, someKeys(s.opts.Path, existing))
	}
	for key, f := range existing {
		if f.torn == nil {
			f.torn = torn[key]
		}
		s.catalog[key] = &entry{files: f, torn: f.torn, use: new(sync.RWMutex)}
	}
	return call.agree(err, "")
}

// listAll returns the store's files in all folders. Collective.
func (s *Spill) listAll(ctx context.Context, call *call) ([]fileName, error) {
	names, err := s.format.list()
	if err := call.agree(err, ""); err != nil {
		return nil, err
	}
	lists, err := comm.Allgather(ctx, s.comm, []byte(strings.Join(names, "\x00")))
	if err != nil {
		return nil, keyError("open", "", err)
	}
	base := filepath.Base(s.opts.Path)
	var found []fileName
	for _, list := range lists {
		for name := range strings.SplitSeq(string(list), "\x00") {
			if f, ok := parseName(base, name); ok {
				found = append(found, f)
			}
		}
	}
	return found, nil
}

// listFolder returns the names of the files in the store's folder that may be its
// own, on the rank that leads those that see it.
func (s *Spill) listFolder() ([]string, error) {
	if !s.group.leads() {
		return nil, nil
	}
	entries, err := s.fs.ReadDir(filepath.Dir(s.opts.Path))
	if err != nil {
		return nil, err
	}
	base := filepath.Base(s.opts.Path)
	var names []string
	for _, e := range entries {
		if f, ok := parseName(base, e.Name()); ok && f.isOf(e.Type()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// someKeys names the first few keys found at a prefix.
func someKeys(prefix string, found map[string]files) string {
	var keys []string
	for key := range found {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	n := len(keys)
	if n > 4 {
		keys = keys[:4]
	}
	return fmt.Sprintf("%d keys at %s, among them %q", n, prefix, keys)
}
