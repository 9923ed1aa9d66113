package soastore

import (
	"testing"

	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/stretchr/testify/require"
)

func TestParseChoice(t *testing.T) {
	for text, want := range map[string]codecChoice{
		"":           {},
		"none":       {},
		"lz4":        {name: "lz4"},
		"zstd:3":     {name: "zstd", level: 3},
		"zstd:bit:9": {name: "zstd", level: 9, shuffle: codec.BitShuffle},
	} {
		got, err := parseChoice(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"lz4:", "lz4:0", "lz4:10", "lz4:nibble"} {
		_, err := parseChoice(text)
		require.ErrorIs(t, err, ErrOptions, text)
	}
}

// TestUnknownCodecs opens stores with codecs that they do not have.
func TestUnknownCodecs(t *testing.T) {
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	gio := func(o Options) (*Spill, error) { return NewGenericIO(p, 1, o) }
	npz := func(o Options) (*Spill, error) { return NewNPZ(p, o) }
	mapped := func(o Options) (*Spill, error) { return NewMemmap(p, o) }
	for _, open := range []func(Options) (*Spill, error){gio, npz, mapped} {
		for _, o := range []Options{{Codec: "gzip"}, {MemoryCodec: "gzip"}, {MemoryCodec: "lz4:x"}} {
			_, err := open(o)
			require.ErrorIs(t, err, ErrOptions)
		}
	}
	_, err = npz(Options{Codec: "deflate:bit"})
	require.ErrorIs(t, err, ErrOptions)
	_, err = mapped(Options{Codec: "lz4"})
	require.ErrorIs(t, err, ErrOptions)
}
