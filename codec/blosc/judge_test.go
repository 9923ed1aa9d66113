package blosc

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// judge is c-blosc, run by Debian's python3-blosc in a process of its own.
type judge struct {
	t   require.TestingT
	in  io.WriteCloser
	out *bufio.Reader
}

// startJudge starts c-blosc. Without it the test is skipped, or fails where CI is set.
func startJudge(t testing.TB) *judge {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import blosc").Run() == nil {
			return runJudge(t, python)
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no python3 with blosc: apt-get install python3-blosc")
	}
	t.Skip("no python3 with blosc")
	return nil
}

func runJudge(t testing.TB, python string) *judge {
	cmd := exec.Command(python, "testdata/judge.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		require.NoError(t, cmd.Wait())
	})
	return &judge{t, in, bufio.NewReader(out)}
}

// ask sends a request and its data, and returns the answer: seconds, and data.
func (j *judge) ask(request map[string]any, data []byte) (seconds float64, answer []byte) {
	request["bytes"] = len(data)
	line, err := json.Marshal(request)
	require.NoError(j.t, err)
	_, err = j.in.Write(append(append(line, '\n'), data...))
	require.NoError(j.t, err)
	head, err := j.out.ReadBytes('\n')
	require.NoError(j.t, err)
	var got struct {
		Seconds float64
		Bytes   int
	}
	require.NoError(j.t, json.Unmarshal(head, &got))
	answer = make([]byte, got.Bytes)
	_, err = io.ReadFull(j.out, answer)
	require.NoError(j.t, err)
	return got.Seconds, answer
}

// c-blosc decodes what Encode writes, and Decode what c-blosc writes.
func TestJudge(t *testing.T) {
	j := startJudge(t)
	shuffles := map[Shuffle]int{NoShuffle: 0, ByteShuffle: 1, BitShuffle: 2}
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		size := rapid.OneOf(rapid.SampledFrom([]int{1, 2, 4, 8, 16}), rapid.IntRange(1, 255)).Draw(t, "typesize")
		n := rapid.OneOf(rapid.IntRange(1, 300), rapid.IntRange(1, 1_000_000)).Draw(t, "bytes")
		src := elements(n, size, rapid.Uint64().Draw(t, "seed"))
		chunk, err := Encode(nil, src, size, o)
		require.NoError(t, err)
		_, got := j.ask(map[string]any{"do": "decompress"}, chunk)
		require.True(t, bytes.Equal(src, got), "c-blosc decodes ours")

		_, chunk = j.ask(map[string]any{
			"do": "compress", "typesize": size, "level": o.Level, "shuffle": shuffles[o.Shuffle],
			"codec": o.Compressor.String(), "blocksize": o.BlockSize,
		}, src)
		got, err = Decode(nil, chunk, Options{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(src, got), "we decode c-blosc's")
		if o.Level > 0 && o.BlockSize == 0 {
			theirs, ours := binary.LittleEndian.Uint32(chunk[8:]), o.header(n, size).BlockSize
			require.EqualValues(t, theirs, ours, "blocks are of the same size")
		}
	})
}
