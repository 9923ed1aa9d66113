package codec

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Frames of the first version, in testdata, stay readable. They were written by
// this test with an environment variable UPDATE; a new one is for new kinds of
// frames, not for old ones that no longer decode.
func TestGolden(t *testing.T) {
	array, encoded := encodings(t)
	for i, e := range encoded {
		name := filepath.Join("testdata", fmt.Sprintf("frame%02d.bin", i))
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(name, e, 0o600))
		}
		old, err := os.ReadFile(name)
		require.NoError(t, err)
		got, err := Decode(nil, old, Options{})
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(array, got), name)
	}
}
