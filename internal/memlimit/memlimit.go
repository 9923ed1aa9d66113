package memlimit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
)

// Limit says how much memory the caller should use.
type Limit struct {
	Bytes  int64  // for this rank
	Node   int64  // for all ranks of the node together
	Source string // which limit decided, for people: "cgroup v2 /a/b memory.max 8.0 GiB"
}

// Fraction is the part of the memory that is free which [Find] gives to its caller.
// The rest is for the program itself, for the buffers of MPI, and for what the Go
// runtime needs beside live memory.
const Fraction = 0.5

// ErrFormat says that a file of the kernel does not read as it should. It is not
// passed over, because a limit that is overlooked ends in the death of the job.
var ErrFormat = errors.New("not the format of the kernel")

// Find returns how much memory each of ranksOnNode processes like this one should use:
// an equal part of [Fraction] of what is free on the node. Files of the system that
// are missing, or may not be read, say nothing. The error is an errors.ErrUnsupported
// where none says anything (systems other than Linux, unless GOMEMLIMIT is set), an
// ErrFormat, or an fs.ErrInvalid if there are no ranks.
func Find(ranksOnNode int) (Limit, error) {
	return find(filesBelow("/"), ownBounds, ranksOnNode)
}

// A bound is a limit and how much of it is in use.
type bound struct {
	name        string // for people
	limit, used int64  // bytes, of which used is 0 if it is not known
	rank        bool   // it binds each rank by itself
}

// unlimited is the least of the numbers that stand for no limit. The kernel has
// several, all of them just below 1<<63 or 1<<64.
const unlimited = 1 << 62

func find(read files, own func(files) ([]bound, error), ranks int) (Limit, error) {
	if ranks < 1 {
		return Limit{}, fmt.Errorf("memlimit: %w: %d ranks on a node", fs.ErrInvalid, ranks)
	}
	var bounds []bound
	for _, source := range []func(files) ([]bound, error){groupBounds, machineBounds, own} {
		more, err := source(read)
		if err != nil {
			return Limit{}, fmt.Errorf("memlimit: %w", err)
		}
		bounds = append(bounds, more...)
	}
	if len(bounds) == 0 {
		return Limit{}, fmt.Errorf("memlimit: %w: the system does not say how much memory there is", errors.ErrUnsupported)
	}
	least := slices.MinFunc(bounds, func(a, b bound) int { return cmp.Compare(a.node(ranks), b.node(ranks)) })
	node := int64(Fraction * float64(least.node(ranks)))
	return Limit{node / int64(ranks), node, least.String()}, nil
}

func (b bound) free() int64 { return max(0, b.limit-b.used) }

// node returns what is free for all ranks of the node.
func (b bound) node(ranks int) int64 {
	if !b.rank {
		return b.free()
	}
	return min(b.free(), math.MaxInt64/int64(ranks)) * int64(ranks)
}

// String returns for example "cgroup v2 /a memory.max 8.0 GiB, of which 3.5 GiB are free".
func (b bound) String() string {
	s := b.name + " " + human(b.limit)
	if b.used > 0 {
		s += ", of which " + human(b.free()) + " are free"
	}
	return s
}

// human returns a number of bytes for people.
func human(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}
