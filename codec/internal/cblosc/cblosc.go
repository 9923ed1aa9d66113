// Package cblosc runs c-blosc, through Debian's python3-blosc, for tests and
// benchmarks to compare with.
package cblosc

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed server.py
var server string

// A Process is c-blosc in a process of its own.
type Process struct {
	// Threads is how many threads of its own it uses from then on. The default is 1.
	Threads int

	t   require.TestingT
	in  io.WriteCloser
	out *bufio.Reader
}

// Settings are those of c-blosc's blosc_compress_ctx.
type Settings struct {
	Codec     string `json:"codec"`
	Level     int    `json:"level"`
	Shuffle   int    `json:"shuffle"` // 0 no, 1 byte, 2 bit
	TypeSize  int    `json:"typesize"`
	BlockSize int    `json:"blocksize"` // 0 is automatic
}

// Start starts c-blosc, which ends with the test. Without it the test is skipped,
// or fails where CI is set.
func Start(t testing.TB) *Process {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import blosc").Run() == nil {
			return run(t, python)
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no python3 with blosc: apt-get install python3-blosc")
	}
	t.Skip("no python3 with blosc")
	return nil
}

func run(t testing.TB, python string) *Process {
	cmd := exec.Command(python, "-c", server)
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
	return &Process{t: t, in: in, out: bufio.NewReader(out)}
}

// Compress returns the chunk of data, and the shortest time of repeat runs in
// seconds.
func (p *Process) Compress(data []byte, s Settings, repeat int) (chunk []byte, seconds float64) {
	return p.ask(struct {
		Settings
		Do      string `json:"do"`
		Repeat  int    `json:"repeat"`
		Bytes   int    `json:"bytes"`
		Threads int    `json:"threads,omitempty"`
	}{s, "compress", repeat, len(data), p.Threads}, data)
}

// Decompress is the inverse of Compress. It returns no data if c-blosc refuses chunk.
func (p *Process) Decompress(chunk []byte, repeat int) (data []byte, seconds float64) {
	return p.ask(struct {
		Do      string `json:"do"`
		Repeat  int    `json:"repeat"`
		Bytes   int    `json:"bytes"`
		Threads int    `json:"threads,omitempty"`
	}{"decompress", repeat, len(chunk), p.Threads}, chunk)
}

func (p *Process) ask(request any, data []byte) (answer []byte, seconds float64) {
	line, err := json.Marshal(request)
	require.NoError(p.t, err)
	_, err = p.in.Write(append(append(line, '\n'), data...))
	require.NoError(p.t, err)
	head, err := p.out.ReadBytes('\n')
	require.NoError(p.t, err)
	var got struct {
		Seconds float64
		Bytes   int
	}
	require.NoError(p.t, json.Unmarshal(head, &got))
	answer = make([]byte, got.Bytes)
	_, err = io.ReadFull(p.out, answer)
	require.NoError(p.t, err)
	return answer, got.Seconds
}
