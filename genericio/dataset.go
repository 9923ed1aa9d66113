package genericio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/soastore/soa"
)

// maxOpen is how many partition files a Dataset keeps open while nothing reads
// them. A program may have written one per rank.
const maxOpen = 8

// Dataset is what one program wrote under one name: a single file, or a rank map
// and its partition files, which are opened when they are first needed. Its
// ranks are global ranks: those of the writing program. In a single file, they
// are the positions. Its methods are local and may be called concurrently.
type Dataset struct {
	name    string
	open    func(string) (Source, error)
	opts    ReadOptions
	entries []MapEntry    // nil for a single file
	members map[int][]int // the global ranks of each partition in the map, ascending
	ranks   int

	mu        sync.Mutex
	parts     map[int]*part // by partition; the single file is 0
	variables []Variable    // of the first partition that was opened, by name
	closed    bool
}

// part is an open file of a Dataset.
type part struct {
	file  *File
	users int
	index map[int]int // position by global rank, nil for a single file
}

// OpenDataset opens the named file and, if that is a rank map, reads it. Files
// are opened by open: with the default nil, in the machine's file system,
// following symbolic links.
func OpenDataset(ctx context.Context, name string, open func(name string) (Source, error), opts ReadOptions) (*Dataset, error) {
	if open == nil {
		open = openOS
	}
	s := &Dataset{name: name, open: open, opts: opts, parts: map[int]*part{}}
	f, err := openWith(open, name, opts)
	if err != nil {
		return nil, err
	}
	if !f.IsMap() {
		s.parts[0], s.ranks = &part{file: f}, len(f.head.Ranks)
		return s, nil
	}
	f.opts.SkipCRC = false // a wrong map would mix up ranks
	s.entries, err = readMap(ctx, f.Reader)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	s.ranks, s.members = len(s.entries), map[int][]int{}
	for rank, e := range s.entries {
		s.members[e.Partition] = append(s.members[e.Partition], rank)
	}
	return s, nil
}

// Name returns the name that the Dataset was opened with.
func (s *Dataset) Name() string { return s.name }

// Entries returns the rank map, or nil if there is a single file. It must not be
// changed.
func (s *Dataset) Entries() []MapEntry { return s.entries }

// NumRanks returns the number of ranks that wrote the Dataset.
func (s *Dataset) NumRanks() int { return s.ranks }

// WithRank calls fn with the Reader of the file that has the rows of a global
// rank, and the rank's position in it. The Reader ends with fn.
//
// The error is fn's, an ErrRank, one of opening a partition file, which names it
// (errors.Is fs.ErrNotExist finds a missing one), or an ErrFormat if the file is
// not what the map says.
func (s *Dataset) WithRank(rank int, fn func(r *Reader, position int) error) error {
	if rank < 0 || rank >= s.ranks {
		return fmt.Errorf("genericio: %s: %w: %d of %d", s.name, ErrRank, rank, s.ranks)
	}
	p, err := s.acquire(s.partition(rank))
	if err != nil {
		return err
	}
	defer s.release(p)
	position := rank
	if p.index != nil {
		position = p.index[rank]
	}
	return fn(p.file.Reader, position)
}

// ReadRank reads variables of a global rank, as [Reader.ReadRank] does.
func (s *Dataset) ReadRank(ctx context.Context, rank int, into *soa.Dict, names ...string) error {
	return s.WithRank(rank, func(r *Reader, position int) error {
		return r.ReadRank(ctx, position, into, names...)
	})
}

// Verify checks every partition file against the map, and every block of every
// file. The error joins all that is wrong.
func (s *Dataset) Verify(ctx context.Context) error {
	var errs []error
	seen := map[int]bool{}
	for rank := range s.ranks {
		if k := s.partition(rank); !seen[k] && ctx.Err() == nil {
			seen[k] = true
			errs = append(errs, s.WithRank(rank, func(r *Reader, _ int) error { return r.Verify(ctx) }))
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// Close closes all files. Calls in progress must have ended.
func (s *Dataset) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for k, p := range s.parts {
		errs = append(errs, p.file.Close())
		delete(s.parts, k)
	}
	return errors.Join(errs...)
}

func (s *Dataset) partition(rank int) int {
	if s.entries == nil {
		return 0
	}
	return s.entries[rank].Partition
}

// acquire returns an open partition, which stays open until release.
func (s *Dataset) acquire(k int) (*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.parts[k]
	if !ok {
		var err error
		if p, err = s.openPart(k); err != nil {
			return nil, err
		}
		s.parts[k] = p
	}
	p.users++
	return p, nil
}

// release lets go of a partition, and closes files that are idle and too many.
func (s *Dataset) release(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	for k, p := range s.parts {
		if len(s.parts) > maxOpen && p.users == 0 {
			p.file.Close() // only read from
			delete(s.parts, k)
		}
	}
}

// openPart opens partition k and checks it against the map, and its variables
// against those of the others. The caller holds mu.
func (s *Dataset) openPart(k int) (*part, error) {
	if s.closed {
		return nil, fmt.Errorf("genericio: %s: read after Close", s.name)
	}
	name := fmt.Sprintf("%s#%d", s.name, k)
	opts := s.opts
	opts.Name = name
	f, err := openWith(s.open, name, opts)
	if err != nil {
		return nil, fmt.Errorf("genericio: %s: partition %d: %w", s.name, k, err)
	}
	p := &part{file: f}
	if err := s.match(p, k); err != nil {
		f.Close() // only read from
		return nil, &FormatError{File: name, Reason: fmt.Sprintf("is not partition %d of %s", k, s.name), Err: err}
	}
	return p, nil
}

// match checks a partition and fills its index.
func (s *Dataset) match(p *part, k int) error {
	want, ranks := s.members[k], p.file.head.Ranks
	if len(ranks) != len(want) {
		return fmt.Errorf("it has %d ranks, the map gives it %d", len(ranks), len(want))
	}
	p.index = make(map[int]int, len(want))
	for i, r := range ranks {
		if !p.file.globalRanks {
			r.GlobalRank = want[i] // an older file: its ranks are in order
		}
		p.index[r.GlobalRank] = i
	}
	for _, rank := range want {
		if _, ok := p.index[rank]; !ok {
			return fmt.Errorf("it lacks global rank %d, which the map gives it", rank)
		}
	}
	variables := slices.SortedFunc(slices.Values(p.file.head.Variables), func(a, b Variable) int { return cmp.Compare(a.Name, b.Name) })
	if s.variables == nil {
		s.variables = variables
	}
	if !slices.Equal(s.variables, variables) {
		return errors.New("its variables are not those of the other partitions")
	}
	return nil
}
