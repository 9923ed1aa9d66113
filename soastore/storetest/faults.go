package storetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// Faulty are the operations that Faults makes.
var Faulty = []string{"new", "replace", "pop", "remove", "clear"}

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
		if e.refused(s.Set(key, e.value(i))) {
			break
		}
		state[key] = e.value(i)
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
	require.NoError(e, s.Set("old", e.value(7)))
	e.has(s, "old", e.value(7))
	require.NoError(e, s.Close())
	require.Empty(e, e.Names())
}

// faulty makes op and, if it succeeds, changes state as it should.
func (e *Env) faulty(s *soastore.Spill, op string, state map[string]*soa.Dict) {
	var err error
	var got *soa.Dict
	switch op {
	case "new":
		if err = s.Set("new", e.value(5)); err == nil {
			state["new"] = e.value(5)
		}
	case "replace":
		if err = s.Set("old", e.value(6)); err == nil {
			state["old"] = e.value(6)
		}
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

func (e *Env) anyLeftover(s *soastore.Spill) bool {
	n, err := comm.Allreduce(context.Background(), e.C, comm.Sum[int64], []int64{int64(s.Stats().Leftover)})
	require.NoError(e, err)
	return n[0] > 0
}

// others checks that the values are whole, or known not to be, on every rank.
func (e *Env) others(s *soastore.Spill, state map[string]*soa.Dict) {
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
