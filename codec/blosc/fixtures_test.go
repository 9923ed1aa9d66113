package blosc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

type fixture struct {
	Raw       string
	TypeSize  int
	Bytes     int `json:"nbytes"`
	ChunkSize int `json:"cbytes"`
	BlockSize int
	Flags     uint8
	SHA256    string

	chunk, raw []byte
}

// fixtures returns the chunks of testdata, which c-blosc 1.21.3 wrote, by name.
func fixtures(t testing.TB) map[string]fixture {
	var manifest struct{ Chunks map[string]fixture }
	require.NoError(t, json.Unmarshal(read(t, "manifest.json"), &manifest))
	require.NotEmpty(t, manifest.Chunks)
	for name, f := range manifest.Chunks {
		f.chunk, f.raw = read(t, name), read(t, f.Raw)
		manifest.Chunks[name] = f
	}
	return manifest.Chunks
}

func read(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func TestFixtures(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			h, err := ParseHeader(f.chunk)
			require.NoError(t, err)
			require.Equal(t, []int{f.TypeSize, f.Bytes, f.ChunkSize, f.BlockSize},
				[]int{h.TypeSize, h.Bytes, h.ChunkSize, h.BlockSize})
			got, err := Decode([]byte("before"), f.chunk, Options{})
			require.NoError(t, err)
			require.True(t, bytes.Equal(append([]byte("before"), f.raw...), got))
			sum := sha256.Sum256(got[6:])
			require.Equal(t, f.SHA256, hex.EncodeToString(sum[:]))
		})
	}
}

// Blocks are cut as c-blosc cuts them.
func TestSameLayout(t *testing.T) {
	for name, f := range fixtures(t) {
		h, err := ParseHeader(f.chunk)
		require.NoError(t, err)
		o := Options{Compressor: h.Compressor, Shuffle: h.Shuffle, Level: 5, BlockSize: f.BlockSize}
		ours := o.header(len(f.raw), f.TypeSize)
		require.Equal(t, h.BlockSize, ours.BlockSize, name)
		if f.Flags&flagMemcpyed == 0 {
			require.Equal(t, f.Flags, ours.flags, name)
		}
	}
}
