package soastore_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// globalStore is a store that compares its ranks.
type globalStore interface {
	storetest.Store
	GlobalStats() (soastore.GlobalStats, error)
}

// GlobalStats has every number of the ranks' Stats: the least, the mean, the most and
// who has it, and which rank was the slowest.
func TestGlobalStats(t *testing.T) {
	for name, open := range map[string]func(e *storetest.Env) (globalStore, error){
		"spill, memory": func(e *storetest.Env) (globalStore, error) {
			return soastore.NewNPZ(e.P, soastore.Options{})
		},
		"spill, files": func(e *storetest.Env) (globalStore, error) {
			return soastore.NewNPZ(e.P, soastore.Options{Path: e.Dir + "/tmp"})
		},
		"tiered": func(e *storetest.Env) (globalStore, error) {
			// Rank 2 has a tier, and a path, of its own.
			opts := soastore.TierOptions{Memory: 1000, Paths: []soastore.Path{{Path: e.Dir + "/tmp"}}}
			if e.C.Rank() == 2 {
				opts.Compressed = 1000
				opts.Paths = append(opts.Paths, soastore.Path{Path: e.Dir + "/more", Limit: 1 << 20})
			}
			return tryTiered(e, opts)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onRanks(t, 4, func(e *storetest.Env) {
				s, err := open(e)
				require.NoError(e, err)
				rank := e.C.Rank()
				for _, key := range []string{"a", "b", "c"} {
					require.NoError(e, s.Set(key, rows(1, rank, 20*(rank+1))))
				}
				for range rank + 1 { // reads are each rank's own
					_, err = s.Get("a")
					require.NoError(e, err)
				}
				require.NoError(e, s.Remove("b"))
				own := s.Stats()
				all, err := s.GlobalStats()
				require.NoError(e, err)

				require.Equal(e, 4, all.Ranks)
				require.Equal(e, soastore.Spread{Min: 2, Mean: 2, Max: 2, MaxRank: 0}, all.Figures["Keys"])
				require.Equal(e, soastore.Spread{Min: 1, Mean: 2.5, Max: 4, MaxRank: 3}, all.Figures["Gets"])
				const row = 2 * 20 * 12 // of two values
				require.Equal(e, soastore.Spread{Min: row, Mean: 2.5 * row, Max: 4 * row, MaxRank: 3}, all.Figures["Bytes"])
				if name == "tiered" {
					require.Equal(e, soastore.Spread{Min: 0, Mean: 250, Max: 1000, MaxRank: 2}, all.Figures["Tiers.compressed.Budget"])
					require.Equal(e, 2, all.Figures["Paths."+e.Dir+"/more.Limit"].MaxRank)
				}
				expect(e, own, all)
				text, err := json.Marshal(all)
				require.NoError(e, err)
				e.SameText(string(text))
				require.NoError(e, s.Close())
				_, err = s.GlobalStats()
				require.ErrorIs(e, err, soastore.ErrClosed)
			})
		})
	}
}

// expect makes what GlobalStats should say of the ranks' own Stats.
func expect(e *storetest.Env, own soastore.Stats, all soastore.GlobalStats) {
	text, err := json.Marshal(numbers("", reflect.ValueOf(own)))
	require.NoError(e, err)
	texts, err := comm.Allgather(context.Background(), e.C, text)
	require.NoError(e, err)
	values := map[string][]float64{}
	for rank, text := range texts {
		var of map[string]float64
		require.NoError(e, json.Unmarshal(text, &of))
		for name, v := range of {
			if values[name] == nil {
				values[name] = make([]float64, len(texts))
			}
			values[name][rank] = v
		}
	}
	busy := make([]float64, len(texts))
	for name, v := range values {
		sum := 0.0
		for rank := range v {
			sum += v[rank]
			if name == "Writing" || name == "Reading" || name == "Cleanup" {
				busy[rank] += v[rank]
			}
		}
		most := slices.Max(v)
		want := soastore.Spread{Min: slices.Min(v), Mean: sum / float64(len(v)), Max: most, MaxRank: slices.Index(v, most)}
		require.Contains(e, all.Figures, name)
		require.Equal(e, want, all.Figures[name], name)
	}
	require.Len(e, all.Figures, len(values))
	require.InDelta(e, slices.Max(busy), busy[all.Slowest], 1e-9)
}

// numbers returns all numbers in a struct by name, those of an element of a slice with
// what it is called, and durations in seconds.
func numbers(prefix string, v reflect.Value) map[string]float64 {
	out := map[string]float64{}
	for field, value := range v.Fields() {
		name := prefix + field.Name
		switch {
		case field.Type == reflect.TypeFor[time.Duration]():
			out[name] = time.Duration(value.Int()).Seconds()
		case value.CanInt():
			out[name] = float64(value.Int())
		case value.Kind() == reflect.Slice:
			for i := range value.Len() {
				element := value.Index(i)
				for k, n := range numbers(strings.Join([]string{name, element.Field(0).String(), ""}, "."), element) {
					out[k] = n
				}
			}
		}
	}
	return out
}
