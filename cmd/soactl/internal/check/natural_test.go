package check

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNaturalOrder(t *testing.T) {
	want := []string{"2a", "10", "a", "a0", "a00", "a01", "a1", "a9", "a9b", "a10", "a10b2", "a10b11",
		"a99999999999999999999", "a100000000000000000000", "ab", "b1"}
	have := slices.Clone(want)
	slices.Sort(have)
	require.NotEqual(t, want, have)
	slices.SortFunc(have, byName)
	require.Equal(t, want, have)
}
