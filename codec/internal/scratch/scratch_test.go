package scratch

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLengths(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 1000, 1024, 1025} {
		for range 3 {
			b := Get(n)
			require.Len(t, b.B, n)
			Put(b)
		}
	}
}

func TestAppend(t *testing.T) {
	write := func(out []byte) int {
		require.Len(t, out, 100)
		return copy(out, "abc")
	}
	require.Equal(t, "abc", string(Append(nil, 100, write)))
	require.Less(t, cap(Append(nil, 100, write)), 100, "no more memory than it needs")
	roomy := make([]byte, 1, 200)
	got := Append(roomy, 100, write)
	require.Equal(t, "\x00abc", string(got))
	require.Equal(t, &roomy[0], &got[0], "in place")
}
