package comm

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRankRanges(t *testing.T) {
	for want, ranks := range map[string][]int{
		"rank 5":                              {5},
		"ranks 0-3,7":                         {0, 1, 2, 3, 7},
		"ranks 1,3,5-6":                       {1, 3, 5, 6},
		"ranks 0,2,4,6,8,10,12,14 and 3 more": {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 19},
	} {
		require.Equal(t, want, rankRanges(ranks))
	}
}

// TestManyFailures wants a message that one can read, of any number of ranks.
func TestManyFailures(t *testing.T) {
	e := &AgreementError{Op: "Set", Key: "a"}
	for rank := range 1000 {
		e.Failures = append(e.Failures, RankError{rank, "host", errors.New("disk full")})
	}
	require.Equal(t, `Set "a" failed on ranks 0-999: disk full`, e.Error())
	for rank := range e.Failures {
		e.Failures[rank].Err = fmt.Errorf("file %d: %s", rank, strings.Repeat("x", 1000))
	}
	require.Less(t, len(e.Error()), 2000)
	require.Contains(t, e.Error(), "996 other reasons")
	require.Contains(t, e.Error(), "1000 of them")
}

// TestHash wants lists that differ to have hashes that do, also where one string
// goes over into the next.
func TestHash(t *testing.T) {
	seen := map[string][]string{}
	for _, list := range [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"}} {
		h := string(hash(list...))
		require.Len(t, h, 16)
		require.NotContains(t, seen, h, "%q", list)
		seen[h] = list
	}
}

// TestJudge compares with rank 0, byte for byte, also text that is not UTF-8.
func TestJudge(t *testing.T) {
	ballots := []ballot{{Op: "Set", Key: "\xff", Schema: "a"}, {Op: "Set", Key: "\xfe", Schema: "a"}, {Op: "Set", Key: "\xff", Schema: "b"}}
	var e *AgreementError
	require.ErrorAs(t, judge(ballots, nil), &e)
	require.Len(t, e.Failures, 2)
	require.ErrorIs(t, e.Failures[0].Err, ErrOrder)
	require.ErrorIs(t, e.Failures[1].Err, ErrSchema)
}
