package storetest

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// last returns whether this is the rank on which a test makes something fail: the
// last, which leads no group if there are others.
func (e *Env) last() bool { return e.C.Rank() == e.C.Size()-1 }

// unchanged checks that the key "old" still has its value, and that there is no
// other key and no file but its own.
func (e *Env) unchanged(s Store, old *soa.Dict, files string) {
	e.has(s, "old", old)
	require.Equal(e, []string{"old"}, s.Keys())
	require.Equal(e, files, join(e.Names()))
	require.Zero(e, s.Stats().Leftover)
}

// withOld opens a store that has the key "old".
func (e *Env) withOld(opts soastore.Options) (s Store, old *soa.Dict, files string) {
	s = e.Open(opts)
	old = e.value(1)
	require.NoError(e, s.Set("old", old))
	return s, old, join(e.Names())
}

func testOddKeys(e *Env) {
	s := e.Open(soastore.Options{})
	keys := []string{"../x", "a/b", ".", "..", ".hidden", "ü 41", "*", "[a]", "a%2Fb", "x\ny", "k.tmp.gio#1", strings.Repeat("k", 128), "\x00", "1", "10"}
	for i, key := range keys {
		require.NoError(e, s.Set(key, e.value(i)), "key %q", key)
	}
	require.Len(e, s.Keys(), len(keys))
	for i, key := range keys {
		e.has(s, key, e.value(i))
	}
	for _, name := range e.Names() {
		require.True(e, strings.HasPrefix(name, "tmp_"), "file %q", name)
	}
	for _, key := range keys {
		require.NoError(e, s.Remove(key))
	}
	require.Empty(e, e.Names())
	require.NoError(e, s.Close())
}

func testBadKeys(e *Env) {
	s, old, files := e.withOld(soastore.Options{})
	for _, key := range []string{"", strings.Repeat("k", 129), "\xff"} {
		e.Fails(s.Set(key, e.value(2)), soastore.ErrKey)
		_, err := s.Get(key)
		require.ErrorIs(e, err, soastore.ErrNotFound)
	}
	if e.Kind.Files && !e.Kind.Arena { // its name would be too long for a file
		e.Fails(s.Set(strings.Repeat("/", 128), e.value(2)), soastore.ErrKey)
	}
	e.unchanged(s, old, files)
	require.NoError(e, s.Close())
}

// testBadValues gives a bad value on one rank, good ones on the others.
func testBadValues(e *Env) {
	s, old, files := e.withOld(soastore.Options{})
	bad := func(change func(d *soa.Dict)) *soa.Dict {
		d := e.value(2)
		if e.last() {
			change(d)
		}
		return d
	}
	for _, key := range []string{"old", "new"} {
		e.Fails(s.Set(key, bad(func(d *soa.Dict) { d.Clear() })), soastore.ErrNoField)
		e.Fails(s.Set(key, bad(func(d *soa.Dict) { d.Set("x", soa.Array{}) })), soastore.ErrDType)
		e.unchanged(s, old, files)
		if e.Kind.Ragged {
			continue
		}
		e.Fails(s.Set(key, bad(func(d *soa.Dict) { d.Set("x", soa.Of(make([]float32, 1234))) })), soastore.ErrShape)
		e.Fails(s.Set(key, bad(func(d *soa.Dict) { d.Set("x", soa.Shaped([]float32{1})) })), soastore.ErrShape)
		e.Fails(s.Set(key, bad(func(d *soa.Dict) { d.Set("c", soa.Of(make([]complex128, mustRows(d)))) })), soastore.ErrDType)
		e.Fails(s.Set(key, bad(func(d *soa.Dict) { d.Set("b", soa.Of(make([]bool, mustRows(d)))) })), soastore.ErrDType)
		e.unchanged(s, old, files)
	}
	var none *soa.Dict
	e.Fails(s.Set("new", none), soastore.ErrNoField)
	require.NoError(e, s.Close())
}

// testRanksDiffer makes ranks disagree in every way.
func testRanksDiffer(e *Env) {
	if e.C.Size() == 1 {
		return
	}
	s, old, files := e.withOld(soastore.Options{})
	named := fmt.Sprintf("rank %d", e.C.Size()-1)

	d := e.value(2)
	if e.last() {
		d.Delete("id")
	}
	err := s.Set("old", d)
	e.Fails(err, comm.ErrSchema)
	require.ErrorContains(e, err, named)

	d = e.value(2)
	if e.last() {
		d.Set("x", soa.Of(make([]float64, mustRows(d))))
	}
	e.Fails(s.Set("new", d), comm.ErrSchema)

	key := "new"
	if e.last() {
		key = "other"
	}
	err = s.Set(key, e.value(2))
	e.Fails(err, comm.ErrOrder)
	require.ErrorContains(e, err, named)

	if e.last() {
		_, err = s.Pop("old")
	} else {
		err = s.Remove("old")
	}
	e.Fails(err, comm.ErrOrder)
	e.unchanged(s, old, files)

	// Fields in another order are the same fields.
	d = e.value(3)
	if e.last() {
		d, _ = d.Select("lvl", "mask", "id", "x")
	}
	require.NoError(e, s.Set("old", d))
	got, err := s.GetField("old", "x", "id", "mask", "lvl")
	require.NoError(e, err)
	e.equal(e.value(3), got)
	require.NoError(e, s.Close())
}

// testCancelled ends the context of one rank.
func testCancelled(e *Env) {
	s, old, files := e.withOld(soastore.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if e.last() {
		cancel()
	}
	e.Fails(s.SetContext(ctx, "new", e.value(2)), context.Canceled)
	e.Fails(s.SetContext(ctx, "old", e.value(2)), context.Canceled)
	e.Fails(s.RemoveContext(ctx, "old"), context.Canceled)
	_, err := s.PopContext(ctx, "old")
	e.Fails(err, context.Canceled)
	e.Fails(s.ClearContext(ctx), context.Canceled)
	e.unchanged(s, old, files)
	_, err = s.GetContext(ctx, "old")
	require.Equal(e, e.last(), err != nil, "a read is this rank's own: %v", err)
	require.NoError(e, s.Close())
}

func testClosed(e *Env) {
	s, _, _ := e.withOld(soastore.Options{})
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
	require.ErrorIs(e, s.Set("k", e.value(1)), soastore.ErrClosed)
	_, err := s.Get("old")
	require.ErrorIs(e, err, soastore.ErrClosed)
	_, err = s.Pop("old")
	require.ErrorIs(e, err, soastore.ErrClosed)
	require.ErrorIs(e, s.Remove("old"), soastore.ErrClosed)
	require.ErrorIs(e, s.Clear(), soastore.ErrClosed)
	require.ErrorIs(e, s.Close(), soastore.ErrClosed)
	require.False(e, s.Has("old"))
	require.Zero(e, s.Len())
}

func testStats(e *Env) {
	s := e.Open(soastore.Options{})
	a := e.rows(1, 1000)
	size := int64(a.NBytes())
	require.NoError(e, s.Set("a", a))
	require.NoError(e, s.Set("b", a))
	_, err := s.Get("a")
	require.NoError(e, err)
	_, err = s.GetField("a", "id")
	require.NoError(e, err)
	require.NoError(e, s.Remove("b"))
	st := s.Stats()
	require.Equal(e, 1, st.Keys)
	require.Equal(e, size, st.Bytes)
	require.Equal(e, 2*size, st.BytesSet)
	require.Equal(e, size+8000, st.BytesGot)
	require.Equal(e, [3]int64{2, 2, 1}, [3]int64{st.Sets, st.Gets, st.Removes})
	require.Positive(e, st.Writing)
	require.Positive(e, st.Reading)
	require.Positive(e, st.Cleanup)
	switch {
	case e.Kind.Packed:
		require.Less(e, st.Memory, size)
		require.Positive(e, st.Memory)
	case !e.Kind.Files:
		require.Equal(e, size, st.Memory)
		require.Zero(e, st.Files)
	case e.Kind.Arena:
		require.Equal(e, 1, st.Files)
		require.GreaterOrEqual(e, st.Disk, size)
		require.Less(e, st.Disk, size+1<<20)
	default:
		require.Zero(e, st.Memory)
		e.statsMatchDisk(st)
	}
	require.NoError(e, s.Close())
}

// statsMatchDisk checks that the files of all ranks together are those there are.
func (e *Env) statsMatchDisk(st soastore.Stats) {
	all, err := comm.Allreduce(context.Background(), e.C, comm.Sum[int64], []int64{int64(st.Files), st.Disk, st.Spare})
	require.NoError(e, err)
	var size, spare int64
	names := e.Names()
	require.NoError(e, filepath.WalkDir(e.Dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			info, err = d.Info()
			if strings.Contains(strings.TrimPrefix(path, e.Dir), ".spare") { // it, or the folder that it is in
				spare += info.Size()
			} else {
				size += info.Size()
			}
		}
		return err
	}))
	require.Equal(e, []int64{int64(len(names)), size, spare}, all)
}

// testIndependent lets every rank do as it likes.
func testIndependent(e *Env) {
	s := e.Open(soastore.Options{Independent: true})
	mine := fmt.Sprintf("of %d", e.C.Rank())
	for range 1 + e.C.Rank() { // not the same number of calls on all ranks
		require.NoError(e, s.Set(mine, e.value(1)))
		require.NoError(e, s.Set("shared name", e.value(2)))
	}
	e.has(s, mine, e.value(1))
	e.has(s, "shared name", e.value(2))
	require.Equal(e, []string{mine, "shared name"}, s.Keys())
	require.NoError(e, s.Remove(mine))
	require.ErrorIs(e, s.Remove("of nobody"), soastore.ErrNotFound)
	got, err := s.Pop("shared name")
	require.NoError(e, err)
	e.equal(e.value(2), got)
	require.NoError(e, s.Set("left", e.value(3)))
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// testConcurrent reads while values are replaced: each read is of one value as a
// whole.
func testConcurrent(e *Env) {
	s := e.Open(soastore.Options{CopyOnSet: true})
	require.NoError(e, s.Set("k", e.rows(0, 500)))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	errs := make(chan error, 2)
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() { errs <- e.readUntil(ctx, s, 15) })
	}
	for i := range 16 {
		require.NoError(e, s.Set("k", e.rows(i, 500)))
	}
	readers.Wait()
	for range 2 {
		require.NoError(e, <-errs)
	}
	require.NoError(e, s.Close())
}

// readUntil reads the key k until it finds the value of seed final.
func (e *Env) readUntil(ctx context.Context, s Store, final int) error {
	for {
		d, err := s.GetContext(ctx, "k")
		if err != nil {
			return err
		}
		id, err := soa.Column[int64](d, "id")
		if err != nil {
			return err
		}
		seed := int(id[0] >> 32)
		if want := e.rows(seed, 500); !want.Equal(d) {
			return fmt.Errorf("read %v, which is no whole value", d)
		}
		if seed == final {
			return nil
		}
	}
}
