package memmap

import (
	"encoding/json"
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

// TestPlainContents: what Text writes of names without escapes is read without package
// json, and nothing else is.
func TestPlainContents(t *testing.T) {
	for _, c := range []Contents{
		{Set: "", Fields: []ContentsField{}},
		{Set: "soa set 1", Fields: []ContentsField{{Name: "x"}}},
		{Set: "{", Fields: []ContentsField{{Name: "x/y"}, {Name: "t", Scalar: true}, {Name: "},{name:"}, {Name: "", Scalar: true}}},
	} {
		b, err := c.Text()
		require.NoError(t, err)
		text := string(b)
		var got Contents
		ok := got.decodePlain(text)
		require.True(t, ok, text)
		require.Equal(t, c, got)
		for i := range text {
			ok := new(Contents).decodePlain(text[:i])
			require.False(t, ok, "cut at %d", i)
			spaced := text[:i] + " " + text[i:]
			if got := (Contents{}); got.decodePlain(spaced) { // in a string, then
				require.NotEqual(t, c, got, spaced)
			}
		}
	}
	for _, text := range []string{
		"", "{}", `{"set":"","fields":null}`, `{"fields":[],"set":""}`, `{"set":"\u0041","fields":[]}`,
		`{"set":"é","fields":[]}`, "{\"set\":\"\n\",\"fields\":[]}", `{"set":"","fields":[{"name":"a","scalar":false}]}`,
		`{"set":"","fields":[{"name":"a"} {"name":"b"}]}`, `{"set":"","fields":[{"name":"a"},]}`,
	} {
		ok := new(Contents).decodePlain(text)
		require.False(t, ok, text)
	}
}

func FuzzParseContents(f *testing.F) {
	f.Add([]byte(`{"set":"soa set 1","fields":[{"name":"x/y"},{"name":"t","scalar":true}]}`))
	f.Add([]byte(`{"set":"{\"name\":\"","fields":[{"name":"{"},{"name":"}],"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if plain := (Contents{}); plain.decodePlain(string(text)) { // then package json says the same
			var slow Contents
			require.NoError(t, json.Unmarshal(text, &slow))
			require.Equal(t, slow, plain)
		}
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
