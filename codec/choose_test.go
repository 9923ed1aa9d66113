package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each nature of stream is stored in the way that is meant for it, and comes back.
// Zstd takes what is smallest, the others Huffman codes only where they halve it.
func TestChoose(t *testing.T) {
	const n = 1 << 16
	r := rand.New(rand.NewPCG(5, 6))
	three, rising, words, skewed := make([]byte, n), make([]byte, n), make([]byte, 0, n), make([]byte, n)
	for i := range n {
		three[i] = byte(r.IntN(3))
		rising[i] = byte(i / 3000)
		skewed[i] = byte(min(r.ExpFloat64(), 8) * 9)
	}
	for vocabulary := noise(4000); len(words) < n; {
		at := r.IntN(len(vocabulary) - 20)
		words = append(words, vocabulary[at:at+min(8+r.IntN(12), n-len(words))]...)
	}
	rare := bytes.Clone(three)
	for i := range 6_000 {
		rare[i*10] = byte(r.Uint32())
	}
	for _, s := range []struct {
		stream     []byte
		zstd, fast kind
	}{
		{noise(n), rawStream, rawStream},
		{bytes.Repeat([]byte{9}, n), runStream, runStream},
		{words, codedStream, codedStream},
		{rising, lz4Stream, lz4Stream},
		{bytes.Repeat(noise(2)[:2], n/2), lz4Stream, lz4Stream},
		{three, huffmanStream, narrowStream},
		{skewed, huffmanStream, narrowStream},
		{rare, huffmanStream, huffmanStream},
	} {
		for id, want := range map[ID]kind{Zstd: s.zstd, LZ4: s.fast, S2: s.fast} {
			p := newPlan(id, Options{}, 1)
			out := make([]byte, n)
			k, size := p.encodeStream(out, s.stream)
			require.Equal(t, want, k, "%v, %x...", id, s.stream[:10])
			require.Equal(t, k == rawStream, size == n)
			encoded := encodeFrame(nil, s.stream, p)
			got, err := Decode(nil, encoded, Options{})
			require.NoError(t, err)
			require.True(t, bytes.Equal(s.stream, got))
		}
	}
}
