package soastore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/soastore/soa/comm"
)

// grouping says which ranks see one folder and which write one file.
type grouping struct {
	folder   comm.Comm // the ranks that see this rank's folder
	folders  int       // how many such groups there are
	writers  comm.Comm // the ranks that write one data file with this one
	number   int       // the number of that file among all, from 0
	numbers  []int     // the same for every rank
	nnumbers int       // how many data files there are
}

// indexed reports whether data files are found through a rank map.
func (g *grouping) indexed() bool { return g.nnumbers > 1 }

// anyShared reports whether some ranks, maybe not this one, write to one file.
func (g *grouping) anyShared() bool { return g.nnumbers < len(g.numbers) }

// shared reports whether other ranks write to this rank's file.
func (g *grouping) shared() bool { return g.writers.Size() > 1 }

// leads reports whether this rank acts for its folder.
func (g *grouping) leads() bool { return g.folder.Rank() == 0 }

func (g *grouping) close() error {
	if g == nil {
		return nil
	}
	return errors.Join(g.folder.Close(), g.writers.Close())
}

// alone is the grouping of a rank that shares nothing.
func alone(rank int) *grouping {
	return &grouping{folder: comm.Self(), folders: 1, writers: comm.Self(), number: rank, numbers: []int{rank}, nnumbers: 1}
}

// groupRanks finds out which ranks see one folder, and groups them by layout.
// Collective.
func (s *Spill) groupRanks(ctx context.Context, call *call) (*grouping, error) {
	hosts, err := comm.SplitByHost(ctx, s.comm)
	if err != nil {
		return nil, err
	}
	defer hosts.Close()
	hostOf, nhosts, err := numberGroups(ctx, s.comm, hosts)
	if err != nil {
		return nil, err
	}
	host := hostOf[s.comm.Rank()]
	g := &grouping{}
	color, err := s.probeFolder(call, hosts.Rank() == 0, host, nhosts)
	if err != nil {
		return nil, err
	}
	if g.folder, err = s.comm.Split(ctx, color, 0); err != nil {
		return nil, err
	}
	if _, g.folders, err = numberGroups(ctx, s.comm, g.folder); err != nil {
		return nil, err
	}
	if s.opts.Layout == LayoutOneFile && g.folders > 1 {
		err = fmt.Errorf("%w: %v needs a folder that all ranks see, but there are %d of the name %s; choose LayoutPerNode or LayoutPerRank", ErrOptions, s.opts.Layout, g.folders, filepath.Dir(s.opts.Path))
	}
	if err := call.agree(err, ""); err != nil {
		return nil, errors.Join(err, g.folder.Close())
	}
	color = s.comm.Rank() // by default each for itself
	switch s.opts.Layout {
	case LayoutPerNode:
		color = host
	case LayoutOneFile:
		color = 0
	}
	if g.writers, err = s.comm.Split(ctx, color, 0); err != nil {
		return nil, err
	}
	if g.numbers, g.nnumbers, err = numberGroups(ctx, s.comm, g.writers); err != nil {
		return nil, err
	}
	g.number = g.numbers[s.comm.Rank()]
	return g, nil
}

// numberGroups numbers the groups that c was split into by their lowest rank, and
// returns each rank's group's number and how many there are.
func numberGroups(ctx context.Context, c, part comm.Comm) (numbers []int, n int, err error) {
	members, err := comm.Allgather(ctx, part, []int64{int64(c.Rank())})
	if err != nil {
		return nil, 0, err
	}
	leads, err := comm.Allgather(ctx, c, members[0])
	if err != nil {
		return nil, 0, err
	}
	number := map[int64]int{}
	for rank, lead := range leads {
		if lead[0] == int64(rank) {
			number[lead[0]] = len(number)
		}
		numbers = append(numbers, number[lead[0]])
	}
	return numbers, len(number), nil
}

// probeFolder returns the lowest number of a host whose leader's probe file this
// rank sees: the ranks that see one folder get the same.
func (s *Spill) probeFolder(call *call, leader bool, host, nhosts int) (color int, err error) {
	probe := func(h int) string { return fmt.Sprintf("%s_%s.probe%d", s.opts.Path, s.token, h) }
	if leader {
		err = s.touch(probe(host))
		defer func() { s.left(s.newChange().remove([]string{probe(host)})) }()
	}
	if err := call.agree(err, ""); err != nil {
		return 0, err
	}
	for color = range nhosts {
		if _, err = s.fs.Lstat(probe(color)); !errors.Is(err, fs.ErrNotExist) {
			break // it is there, or who knows
		}
	}
	return color, call.agree(err, "")
}

func (s *Spill) touch(name string) error {
	f, err := s.fs.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return err
	}
	return f.Close()
}
