package soastore

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/soastore/soa/partition"
)

// Path is a place for files, and how much of it a rank may use.
type Path struct {
	// Path is as Options.Path.
	Path string
	// Limit is the most bytes that this rank's files may take there. The default is
	// no limit but the disk's.
	Limit int64
}

// TierOptions are the choices in opening a tiered store. The zero value works: it
// keeps values in memory, within what the machine has.
type TierOptions struct {
	// Memory is the most bytes of elements that this rank keeps as they are. The
	// default is a part of what its control groups and the machine leave to the ranks
	// of this node; Stats says how much, and how it was found.
	Memory int64
	// Compressed is the most bytes that this rank keeps compressed, of elements that
	// had to leave Memory. The default is none.
	Compressed int64
	// MemoryCodec compresses them, as Options.MemoryCodec does. The default is "lz4".
	MemoryCodec string
	// Path is short for Paths with one element without a limit.
	Path string
	// Paths are where files go, of values that had to leave memory: to the first that
	// has room. The default is no files.
	Paths []Path
	// Disk is the most bytes that this rank's files may take in all Paths. The default
	// is no limit but theirs. On a tmpfs, which is memory, it is what the memory found
	// leaves beside Memory.
	Disk int64
	// Open opens the stores that write the files, one for each of Paths. The default
	// is NewArena.
	Open func(p *partition.Partition, opts Options) (*Spill, error)
	// Files are the options of these stores: Codec, Sync, Direct, RecycleBytes and
	// Verify. The others are set by those here.
	Files Options
	// Weight says what a field of a value is worth in memory: those that weigh least
	// leave it first, of equal ones the least recently used. It must not call the
	// store. The default is the same for all.
	Weight func(key, field string, bytes int64) float64
	// Async writes values into files in the background, the oldest first, so that
	// they can leave memory at once when room is needed. The default is to write when
	// room is needed.
	Async bool
	// Writers is how many goroutines do that. The default is 1.
	Writers int
	// CopyOnSet copies the arrays that Set is given. The default is to keep the
	// caller's memory, which nobody may change from then on.
	CopyOnSet bool
	// Independent, Keep, Reopen and Timeout are as in Options. With Keep, Close writes
	// all values into files. Reopen takes in the values of which every rank has a
	// file; what was in memory only when a job was killed is lost with it.
	Independent bool
	Keep        bool
	Reopen      bool
	Timeout     time.Duration
	// Log is told once of paths where files are slow, or are memory. The default is
	// slog.Default.
	Log *slog.Logger
}

// paths returns Paths, or Path as one.
func (o *TierOptions) paths() []Path {
	if o.Path != "" {
		return []Path{{Path: o.Path}}
	}
	return o.Paths
}

// check reports options that do not fit, on this rank, naming them.
func (o *TierOptions) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrOptions}, args...)...)
	}
	paths, f := o.paths(), o.Files
	switch {
	case o.Memory < 0 || o.Compressed < 0 || o.Disk < 0 || o.Writers < 0 || o.Timeout < 0:
		return fail("Memory %d, Compressed %d, Disk %d, Writers %d and Timeout %d: none may be negative", o.Memory, o.Compressed, o.Disk, o.Writers, o.Timeout)
	case o.Path != "" && o.Paths != nil:
		return fail("Path %q and Paths %v: one of the two", o.Path, o.Paths)
	case len(paths) == 0 && o.Disk > 0:
		return fail("Disk %d, but no Path for files", o.Disk)
	case len(paths) == 0 && (o.Keep || o.Reopen || o.Async):
		return fail("Keep %t, Reopen %t, Async %t, but no Path for files", o.Keep, o.Reopen, o.Async)
	case len(paths) == 0 && o.Open != nil:
		return fail("Open, but no Path for files")
	case len(paths) == 0 && (f.Codec != "" || f.Sync || f.Direct || f.RecycleBytes != 0 || f.Verify != VerifyAlways):
		return fail("Files, but no Path for them")
	case o.Writers > 0 && !o.Async:
		return fail("Writers %d, but not Async", o.Writers)
	case o.Compressed == 0 && o.MemoryCodec != "":
		return fail("MemoryCodec %q, but Compressed 0", o.MemoryCodec)
	case o.Compressed > 0 && o.MemoryCodec == "none":
		return fail("Compressed %d, but MemoryCodec %q", o.Compressed, o.MemoryCodec)
	}
	for i, p := range paths {
		switch {
		case p.Path == "":
			return fail("Paths[%d] is empty", i)
		case p.Limit < 0:
			return fail("Paths[%d], %s, has the Limit %d", i, p.Path, p.Limit)
		}
		for k, other := range paths[:i] {
			if other.Path == p.Path {
				return fail("Paths[%d] and Paths[%d] are both %s", k, i, p.Path)
			}
		}
	}
	return o.checkFiles()
}

// checkFiles refuses what Files cannot say.
func (o *TierOptions) checkFiles() error {
	f := o.Files
	if f.Path != "" || f.MemoryCodec != "" || f.Independent || f.CopyOnSet || f.Keep || f.Reopen || f.Redistribute || f.Writable || f.Timeout != 0 ||
		f.Layout != LayoutPerRank || f.Coordinates != [3]string{} || f.Ghosts != nil {
		return fmt.Errorf("%w: Files has an option that is the tiered store's: there are Codec, Sync, Direct, RecycleBytes and Verify", ErrOptions)
	}
	return nil
}

// String lists what must be the same on all ranks.
func (o *TierOptions) String() string {
	return fmt.Sprintf("tiered, with files %t, async %t, keep %t, reopen %t", len(o.paths()) > 0, o.Async, o.Keep, o.Reopen)
}
