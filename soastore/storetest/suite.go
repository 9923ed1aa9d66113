// Package storetest is the one suite of tests that every store passes, on ranks
// of every kind: goroutines, or the processes of an MPI job.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// Kind is a kind of store under test.
type Kind struct {
	Name   string
	Ragged bool // takes arrays of any shape and type, of different lengths
	Files  bool // keeps values in files
	Packed bool // keeps compressed copies in memory
	Varied bool // differs from another kind only in how it packs values
	NoSums bool // files have no checksums: only a wrong size is seen
	Arena  bool // keeps the values of a rank in one file, which is there while the store is open
	Tiered bool // keeps values in memory first
	// Recycles says that what removed and replaced values were in is written over.
	Recycles bool
	Open     opener
}

// filesVary reports whether a key's value need not have a file of its own from Set on.
func (k Kind) filesVary() bool { return k.Arena || k.Tiered }

// Kinds are all kinds of store.
var Kinds = []Kind{
	{Name: "gio memory", Open: openGenericIO},
	{Name: "npz memory", Ragged: true, Open: openNPZ},
	{Name: "memory, auto", Ragged: true, Packed: true, Open: with(openNPZ, soastore.Options{MemoryCodec: "auto"})},
	{Name: "memory, zstd", Ragged: true, Packed: true, Open: with(openNPZ, soastore.Options{MemoryCodec: "zstd:1:bit"})},
	{Name: "npz deflate", Varied: true, Ragged: true, Files: true, Recycles: true, Open: with(openNPZ, soastore.Options{Codec: "deflate:1"})},
	{Name: "gio per rank", Files: true, Recycles: true, Open: openGenericIO},
	{Name: "gio per node", Files: true, Open: layout(soastore.LayoutPerNode)},
	{Name: "gio per node, zstd", Varied: true, Files: true, Open: with(layout(soastore.LayoutPerNode), soastore.Options{Codec: "zstd:1"})},
	{Name: "gio lz4", Varied: true, Files: true, Recycles: true, Open: with(openGenericIO, soastore.Options{Codec: "lz4:bit"})},
	{Name: "gio one file", Files: true, Open: layout(soastore.LayoutOneFile)},
	{Name: "npz", Ragged: true, Files: true, Recycles: true, Open: openNPZ},
	{Name: "memmap", Ragged: true, Files: true, NoSums: true, Recycles: true, Open: Opens(soastore.NewMemmap)},
	{Name: "tiered, memory", Ragged: true, Tiered: true, Open: tiered(soastore.TierOptions{Memory: 1 << 20})},
	{Name: "tiered, little memory", Ragged: true, Files: true, Arena: true, Tiered: true, Open: tiered(soastore.TierOptions{Memory: 700})},
	{Name: "tiered, all tiers", Ragged: true, Files: true, Arena: true, Tiered: true,
		Open: tiered(soastore.TierOptions{Memory: 2000, Compressed: 2000, Async: true})},
	{Name: "tiered, npz", Varied: true, Ragged: true, Files: true, Tiered: true,
		Open: tiered(soastore.TierOptions{Memory: 700, Open: soastore.NewNPZ})},
	{Name: "arena", Ragged: true, Files: true, Arena: true, Open: Opens(soastore.NewArena)},
}

type opener = func(*partition.Partition, soastore.Options) (Store, error)

// Store is what the suite needs of a store.
type Store interface {
	soastore.Store
	SetContext(ctx context.Context, key string, d *soa.Dict) error
	GetContext(ctx context.Context, key string) (*soa.Dict, error)
	RemoveContext(ctx context.Context, key string) error
	ClearContext(ctx context.Context) error
	PopContext(ctx context.Context, key string) (*soa.Dict, error)
}

// Opens makes an opener of the function that opens a kind of store.
func Opens[S Store](open func(*partition.Partition, soastore.Options) (S, error)) opener {
	return func(p *partition.Partition, opts soastore.Options) (Store, error) {
		s, err := open(p, opts)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// with opens a store with the codecs of some options.
func with(open opener, o soastore.Options) opener {
	return func(p *partition.Partition, opts soastore.Options) (Store, error) {
		opts.Codec, opts.MemoryCodec = o.Codec, o.MemoryCodec
		return open(p, opts)
	}
}

var openGenericIO = Opens(func(p *partition.Partition, opts soastore.Options) (*soastore.Spill, error) {
	return soastore.NewGenericIO(p, 256, opts)
})

var openNPZ = Opens(soastore.NewNPZ)

func layout(l soastore.Layout) opener {
	return func(p *partition.Partition, opts soastore.Options) (Store, error) {
		opts.Layout = l
		return openGenericIO(p, opts)
	}
}

// Ranks runs fn on all ranks of a group and fails t if one returns an error.
type Ranks func(t *testing.T, fn func(c comm.Comm) error)

// InProcess runs fn on n ranks of this process, on hosts of two ranks each.
func InProcess(n int) Ranks {
	var hosts []string
	for rank := range n {
		hosts = append(hosts, fmt.Sprintf("node%d", rank/2))
	}
	return func(t *testing.T, fn func(c comm.Comm) error) {
		t.Helper()
		require.NoError(t, comm.Run(n, fn, comm.Hosts(hosts...)))
	}
}

// Env is what one rank's part of a test works with. Its assertions (it is a
// require.TestingT) end the test on this rank and so on all.
type Env struct {
	Kind Kind
	C    comm.Comm
	P    *partition.Partition
	Dir  string // an empty folder that all ranks see
}

// Errorf and FailNow make Env a require.TestingT.
func (e *Env) Errorf(format string, args ...any) {
	panic(failure(fmt.Sprintf(format, args...)))
}

// FailNow is never reached: Errorf ends the test.
func (e *Env) FailNow() { panic(failure("failed")) }

// failure is what a failed assertion panics with.
type failure string

// Open opens a store of the kind under test, in the test's folder if it keeps
// files, and fails the test if that fails.
func (e *Env) Open(opts soastore.Options) Store {
	s, err := e.TryOpen(opts)
	require.NoError(e, err)
	return s
}

// TryOpen is Open, returning the error.
func (e *Env) TryOpen(opts soastore.Options) (Store, error) {
	if e.Kind.Files && opts.Path == "" {
		opts.Path = filepath.Join(e.Dir, "tmp")
	}
	return e.Kind.Open(e.P, opts)
}

// Names returns the names of the files in the test's folder, on every rank, but for
// those that an open store keeps to write over, or has in any case.
func (e *Env) Names() []string {
	return slices.DeleteFunc(e.Left(), func(name string) bool {
		return strings.HasSuffix(name, ".spare") || strings.HasSuffix(name, ".arena")
	})
}

// Left returns the names of all files in the test's folder, on every rank.
func (e *Env) Left() []string {
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	names := e.list()
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	return names
}

func (e *Env) list() []string {
	entries, err := os.ReadDir(e.Dir)
	require.NoError(e, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// SameText fails the test unless all ranks give the same text.
func (e *Env) SameText(text string) {
	all, err := comm.Allgather(context.Background(), e.C, []byte(text))
	require.NoError(e, err)
	for rank, other := range all {
		require.Equal(e, text, string(other), "rank %d has another one", rank)
	}
}

// Fails checks that err is of the given kind, and the same on all ranks.
func (e *Env) Fails(err, kind error) {
	require.ErrorIs(e, err, kind)
	e.SameText(err.Error())
}

// tests are the suite.
var tests = []struct {
	name  string
	test  func(e *Env)
	files bool // only for stores that keep files
}{
	{"set and get", testSetGet, false},
	{"types and shapes", testTypes, false},
	{"fields", testFields, false},
	{"get into", testGetInto, false},
	{"view", testView, false},
	{"overwrite", testOverwrite, false},
	{"pop and remove", testPopRemove, false},
	{"missing key", testMissing, false},
	{"keys and clear", testKeysClear, false},
	{"odd keys", testOddKeys, false},
	{"bad keys", testBadKeys, false},
	{"bad values", testBadValues, false},
	{"ranks differ", testRanksDiffer, false},
	{"cancelled", testCancelled, false},
	{"closed", testClosed, false},
	{"stats", testStats, false},
	{"caller's memory", testOwnership, false},
	{"independent", testIndependent, false},
	{"read while replaced", testConcurrent, false},
	{"random operations", testRandom, false},
	{"files are removed", testFilesRemoved, true},
	{"keep and reopen", testReopen, true},
	{"independent, reopened", testIndependentReopen, true},
	{"in use", testInUse, true},
	{"not ours to replace", testForeign, true},
	{"damaged file", testDamaged, true},
	{"purged", testPurged, true},
	{"no folder", testNoFolder, true},
}

// Run runs the suite for a kind of store on ranks. newDir returns, on rank 0, an
// empty folder.
func Run(t *testing.T, ranks Ranks, kind Kind, newDir func(t *testing.T) string) {
	for _, test := range tests {
		if test.files && !kind.Files {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			ranks(t, func(c comm.Comm) error { return runRank(t, c, kind, newDir, test.test) })
		})
	}
}

// runRank is one rank's part of a test.
func runRank(t *testing.T, c comm.Comm, kind Kind, newDir func(t *testing.T) string, test func(*Env)) (err error) {
	dir := ""
	if c.Rank() == 0 {
		dir = newDir(t)
	}
	name, err := comm.Bcast(context.Background(), c, 0, []byte(dir))
	if err != nil {
		return err
	}
	return OneRank(c, kind, string(name), test)
}

// OneRank runs test on one rank, with dir as its folder. A failed assertion is an
// error, which ends the test on the other ranks too.
func OneRank(c comm.Comm, kind Kind, dir string, test func(*Env)) (err error) {
	p, err := partition.New(c, partition.Options{})
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			text, ok := p.(failure)
			if !ok {
				panic(p)
			}
			err = errors.New(string(text))
		}
	}()
	test(&Env{Kind: kind, C: c, P: p, Dir: dir})
	return comm.Barrier(context.Background(), c) // before rank 0 removes the folder
}

// value returns a Dict of this rank's own: some rows, different on every rank, and
// none on rank 1.
func (e *Env) value(seed int) *soa.Dict {
	n := 50 + 7*e.C.Rank() + seed%11
	if e.C.Rank() == 1 {
		n = 0
	}
	return e.rows(seed, n)
}

// rows returns a Dict of n rows.
func (e *Env) rows(seed, n int) *soa.Dict {
	x := make([]float32, n)
	id := make([]int64, n)
	mask := make([]uint16, n)
	lvl := make([]int8, n)
	for i := range n {
		x[i] = float32(seed) + float32(i)/16
		id[i] = int64(seed)<<32 + int64(e.C.Rank())<<24 + int64(i)
		mask[i] = uint16(seed * i)
		lvl[i] = int8(i)
	}
	d := soa.NewDict()
	d.Set("x", soa.Of(x))
	d.Set("id", soa.Of(id))
	d.Set("mask", soa.Of(mask))
	d.Set("lvl", soa.Of(lvl))
	return d
}

func (e *Env) equal(want, have *soa.Dict) {
	if !want.Equal(have) {
		e.Errorf("want %v, have %v (or other elements)", want, have)
	}
}

// has checks that the value of key is want, by every way to read it.
func (e *Env) has(s soastore.Store, key string, want *soa.Dict) {
	require.True(e, s.Has(key))
	have, err := s.Get(key)
	require.NoError(e, err)
	e.equal(want, have)
	last := want.Names()[want.Len()-1]
	part, err := s.GetField(key, last)
	require.NoError(e, err)
	one, err := want.Select(last)
	require.NoError(e, err)
	e.equal(one, part)
	require.NoError(e, s.View(key, nil, func(d *soa.Dict) error {
		e.equal(want, d)
		return nil
	}))
}

func join(names []string) string { return strings.Join(names, "\n") }
