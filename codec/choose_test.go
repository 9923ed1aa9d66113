package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each nature of stream is stored in the way that is meant for it, and comes back.
func TestChoose(t *testing.T) {
	const n = 1 << 16
	r := rand.New(rand.NewPCG(5, 6))
	few, rising, words := make([]byte, n), make([]byte, n), make([]byte, 0, n)
	for i := range n {
		few[i] = byte(r.IntN(6))
		rising[i] = byte(i / 3000)
	}
	for vocabulary := noise(4000); len(words) < n; {
		at := r.IntN(len(vocabulary) - 20)
		words = append(words, vocabulary[at:at+min(8+r.IntN(12), n-len(words))]...)
	}
	for want, s := range map[kind][]byte{
		rawStream:     noise(n),
		runStream:     bytes.Repeat([]byte{9}, n),
		codedStream:   words,
		huffmanStream: few,
		lz4Stream:     rising,
	} {
		p := newPlan(Zstd, Options{}, 1)
		out := make([]byte, n)
		k, size := p.encodeStream(out, s)
		require.Equal(t, want, k)
		require.Equal(t, k == rawStream, size == n)
		encoded := encodeFrame(nil, s, p)
		got, err := Decode(nil, encoded, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(s, got))
	}
}

func TestEntropy(t *testing.T) {
	for n := minChoice; n < 1<<20; n *= 3 {
		require.InDelta(t, 8, entropy(noise(n)), 0.15)
		two := noise(n)
		for i := range two {
			two[i] &= 1
		}
		require.InDelta(t, 1, entropy(two), 0.1)
		require.Zero(t, entropy(make([]byte, n)))
	}
}
