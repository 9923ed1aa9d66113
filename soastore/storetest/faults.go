package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// Faulty are the operations that Faults makes.
var Faulty = []string{"new", "replace", "recycle", "refused", "pop", "remove", "clear"}

// Faults opens a store, puts away the values "old" and "other", and makes one
// operation, while something fails on some rank. Whatever it was, all ranks must
// have the same error and the old state, or none and the new state. heal ends the
// faults; after it the store must be usable, and leave nothing on disk. With
// crashed, ranks on which everything fails from then on are not asked to clean up.
func (e *Env) Faults(op string, heal func(), crashed bool) {
	s, err := e.TryOpen(soastore.Options{})
	if e.refused(err) {
		return
	}
	state := map[string]*soa.Dict{}
	for i, key := range []string{"old", "other"} {
		if e.refused(s.Set(key, e.few(i))) {
			break
		}
		state[key] = e.few(i)
	}
	if len(state) == 2 {
		e.faulty(s, op, state)
	}
	heal()
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	if crashed {
		e.others(s, state)
		return
	}
	require.Len(e, s.Keys(), len(state))
	for key, want := range state {
		e.has(s, key, want)
	}
	if !e.anyLeftover(s) {
		for _, name := range e.Names() {
			require.False(e, strings.HasSuffix(name, ".partial") || strings.HasSuffix(name, ".old"), name)
		}
	}
	if t, ok := s.(*soastore.Tiered); ok { // a failure in the background is told of once
		_ = t.Flush()
		require.NoError(e, t.Flush())
	}
	require.NoError(e, s.Set("old", e.few(7)))
	e.has(s, "old", e.few(7))
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// faulty makes op and, if it succeeds, changes state as it should.
func (e *Env) faulty(s Store, op string, state map[string]*soa.Dict) {
	var err error
	var got *soa.Dict
	switch op {
	case "new":
		if err = s.Set("new", e.few(5)); err == nil {
			state["new"] = e.few(5)
		}
	case "replace":
		if err = s.Set("old", e.few(6)); err == nil {
			state["old"] = e.few(6)
		}
	case "recycle": // the second writes over the file that the first replaced
		for i, key := range []string{"old", "other"} {
			if err = s.Set(key, e.few(6+i)); err != nil {
				break
			}
			state[key] = e.few(6 + i)
		}
	case "refused": // by the last rank alone, when the others may have written theirs
		d := e.few(6)
		if e.C.Rank() == e.C.Size()-1 {
			d = nil
		}
		err = s.Set("new", d)
		require.Error(e, err)
	case "pop":
		if got, err = s.Pop("old"); err == nil {
			e.equal(state["old"], got)
			delete(state, "old")
		}
	case "remove":
		if err = s.Remove("old"); err == nil {
			delete(state, "old")
		}
	case "clear":
		if err = s.Clear(); err == nil {
			clear(state)
		}
	}
	e.refused(err)
}

// refused checks that all ranks have the same error, and reports whether it is one.
func (e *Env) refused(err error) bool {
	e.SameText(fmt.Sprint(err))
	return err != nil
}

func (e *Env) anyLeftover(s Store) bool {
	n, err := comm.Allreduce(context.Background(), e.C, comm.Sum[int64], []int64{int64(s.Stats().Leftover)})
	require.NoError(e, err)
	return n[0] > 0
}

// others checks that the values are whole, or known not to be, on every rank.
func (e *Env) others(s Store, state map[string]*soa.Dict) {
	for key, want := range state {
		got, err := s.Get(key)
		if err != nil {
			require.ErrorIs(e, err, soastore.ErrTorn)
			continue
		}
		e.equal(want, got)
	}
	s.Close() // with whatever error: files are left where they could not be renamed
}

// Killed makes op on a store whose every rank is killed at some file operation of
// it: from there on all of them fail, on all ranks. revive ends that, and lets go of
// what the process had open. Then it opens the store again.
// A value that was there before is there still, unless op removes it, and every
// value is one that was Set, the same on all ranks.
func (e *Env) Killed(op string, revive func(*Kind, Store)) {
	s, err := e.TryOpen(soastore.Options{Keep: true})
	tried := map[string][]*soa.Dict{} // the values that each key was given, in order
	var sure []string                 // the keys whose Set ended, and that op does not remove
	if err == nil {
		for i, key := range []string{"old", "other"} {
			tried[key] = append(tried[key], e.some(i))
			if s.Set(key, e.some(i)) != nil {
				break
			}
			if op == "new" || op == "replace" || op == "recycle" || op != "clear" && key == "other" {
				sure = append(sure, key)
			}
		}
		e.attempt(s, op, tried)
	}
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	revive(&e.Kind, s)
	require.NoError(e, comm.Barrier(context.Background(), e.C))
	s, err = e.TryOpen(soastore.Options{Reopen: true})
	require.NoError(e, err)
	if e.Kind.Tiered { // what was in memory only is lost, on all ranks alike
		sure = nil
	}
	for _, key := range sure {
		require.True(e, s.Has(key), "the key %q is lost", key)
	}
	for _, key := range s.Keys() {
		got, err := s.Get(key)
		if !slices.Contains(sure, key) && (errors.Is(err, soastore.ErrTorn) || errors.Is(err, soastore.ErrRankCount)) {
			continue // its first Set did not end on all ranks, and that is seen
		}
		require.NoError(e, err)
		which := slices.IndexFunc(tried[key], got.Equal)
		require.GreaterOrEqual(e, which, 0, "key %q has a value that it was never given: %v", key, got)
		e.SameText(fmt.Sprint(key, which))
	}
	require.NoError(e, s.Set("old", e.some(9)))
	e.has(s, "old", e.some(9))
	require.NoError(e, s.Clear())
	require.NoError(e, s.Close())
}

// few returns the value of that seed with two fields: each is more files, or more
// operations on them, all of which are made to fail in turn.
func (e *Env) few(seed int) *soa.Dict {
	d, err := e.value(seed).Select("x", "id")
	require.NoError(e, err)
	return d
}

// some returns a Dict with rows on every rank, other ones for every seed.
func (e *Env) some(seed int) *soa.Dict {
	d, err := e.rows(seed+1, 20).Select("x", "id")
	require.NoError(e, err)
	return d
}

// attempt makes op, whatever comes of it, and notes the value that it gives.
func (e *Env) attempt(s Store, op string, tried map[string][]*soa.Dict) {
	set := func(key string, d *soa.Dict) {
		tried[key] = append(tried[key], d)
		s.Set(key, d)
	}
	switch op {
	case "new":
		set("new", e.some(5))
	case "replace":
		set("old", e.some(6))
	case "recycle":
		set("old", e.some(6))
		set("other", e.some(7))
	case "pop":
		s.Pop("old")
	case "remove":
		s.Remove("old")
	case "clear":
		s.Clear()
	}
}
