package main

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRowsAreAPythonSlice(t *testing.T) {
	for _, test := range []struct {
		text   string
		n      int
		lo, hi int
	}{
		{":", 10, 0, 10}, {"2:5", 10, 2, 5}, {":5", 3, 0, 3}, {"5:", 3, 3, 3}, {"-3:", 10, 7, 10}, {":-3", 10, 0, 7},
		{"-30:-1", 10, 0, 9}, {"5:2", 10, 5, 5}, {"4", 10, 4, 5}, {"-1", 10, 9, 10}, {"-2", 10, 8, 9}, {"11", 10, 10, 10}, {":", 0, 0, 0},
	} {
		r, err := parseRows(test.text)
		require.NoError(t, err, test.text)
		lo, hi := r.of(test.n)
		require.Equal(t, [2]int{test.lo, test.hi}, [2]int{lo, hi}, test.text)
	}
	for _, text := range []string{"", "x", "1:x", "1:2:3", "1.5:", " 1:"} {
		_, err := parseRows(text)
		require.Error(t, err, text)
	}
}

func TestRowsStayInRange(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := strconv.Itoa(rapid.Int().Draw(r, "lo")) + ":" + strconv.Itoa(rapid.Int().Draw(r, "hi"))
		n := rapid.IntRange(0, 100).Draw(r, "n")
		rows, err := parseRows(text)
		require.NoError(r, err)
		lo, hi := rows.of(n)
		require.True(r, 0 <= lo && lo <= hi && hi <= n, "%s of %d: %d:%d", text, n, lo, hi)
	})
}
