package fsys_test

import (
	"bytes"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestVectors cuts bytes anywhere, into more slices than one system call takes.
func TestVectors(t *testing.T) {
	content := make([]byte, 5000)
	for i := range content {
		content[i] = byte(i * i / 7)
	}
	rapid.Check(t, func(rt *rapid.T) {
		off := rapid.Int64Range(0, 9000).Draw(rt, "off")
		var out, in [][]byte
		for left := content; len(left) > 0; {
			n := min(rapid.IntRange(0, 8).Draw(rt, "n"), len(left))
			out, in = append(out, left[:n]), append(in, make([]byte, n))
			left = left[n:]
		}
		f, _ := newFile(t, nil)
		require.NoError(rt, f.WritevAt(out, off))
		require.NoError(rt, f.ReadvAt(in, off))
		require.Equal(rt, content, bytes.Join(in, nil))
		size, err := f.Size()
		require.NoError(rt, err)
		require.EqualValues(rt, off+int64(len(content)), size)

		in = append(in, nil, []byte{0})
		require.ErrorIs(rt, f.ReadvAt(in, off), io.ErrUnexpectedEOF)
		require.NoError(rt, f.Close())
	})
}

func TestVectorsOfNothing(t *testing.T) {
	f, _ := newFile(t, nil)
	require.NoError(t, f.WritevAt(nil, 0))
	require.NoError(t, f.ReadvAt([][]byte{nil, {}}, 100))
	require.NoError(t, f.Close())
	require.ErrorIs(t, f.WritevAt([][]byte{{1}}, 0), fs.ErrClosed)
	require.ErrorIs(t, f.ReadvAt([][]byte{{1}}, 0), fs.ErrClosed)
}
