package codec

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Frames of every version so far, in testdata, stay readable. They were written by
// this test with an environment variable UPDATE, which adds those that are new: for
// new kinds of frames, not for old ones that no longer decode.
func TestGolden(t *testing.T) {
	array, encoded := encodings(t)
	if os.Getenv("UPDATE") != "" {
		for _, e := range encoded {
			addGolden(t, e)
		}
	}
	kept := goldens(t)
	require.Greater(t, len(kept), 14)
	for _, old := range kept {
		got, err := Decode(nil, old, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(array, got))
	}
}

func goldens(t *testing.T) (frames [][]byte) {
	names, err := filepath.Glob(filepath.Join("testdata", "frame*.bin"))
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		frames = append(frames, b)
	}
	return frames
}

func addGolden(t *testing.T, frame []byte) {
	kept := goldens(t)
	for _, old := range kept {
		if bytes.Equal(old, frame) {
			return
		}
	}
	name := filepath.Join("testdata", fmt.Sprintf("frame%02d.bin", len(kept)))
	require.NoError(t, os.WriteFile(name, frame, 0o600))
}
