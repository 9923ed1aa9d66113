package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script is a contestant that takes the given seconds, round by round, and notes its
// turns.
func script(name string, turns *[]string, seconds ...float64) *contestant {
	return &contestant{name: name, amounts: []float64{1}, measure: func(context.Context) ([]float64, error) {
		*turns = append(*turns, name)
		s := seconds[0]
		seconds = seconds[1:]
		return []float64{s}, nil
	}}
}

func TestPlay(t *testing.T) {
	var turns []string
	closed := 0
	a, b := script("a", &turns, 3, 1, 2, 3), script("b", &turns, 9, .5, .4, .6)
	b.close = func() error { closed++; return nil }
	c := contest{rounds: 3, unit: milliseconds, goals: []goal{{"b", "a", 5}}}
	all := []*contestant{a, b}
	require.NoError(t, c.play(t.Context(), all))
	require.Len(t, turns, 8)
	for round := range slices.Chunk(turns, 2) {
		require.ElementsMatch(t, []string{"a", "b"}, round)
	}
	require.Contains(t, strings.Join(turns, ""), "bb", "the order changes")
	require.Equal(t, [][]float64{{1, 2, 3}}, a.seconds, "the first round is dropped")
	require.Equal(t, 1, closed)
	require.Empty(t, a.note)

	tables := c.tables(all)
	require.Len(t, tables, 1)
	require.Equal(t, spread{2000, 1000, 3000}, tables[0].rows[0].spread)
	require.Equal(t, spread{500, 400, 600}, tables[0].rows[1].spread)
	require.Len(t, tables[0].rows[1].ratios, 1)
	require.InDelta(t, 4, tables[0].rows[1].ratios[0].times, 1e-12, "b is faster")
	require.False(t, tables[0].rows[1].ratios[0].met())
}

func TestSlowContestantSitsOut(t *testing.T) {
	var turns []string
	slow, quick := script("slow", &turns, 9, 2, 2), script("quick", &turns, 1, 1, 1, 1, 1)
	require.NoError(t, (&contest{rounds: 4}).play(t.Context(), []*contestant{slow, quick}))
	require.Equal(t, [][]float64{{2, 2}}, slow.seconds)
	require.Equal(t, "slow: 2 rounds", slow.note)
	require.Equal(t, 4, quick.rounds())
}

func TestFailures(t *testing.T) {
	failure := errors.New("no luck")
	var turns []string
	fails := func(whose side) *contestant {
		return &contestant{name: "x", side: whose, amounts: []float64{1},
			measure: func(context.Context) ([]float64, error) { return nil, failure }}
	}
	another, other := fails(peer), script("a", &turns, 1, 1, 1)
	c := contest{rounds: 2, goals: []goal{{"a", "x", 1}}}
	require.NoError(t, c.play(t.Context(), []*contestant{another, other}))
	require.Equal(t, "failed: no luck", another.note)
	require.Equal(t, 2, other.rounds(), "the others go on")
	require.Empty(t, c.tables([]*contestant{another, other})[0].rows[1].ratios)

	require.ErrorIs(t, c.play(t.Context(), []*contestant{fails(store)}), failure)

	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, c.play(ended, []*contestant{fails(peer)}), context.Canceled)
}

func TestOtherSums(t *testing.T) {
	require.NoError(t, sameSums([]*contestant{{whole: 7}, {}, {whole: 7}}))
	require.ErrorContains(t, sameSums([]*contestant{{whole: 7, name: "a"}, {whole: 8, name: "b"}}), "a and b")
}

func TestSpread(t *testing.T) {
	require.Equal(t, spread{2.5, 1, 9}, spreadOf([]float64{9, 2, 3, 1}))
	require.Equal(t, spread{4, 4, 4}, spreadOf([]float64{4}))
	require.Equal(t, 2.0, gigabytes.of(4e9, 2))
	require.Equal(t, 500.0, microseconds.of(4, 2e-3))
	require.Equal(t, 2.0, gigabytes.faster(4, 2))
	require.Equal(t, 0.5, milliseconds.faster(4, 2))
}

// TestLimits: a missed goal says how near it is to what the machine gives, and whether
// that is enough.
func TestLimits(t *testing.T) {
	c := contest{unit: gigabytes, limits: map[string]string{"2 ranks": "2 plain", "1 rank": "1 plain", "store": "1 plain"},
		goals: []goal{{"2 ranks", "1 rank", 1.7}, {"store", "peer", 3}, {"store", "1 plain", 0.5}}}
	var all []*contestant
	for name, rate := range map[string]float64{"2 ranks": 6, "1 rank": 4, "2 plain": 16, "1 plain": 8, "store": 2, "peer": 1} {
		all = append(all, &contestant{name: name, amounts: []float64{1e9}, seconds: [][]float64{{1 / rate}}})
	}
	got := c.tables(all)[0]
	verdicts := []string{got.row("2 ranks").ratios[0].verdict(), got.row("store").ratios[0].verdict(), got.row("store").ratios[1].verdict()}
	require.Equal(t, []string{"**missed**; 0.750 of the limit", "**missed**; 0.250 of the limit", "**missed**; 0.250 of the limit"}, verdicts)
	c.goals[0].least, c.goals[1].least = 2.5, 1
	got = c.tables(all)[0]
	require.Equal(t, "beyond the limit; 0.750 of that", got.row("2 ranks").ratios[0].verdict())
	require.Equal(t, "met", got.row("store").ratios[0].verdict())
}
