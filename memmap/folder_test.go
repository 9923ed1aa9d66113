package memmap

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContents(t *testing.T) {
	c := Contents{Set: "soa set 1", Fields: []ContentsField{{Name: "x/y"}, {Name: "t", Scalar: true}}}
	text, err := c.Text()
	require.NoError(t, err)
	require.JSONEq(t, `{"set":"soa set 1","fields":[{"name":"x/y"},{"name":"t","scalar":true}]}`, string(text))
	got, err := ParseContents(text)
	require.NoError(t, err)
	require.Equal(t, c, got)
	require.Equal(t, "dir/x%2Fy", FieldPath("dir", "x/y"))

	for _, bad := range []string{"", "[]", `{"fields":[{"name":""}]}`, `{"fields":[{"name":"a"},{"name":"a"}]}`, strings.Repeat(" ", MaxContents+1)} {
		_, err := ParseContents([]byte(bad))
		require.ErrorIs(t, err, ErrFormat)
	}
}

func FuzzParseContents(f *testing.F) {
	f.Add([]byte(`{"set":"soa set 1","fields":[{"name":"x/y"},{"name":"t","scalar":true}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseContents(text)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		again, err := c.Text()
		require.NoError(t, err)
		got, err := ParseContents(again)
		require.NoError(t, err)
		require.Equal(t, len(c.Fields), len(got.Fields))
	})
}
