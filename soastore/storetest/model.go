package storetest

import (
	"fmt"
	"math/rand/v2"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// Op is one operation on a store, the same on every rank.
type Op struct {
	Name string // "set", "get", "field", "into", "view", "pop", "remove" or "clear"
	Key  string
	Seed int // of the value that is set
}

// OpNames are the names of operations, the frequent ones more often.
var OpNames = []string{"set", "set", "set", "set", "get", "field", "into", "view", "pop", "remove", "remove", "clear"}

// testRandom makes random operations, the same on every rank.
func testRandom(e *Env) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 20))
		ops := make([]Op, 40)
		for i := range ops {
			ops[i] = Op{OpNames[rng.IntN(len(OpNames))], fmt.Sprint(rng.IntN(4)), rng.IntN(1000)}
		}
		e.Model(ops)
	}
}

// Model makes operations on a store and on a plain map, and checks that the store
// gives and holds what the map does.
func (e *Env) Model(ops []Op) {
	s := e.Open(soastore.Options{})
	model := map[string]*soa.Dict{}
	into := soa.NewDict()
	for _, op := range ops {
		e.step(s, model, op, into)
		require.Equal(e, len(model), s.Len())
		for key, want := range model {
			require.True(e, s.Has(key))
			if !e.Kind.Files {
				continue
			}
			got, err := s.Get(key)
			require.NoError(e, err)
			e.equal(want, got)
		}
	}
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// step makes one operation.
func (e *Env) step(s Store, model map[string]*soa.Dict, op Op, into *soa.Dict) {
	want, exists := model[op.Key]
	var err error
	got := want
	switch op.Name {
	case "set":
		model[op.Key] = e.value(op.Seed)
		require.NoError(e, s.Set(op.Key, model[op.Key]))
		return
	case "clear":
		clear(model)
		require.NoError(e, s.Clear())
		return
	case "get":
		got, err = s.Get(op.Key)
	case "field":
		got, err = s.GetField(op.Key, "id")
		if exists {
			want, _ = want.Select("id")
		}
	case "into":
		if err = s.GetInto(op.Key, into); err == nil {
			got = into
		}
	case "view":
		err = s.View(op.Key, nil, func(d *soa.Dict) error {
			got = d.Clone()
			return nil
		})
	case "pop":
		got, err = s.Pop(op.Key)
		delete(model, op.Key)
	case "remove":
		err = s.Remove(op.Key)
		delete(model, op.Key)
	}
	if !exists {
		require.ErrorIs(e, err, soastore.ErrNotFound, "%s %q", op.Name, op.Key)
		return
	}
	require.NoError(e, err, "%s %q", op.Name, op.Key)
	e.equal(want, got)
}
