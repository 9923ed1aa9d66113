package storetest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

func testFilesRemoved(e *Env) {
	s := e.Open(soastore.Options{})
	for i := range 4 {
		require.NoError(e, s.Set("k", e.value(i)))
		for _, name := range e.Names() {
			require.NotContains(e, name, ".partial")
			require.NotContains(e, name, ".old")
			info, err := os.Lstat(filepath.Join(e.Dir, name))
			require.NoError(e, err)
			if info.IsDir() {
				require.Equal(e, os.ModeDir|0o700, info.Mode())
				continue
			}
			require.Equal(e, os.FileMode(0o600), info.Mode())
		}
	}
	require.NoError(e, s.Remove("k"))
	require.Empty(e, e.Names())
	require.NoError(e, s.Set("l", e.value(1)))
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

func testReopen(e *Env) {
	s := e.Open(soastore.Options{Keep: true})
	require.NoError(e, s.Set("a", e.value(1)))
	require.NoError(e, s.Set("b/c", e.value(2)))
	require.NoError(e, s.Set("b/c", e.value(3))) // by now in its second set of files
	require.NoError(e, s.Close())
	names := e.Left()
	require.NotEmpty(e, names)

	s = e.Open(soastore.Options{Reopen: true, Keep: true})
	require.Equal(e, []string{"a", "b/c"}, s.Keys())
	e.has(s, "a", e.value(1))
	e.has(s, "b/c", e.value(3))
	for i := range 3 {
		require.NoError(e, s.Set("b/c", e.value(4+i)))
		e.has(s, "b/c", e.value(4+i))
		if !e.Kind.filesVary() {
			require.Len(e, e.Names(), len(names))
		}
	}
	require.NoError(e, s.Close())

	// Without Keep a store removes what it wrote itself, and no more.
	s = e.Open(soastore.Options{Reopen: true})
	e.has(s, "b/c", e.value(6))
	require.NoError(e, s.Set("d", e.value(1)))
	require.NoError(e, s.Remove("a"))
	require.NoError(e, s.Close())
	s = e.Open(soastore.Options{Reopen: true})
	require.Equal(e, []string{"b/c"}, s.Keys())
	got, err := s.Pop("b/c")
	require.NoError(e, err)
	e.equal(e.value(6), got)
	require.Empty(e, e.Names())
	require.NoError(e, s.Close())
}

func testInUse(e *Env) {
	s := e.Open(soastore.Options{Keep: true})
	require.NoError(e, s.Set("a", e.value(1)))
	_, err := e.TryOpen(soastore.Options{})
	e.Fails(err, soastore.ErrInUse)
	if !e.Kind.filesVary() { // an arena must be opened to know, and the keys of tiers are not their files'
		require.ErrorContains(e, err, `"a"`)
	}
	require.NoError(e, s.Close())
	_, err = e.TryOpen(soastore.Options{})
	e.Fails(err, soastore.ErrInUse)
	s = e.Open(soastore.Options{Reopen: true})
	e.has(s, "a", e.value(1))
	require.NoError(e, s.Close())
}

// testForeign sets a key whose file name another store's value has already.
func testForeign(e *Env) {
	if e.Kind.filesVary() { // no file has just the name of a key
		return
	}
	theirs := e.Open(soastore.Options{Path: filepath.Join(e.Dir, "run_a")})
	ours := e.Open(soastore.Options{Path: filepath.Join(e.Dir, "run")})
	require.NoError(e, theirs.Set("1", e.value(1)))
	files := join(e.Names())
	e.Fails(ours.Set("a_1", e.value(2)), soastore.ErrInUse)
	require.False(e, ours.Has("a_1"))
	e.has(theirs, "1", e.value(1))
	require.Equal(e, files, join(e.Names()))
	require.NoError(e, ours.Close())
	e.has(theirs, "1", e.value(1))
	require.NoError(e, theirs.Close())
}

// testDamaged cuts and changes the files of a value: the ranks that read them get
// an error, and never wrong elements.
func testDamaged(e *Env) {
	s := e.Open(soastore.Options{})
	want := e.rows(1, 2000)
	require.NoError(e, s.Set("k", want))
	for _, damage := range e.damages() {
		require.NoError(e, s.Set("k", want))
		e.onlyRank0(func() {
			require.NoError(e, filepath.WalkDir(e.Dir, func(name string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					damage(name)
				}
				return err
			}))
		})
		_, err := s.Get("k")
		require.Error(e, err)
		_, err = s.GetField("k", "id")
		if err == nil { // the damage is in another field's bytes
			got, _ := s.GetField("k", "id")
			part, _ := want.Select("id")
			e.equal(part, got)
		}
		err = s.View("k", nil, func(d *soa.Dict) error { return nil })
		require.Error(e, err)
		_, err = s.Pop("k")
		require.Error(e, err)
		require.True(e, s.Has("k"))
	}
	require.NoError(e, s.Set("k", want))
	e.has(s, "k", want)
	require.NoError(e, s.Close())
}

// testPurged removes the files of values behind the store's back.
func testPurged(e *Env) {
	s := e.Open(soastore.Options{})
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(e, s.Set(key, e.rows(1, 10)))
	}
	e.removeFiles()
	if e.Kind.filesVary() { // an arena stays while it is open, and what is in memory anyway
		e.has(s, "a", e.rows(1, 10))
		require.NoError(e, s.Set("b", e.rows(2, 10)))
		e.has(s, "b", e.rows(2, 10))
		require.NoError(e, s.Close())
		return
	}
	_, err := s.Get("a")
	require.ErrorIs(e, err, fs.ErrNotExist)
	_, err = s.Pop("a")
	e.Fails(err, fs.ErrNotExist)
	require.NoError(e, s.Remove("a"))
	require.NoError(e, s.Set("b", e.rows(2, 10)))
	e.has(s, "b", e.rows(2, 10))
	require.NoError(e, s.Clear())
	require.Empty(e, e.Names())
	require.NoError(e, s.Close())
}

// removeFiles removes all files in the test's folder. Collective.
func (e *Env) removeFiles() {
	e.onlyRank0(func() {
		for _, name := range e.list() {
			require.NoError(e, os.RemoveAll(filepath.Join(e.Dir, name)))
		}
	})
}

// testIndependentReopen takes in what each rank kept on its own.
func testIndependentReopen(e *Env) {
	mine := fmt.Sprintf("of %d", e.C.Rank())
	s := e.Open(soastore.Options{Independent: true, Keep: true})
	require.NoError(e, s.Set(mine, e.some(1)))
	require.NoError(e, s.Set("shared name", e.some(2)))
	require.NoError(e, s.Close())
	_, err := e.TryOpen(soastore.Options{Independent: true})
	require.ErrorIs(e, err, soastore.ErrInUse)

	s = e.Open(soastore.Options{Independent: true, Reopen: true})
	require.Equal(e, []string{mine, "shared name"}, s.Keys())
	e.has(s, mine, e.some(1))
	e.has(s, "shared name", e.some(2))
	require.NoError(e, s.Set(mine, e.some(3)))
	e.has(s, mine, e.some(3))
	require.NoError(e, s.Clear())
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// damages returns the kinds of damage that must be seen.
func (e *Env) damages() []func(name string) {
	switch {
	case e.Kind.NoSums:
		return []func(string){cut}
	case e.Kind.Arena: // half of the file is free space
		return []func(string){flip}
	}
	return []func(string){cut, flip}
}

func (e *Env) onlyRank0(fn func()) {
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	if e.C.Rank() == 0 {
		fn()
	}
	require.NoError(e, comm.Barrier(context.Background(), e.C))
}

func cut(name string) {
	info, err := os.Stat(name)
	if err == nil {
		err = os.Truncate(name, info.Size()/2)
	}
	if err != nil {
		panic(err)
	}
}

// flip changes one bit of every block of 256 bytes, so that every rank's part of a
// shared file is hit.
func flip(name string) {
	b, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	for i := 255; i < len(b); i += 256 {
		b[i] ^= 4
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		panic(err)
	}
}

func testNoFolder(e *Env) {
	_, err := e.TryOpen(soastore.Options{Path: filepath.Join(e.Dir, "missing", "tmp")})
	e.Fails(err, os.ErrNotExist)
	require.ErrorContains(e, err, "missing")
	_, err = e.TryOpen(soastore.Options{Path: e.Dir + "/"})
	e.Fails(err, soastore.ErrOptions)

	opts := soastore.Options{}
	if e.last() {
		opts.Keep = true
	}
	if e.C.Size() > 1 {
		_, err = e.TryOpen(opts)
		e.Fails(err, comm.ErrSchema)
	}
	require.Empty(e, e.Names())
}
