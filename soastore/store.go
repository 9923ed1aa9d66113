package soastore

import (
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// Store keeps Dicts under keys, the same keys on every rank. Which calls are
// collective is part of the interface: Set, Pop, Remove, Clear and Close are, and
// every rank makes them in the same order; all others are local. Local calls may
// be made by several goroutines at once, also during a collective call; they see
// a value as it was before the call or as it is after it.
//
// After a collective call that fails, every rank has the same error and the
// store is as it was before.
type Store interface {
	// Set puts d under key, replacing what is there. Collective. The Dicts of all
	// ranks have the same fields of the same types; the number of rows is each
	// rank's own, and zero is fine.
	Set(key string, d *soa.Dict) error
	// Get returns the value of key, or an ErrNotFound. Local.
	Get(key string) (*soa.Dict, error)
	// GetField returns a Dict of the named fields of key's value in that order,
	// reading no others. Local.
	GetField(key string, names ...string) (*soa.Dict, error)
	// GetInto reads key's value into d, in the memory of those of d's arrays that
	// have the field's name and are large enough; other fields of d are dropped.
	// If d has no fields it is as Get. Local. After an error d's elements are
	// undefined.
	GetInto(key string, d *soa.Dict) error
	// View calls fn with the named fields of key's value, or all if there are no
	// names, without copying them where their layout in the file permits. The
	// arrays are read-only and end with fn: to write to them is a fault. fn makes
	// no collective call. Local.
	View(key string, names []string, fn func(*soa.Dict) error) error
	// Pop returns the value of key and removes it. Collective. If it fails on one
	// rank, the key stays on all.
	Pop(key string) (*soa.Dict, error)
	// Remove removes key, or returns an ErrNotFound. Collective.
	Remove(key string) error
	// Has reports whether there is a value under key. Local.
	Has(key string) bool
	// Keys returns the keys, sorted. Local.
	Keys() []string
	// Len returns the number of keys. Local.
	Len() int
	// Stats returns what this rank holds and has done. Local.
	Stats() Stats
	// Clear removes all keys, or on an error none. Collective.
	Clear() error
	// Close removes the files that the store wrote, unless Options.Keep, and ends
	// it: every later call returns an ErrClosed. Collective.
	Close() error
}

// Layout is how the ranks of a GenericIO store share files.
type Layout uint8

const (
	// LayoutPerRank gives each rank a file of its own, NAME#n, and writes a rank
	// map NAME. No two ranks write to one file. A single rank writes just NAME.
	LayoutPerRank Layout = iota
	// LayoutPerNode gives the ranks of each node one file NAME#n, and writes a
	// rank map NAME.
	LayoutPerNode
	// LayoutOneFile puts all ranks into one file NAME, in a folder that all see.
	LayoutOneFile
)

func (l Layout) String() string {
	return [...]string{"one file per rank", "one file per node", "one file"}[l]
}

// Verify is when View checks the checksums of what it maps. All other reads check
// what they read, always.
type Verify uint8

const (
	// VerifyAlways checks the fields of every View.
	VerifyAlways Verify = iota
	// VerifyOnce checks a field when it is first viewed after a Set, or after the
	// store was opened.
	VerifyOnce
	// VerifyNever leaves them unchecked: only headers are.
	VerifyNever
)

// Options are the choices in opening a store. The zero value works.
type Options struct {
	// Path is what the names of the store's files begin with: a folder, which must
	// exist, and the first part of a name. The default is to keep values in
	// memory.
	Path string
	// Layout is how ranks share the files of a GenericIO store. The default is
	// LayoutPerRank.
	Layout Layout
	// Independent makes a store of each rank's own: no call is collective, and
	// ranks may hold different keys. The default is the same keys on all ranks.
	Independent bool
	// Codec compresses what goes into files. For GenericIO it names a compressor of
	// Blosc: "lz4", "lz4hc", "zstd", "zlib", "snappy" or "blosclz"; for NPZ there is
	// "deflate". A level from 1 to 9 and, for GenericIO, a shuffle may follow:
	// "zstd:3:bit" (byte, bit or noshuffle). Columns that it makes no smaller stay as
	// they are. The default, also "none", is not to compress.
	Codec string
	// MemoryCodec compresses what a store in memory keeps: "lz4", "s2", "zstd" or
	// "blosc", with level and shuffle as in Codec, or "auto", which chooses for each
	// array by a sample of it. Set then copies, and Get makes new arrays. The
	// default, also "none", is to keep arrays as they are.
	MemoryCodec string
	// CopyOnSet copies the arrays that Set is given, in a store in memory. The
	// default is to keep the caller's memory, so that a later change by the caller
	// changes the value.
	CopyOnSet bool
	// Keep leaves the files in place when the store is closed. The default is to
	// remove those that the store wrote.
	Keep bool
	// Reopen takes in the keys whose files are there already. The default is to
	// refuse to open the store if there are any.
	Reopen bool
	// Redistribute lets a GenericIO store read keys that another number of ranks
	// wrote, dealing out the writers' rows in contiguous runs of ranks. The default
	// is genericio.ErrRankCount.
	Redistribute bool
	// Verify is when View checks checksums. The default is VerifyAlways.
	Verify Verify
	// Writable lets View's function change the elements of a memmap store's values
	// in place. The default is that they are read-only.
	Writable bool
	// RecycleBytes is how many bytes of the files of removed and replaced values this
	// rank keeps, for later Sets to write over, which is several times as fast as
	// writing new files. Of memmap's values it keeps the folders, 32 at most. A file
	// that any process has open, mapped or linked is not written over, nor is a folder
	// with such a file, or with anything that the store did not put there (who holds just
	// the folder open is not noticed). Files that several ranks write are not kept.
	// None are kept on an overlay, and folders only in memory and on local disks (tmpfs,
	// ext4, xfs): elsewhere not all uses of a file are known. Negative is none. The default
	// is as many as the largest value takes, and at least 1 MiB. Of an arena it is how many
	// bytes of free space keep their disk space: by default as many as the largest value
	// took and an eighth of the file, each at least 64 MiB; it always reserves a little
	// ahead.
	RecycleBytes int64
	// Sync makes a value durable before Set returns. The default is not to, since
	// the data are temporary.
	Sync bool
	// Direct moves large values of an arena past the operating system's cache, where
	// the file system can: for values that are not read again soon, and for disks that
	// are faster than copying to the cache. The default is through the cache.
	Direct bool
	// Coordinates names the fields that are the physical x, y and z coordinates,
	// which GenericIO files flag. The default is none.
	Coordinates [3]string
	// Ghosts names the fields that may describe ghost rows, which GenericIO files
	// flag. The default is none.
	Ghosts []string
	// Timeout is how long a collective call waits for the other ranks; after it
	// the store is broken on all of them. The default is to wait for ever.
	Timeout time.Duration

	fs    fsys.FS // for fault tests; nil is the machine's
	below bool    // it is below tiers: keys are IDs, which are longer
	limit int64   // bytes that an arena may take; 0 for no limit
}

// Stats is what one rank holds in a store and has done with it. It is plain data: as
// an expvar.Func, or by encoding/json, it is JSON, with durations in nanoseconds.
type Stats struct {
	Keys   int   // values held
	Bytes  int64 // bytes of their elements on this rank
	Memory int64 // bytes that values take in memory, compressed if they are
	Files  int   // files of this rank on disk (a shared file counts on one rank)
	Disk   int64 // bytes of those files
	Spare  int64 // bytes of files kept to be written over

	Sets, Gets, Removes int64 // calls that succeeded; Pop is a Get and a Remove
	BytesSet, BytesGot  int64 // bytes of elements that they moved

	Writing, Reading, Cleanup time.Duration // time in Set, in reads, in Remove and Close

	Leftover int // files that could not be removed yet; Close tries again

	// Of a tiered store:
	Unwritten int64       // bytes of elements that are in memory only
	Failures  int64       // writes and reads in the background that failed
	Budget    string      // how the memory budget was found
	Tiers     []TierStats // the highest first
	Paths     []PathStats // where files go
}
