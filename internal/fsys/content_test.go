package fsys_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestContent reads as bytes.Reader does.
func TestContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := fsys.Content(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "content"))
		off := rapid.OneOf(rapid.Int64Range(0, 25), rapid.Just[int64](math.MaxInt64)).Draw(t, "off")
		have, want := make([]byte, rapid.IntRange(1, 25).Draw(t, "n")), make([]byte, 25)
		want = want[:len(have)]
		n, err := c.ReadAt(have, off)
		wantN, wantErr := bytes.NewReader(c).ReadAt(want, off)
		require.Equal(t, wantN, n)
		require.Equal(t, wantErr, err)
		require.Equal(t, want, have)
	})
}
